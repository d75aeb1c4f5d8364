"""Recorded configurations of changes, read back from the store, and the target trees of planned devices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

from eventready.change.document import Plan, PlannedDevice
from eventready.change.forms.configuration import Configuration, Fragment
from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Tree
from eventready.change.guard import change_spec
from eventready.change.plan.scope import restored
from eventready.core.errors import RefusedError
from eventready.core.messages import Message, message
from eventready.facts.equipment import Equipment
from eventready.store.backup_cipher import BackupCipher
from eventready.store.change_steps import Backup, DeviceOutcome, Release, Save, StoredConfiguration
from eventready.store.changes import ChangeRecord, Changes, Step, last_of
from eventready.store.standing import MAYBE
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


def removed_change(changes: Changes, plan: Plan, device: str) -> ChangeRecord | None:
    """Return the last change with the lines of a removal on a device; None for any other plan."""
    if not plan.removes:
        return None
    own = (one for one in changes.entries() if one.header.plan == plan.removes and not one.header.rolls_back)
    made = [one.id for one in own if one.outcomes.get(device) in MAYBE]
    return changes.get(made[-1]) if made else None


#: Function from the present tree of a device to the target tree.
TargetTree: TypeAlias = Callable[[Tree], Tree]


def planned_form(equipment: Equipment, planned: PlannedDevice) -> ConfigurationForm:
    """Return the form of a planned device. Raises RefusedError for a read-only platform."""
    return form_of(change_spec(equipment.named(planned.platform)))


def planned_fragment(form: ConfigurationForm, planned: PlannedDevice) -> Fragment:
    """Parse the fragment of a planned device. Raises RefusedError."""
    return form.parse(planned.fragment, message("change:origin.device_plan", device=planned.name))


def target_tree(
    form: ConfigurationForm,
    fragment: Fragment,
    planned: PlannedDevice,
    backups: Backups | None,
    rolls_back: ChangeRecord | None,
) -> TargetTree:
    """Return the target of a planned device; `rolls_back`: the recorded change, for the plan of a rollback.

    Raises RefusedError if the store has lost the configuration before that change.
    """
    if backups is not None and rolls_back is not None:
        return _before_change(form, planned.name, backups, rolls_back)
    return lambda running: form.merge(running, fragment)


def _before_change(form: ConfigurationForm, name: str, backups: Backups, record: ChangeRecord) -> TargetTree:
    steps = record.of(name)
    was = backups.before(form, steps)
    if was is None:
        raise RefusedError(message("change:store.lost_before", device=name, change=record.entry.id))
    old, made = was.tree, backups.after(form, steps)
    if made is None:
        return lambda _running: old
    new = made.tree
    return lambda running: restored(running, new, old)


def explain_drift(changes: Changes | None, plan: Plan, planned: PlannedDevice, found: Configuration) -> Message:
    """Return which recorded change, if any, altered a device since the plan was made."""
    name = planned.name
    made = [entry for entry in changes.entries() if entry.outcomes.get(name) == DeviceOutcome.NEW] if changes else []
    if changes and made:
        last = made[-1]
        steps = changes.get(last.id).of(name)
        by = {"change": last.id, "by": last.header.by}
        after, before = kept_after(steps), last_of(steps, Backup)
        if after and after.sha256 == found.sha256:
            if last.header.plan == plan.id:
                return message("change:drift.executed", **by)
            return message("change:drift.roll_back_first" if plan.rolls_back else "change:drift.by_change", **by)
        if before and before.kept.sha256 == planned.before:
            return message("change:drift.again", **by)
    return message("change:drift.unexplained")
