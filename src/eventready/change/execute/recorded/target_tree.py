"""Target tree of a planned device: the plan's fragment merged, or a recorded change undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from eventready.change.document.plan import PlannedDevice
from eventready.change.execute.recorded.records import planned_form, recorded_configuration
from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.fragment import Fragment
from eventready.change.forms.tree import Tree
from eventready.change.plan.scope import restored
from eventready.core.errors import RefusedError
from eventready.core.messages import message, rendered
from eventready.store.changes import ChangeRecord
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace

#: Function from the present tree of a device to the target tree.
TargetTree: TypeAlias = Callable[[Tree], Tree]


def planned_fragment(form: ConfigurationForm, planned: PlannedDevice) -> Fragment:
    """Parse the fragment of a planned device. Raises RefusedError."""
    return form.parse(planned.fragment, rendered("change:origin.device_plan", device=planned.name))


def target_tree(
    workspace: Workspace, planned: PlannedDevice, store: Store | None, rolls_back: ChangeRecord | None
) -> TargetTree:
    """Return the target of a planned device; `rolls_back`: the recorded change, in `store`, for the plan of a rollback.

    Raises RefusedError if the store has lost the configuration before that change.
    """
    if store is not None and rolls_back is not None:
        return _before_change(workspace, planned, store, rolls_back)
    form = planned_form(workspace, planned)
    fragment = planned_fragment(form, planned)
    return lambda running: form.merge(running, fragment)


def _before_change(workspace: Workspace, planned: PlannedDevice, store: Store, record: ChangeRecord) -> TargetTree:
    steps = record.of(planned.name)
    was = recorded_configuration(workspace, store, planned, steps, "backup")
    if was is None:
        raise RefusedError(message("change:store.lost_before", device=planned.name, change=record.entry.id))
    old, made = was.tree, recorded_configuration(workspace, store, planned, steps, "save")
    if made is None:
        return lambda _running: old
    new = made.tree
    return lambda running: restored(running, new, old)
