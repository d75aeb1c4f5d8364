"""Recorded configurations of changes, read back from the store with the key of their workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from eventready.change.forms.configuration import Configuration
from eventready.change.forms.form import ConfigurationForm
from eventready.store.backup_cipher import BackupCipher
from eventready.store.changes import Step
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

    def configuration(self, form: ConfigurationForm, steps: Sequence[Step], step: str) -> Configuration | None:
        """Return a configuration of a device's steps: before the change (`backup`) or after (`save`, or a release).

        None if the store has lost or altered it. Raises UnreadableConfiguration, and BackupKeyError without its key.
        """
        names = (step, "release") if step == "save" else (step,)
        kept = next((one for one in reversed(steps) if one.step in names), None)
        if kept is None or "answers" not in kept.body:
            return None
        answers = {str(command): str(name) for command, name in kept.body["answers"]}
        texts = self.store.texts(answers.values())
        if not set(answers.values()) <= texts.keys():
            return None
        printed = {command: self.cipher.decrypt(texts[name]) for command, name in answers.items()}
        configuration = form.read(printed, device=kept.device)
        return configuration if configuration.sha256 == kept.body["sha256"] else None
