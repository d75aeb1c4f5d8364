"""Recorded configurations of a change: read back from the store, and their cipher."""

from __future__ import annotations

from collections.abc import Sequence

from eventready.change.document.plan import PlannedDevice
from eventready.change.forms.configuration import Configuration
from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.known_forms import form_of
from eventready.change.guard.guard import change_spec
from eventready.facts.platform import load_platform
from eventready.store.backup_cipher import BackupCipher
from eventready.store.changes import Step
from eventready.store.store import Store
from eventready.workspace.keys.backup_key import make_backup_key
from eventready.workspace.workspace import Workspace


def backup_cipher(workspace: Workspace) -> BackupCipher:
    """Return the cipher of a workspace's backups; an absent key file is made. Raises UsageError, RefusedError."""
    return BackupCipher(make_backup_key(workspace.path))


def planned_form(workspace: Workspace, planned: PlannedDevice) -> ConfigurationForm:
    """Return the form of a planned device. Raises RefusedError for a read-only platform."""
    return form_of(change_spec(load_platform(planned.platform, workspace.platform_dirs)))


def recorded_configuration(
    workspace: Workspace, store: Store, planned: PlannedDevice, steps: Sequence[Step], step: str
) -> Configuration | None:
    """Return the recorded configuration of a device: before the change (`backup`) or after (`save`, also by a release).

    None if the store has lost or altered it. Raises UnreadableConfiguration, and BackupKeyError without its key.
    """
    names = (step, "release") if step == "save" else (step,)
    kept = next((one for one in reversed(steps) if one.step in names), None)
    if kept is None or "answers" not in kept.body:
        return None
    answers = {str(command): str(name) for command, name in kept.body["answers"]}
    texts = store.texts(answers.values())
    if not set(answers.values()) <= texts.keys():
        return None
    cipher = backup_cipher(workspace)
    printed = {command: cipher.decrypt(texts[name]) for command, name in answers.items()}
    configuration = planned_form(workspace, planned).read(printed, device=planned.name)
    return configuration if configuration.sha256 == kept.body["sha256"] else None
