"""Target tree of a planned device: the plan's fragment merged, or a recorded change undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from eventready.change.document.plan import PlannedDevice
from eventready.change.execute.recorded.backups import Backups
from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.fragment import Fragment
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Tree
from eventready.change.guard.guard import change_spec
from eventready.change.plan.scope import restored
from eventready.core.errors import RefusedError
from eventready.core.messages import message, rendered
from eventready.facts.equipment import Equipment
from eventready.store.changes import ChangeRecord

#: Function from the present tree of a device to the target tree.
TargetTree: TypeAlias = Callable[[Tree], Tree]


def planned_form(equipment: Equipment, planned: PlannedDevice) -> ConfigurationForm:
    """Return the form of a planned device. Raises RefusedError for a read-only platform."""
    return form_of(change_spec(equipment.named(planned.platform)))


def planned_fragment(form: ConfigurationForm, planned: PlannedDevice) -> Fragment:
    """Parse the fragment of a planned device. Raises RefusedError."""
    return form.parse(planned.fragment, rendered("change:origin.device_plan", device=planned.name))


def target_tree(
    form: ConfigurationForm, planned: PlannedDevice, backups: Backups | None, rolls_back: ChangeRecord | None
) -> TargetTree:
    """Return the target of a planned device; `rolls_back`: the recorded change, for the plan of a rollback.

    Raises RefusedError if the store has lost the configuration before that change.
    """
    if backups is not None and rolls_back is not None:
        return _before_change(form, planned.name, backups, rolls_back)
    fragment = planned_fragment(form, planned)
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
