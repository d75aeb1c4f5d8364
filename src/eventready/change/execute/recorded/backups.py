"""Recorded configurations of changes, read back from the store with the key of their workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from eventready.change.forms.configuration import Configuration
from eventready.change.forms.form import ConfigurationForm
from eventready.store.backup_cipher import BackupCipher
from eventready.store.change_steps import Backup, Release, Save, StoredConfiguration
from eventready.store.changes import Step, last_of
from eventready.store.store import Store
from eventready.workspace.keys.backup_key import make_backup_key
from eventready.workspace.workspace import Workspace


@dataclass(frozen=True)
class Backups:
    """Store of a workspace, with the cipher of its configurations."""

    store: Store
    cipher: BackupCipher

    @classmethod
    def of(cls, workspace: Workspace, store: Store) -> Self:
        """Take the key of the workspace; an absent key file is made. Raises UsageError, RefusedError."""
        return cls(store, BackupCipher(make_backup_key(workspace.path)))

    def before(self, form: ConfigurationForm, steps: Sequence[Step]) -> Configuration | None:
        """Recorded configuration of a device before the change, or None without its intact texts.

        Raises UnreadableConfiguration, and BackupKeyError without its key.
        """
        backup = last_of(steps, Backup)
        return self._read(form, backup.device, backup.kept) if backup else None

    def after(self, form: ConfigurationForm, steps: Sequence[Step]) -> Configuration | None:
        """Configuration of a device after the change, also by a release. See `before`."""
        kept = kept_after(steps)
        return self._read(form, steps[0].device, kept) if kept else None

    def _read(self, form: ConfigurationForm, device: str, kept: StoredConfiguration) -> Configuration | None:
        answers = dict(kept.answers)
        texts = self.store.texts(answers.values())
        if not set(answers.values()) <= texts.keys():
            return None
        printed = {command: self.cipher.decrypt(texts[name]) for command, name in answers.items()}
        configuration = form.read(printed, device=device)
        return configuration if configuration.sha256 == kept.sha256 else None


def kept_after(steps: Sequence[Step]) -> StoredConfiguration | None:
    """Configuration recorded after the change, also by a release, or None."""
    after = next((step.body for step in reversed(steps) if isinstance(step.body, Save | Release)), None)
    return after.kept if after else None
