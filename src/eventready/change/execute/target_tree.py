"""Target tree of a planned device: the plan's fragment merged, or a recorded change undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from eventready.change.document import PlannedDevice
from eventready.change.execute.records import recorded_configuration
from eventready.change.forms.diff import merge
from eventready.change.forms.fragment import Fragment, parse_fragment
from eventready.change.forms.tree import Tree
from eventready.change.guard.guard import change_spec
from eventready.change.plan.scope import restored
from eventready.core.errors import RefusedError
from eventready.core.messages import message, rendered
from eventready.facts.platform import load_platform
from eventready.platforms.model import ChangeSpec
from eventready.store.changes import ChangeRecord
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace

#: Function from the present tree of a device to the target tree.
TargetTree: TypeAlias = Callable[[Tree], Tree]


def planned_fragment(spec: ChangeSpec, planned: PlannedDevice) -> Fragment:
    """Parse the fragment of a planned device. Raises RefusedError."""
    return parse_fragment(spec, planned.fragment, rendered("change:origin.device_plan", device=planned.name))


def target_tree(
    workspace: Workspace, planned: PlannedDevice, store: Store | None, rolls_back: ChangeRecord | None
) -> TargetTree:
    """Return the target of a planned device; `rolls_back`: the recorded change, in `store`, for the plan of a rollback.

    Raises RefusedError if the store has lost the configuration before that change.
    """
    if store is not None and rolls_back is not None:
        return _before_change(workspace, planned, store, rolls_back)
    spec = change_spec(load_platform(planned.platform, workspace.platform_dirs))
    fragment = planned_fragment(spec, planned)
    return lambda running: merge(spec, running, fragment)


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
