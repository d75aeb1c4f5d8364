"""Roll a finished change back: a mirrored plan from the journal, executed like any other plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from eventready.change.document import Plan, PlannedDevice, plan_head, recorded_plan, seal
from eventready.change.execute.context import ExecutionContext
from eventready.change.execute.records import planned_form, recorded_configuration
from eventready.change.execute.target_tree import planned_fragment
from eventready.change.plan.scope import planned_scope
from eventready.core.errors import RefusedError
from eventready.core.messages import message
from eventready.store.changes import ChangeRecord
from eventready.store.store import Store


def make_rollback(context: ExecutionContext, name: str) -> Plan:
    """Return the sealed plan for the rollback of the change `name` on every device in the new state; no device is read.

    A device that was changed since refuses it on execution and stays as it is. Unproven devices stay locked by their
    change; devices that were rolled back already are omitted. Raises UsageError, and RefusedError for a change that is
    running, has no device to roll back, or is a rollback that only `latest` names.
    """
    store = context.store
    record = store.changes.get(name)
    change, before = record.entry.id, record.entry.header.rolls_back
    if store.changes.is_active(change):
        raise RefusedError(message("change:rollback.running", change=change))
    if name == "latest" and before:
        raise RefusedError(message("change:rollback.is_rollback", change=change, before=before))
    if not record.entry.outcomes:
        raise RefusedError(message("change:rollback.unfinished", change=change))
    plan = recorded_plan(record.plan, change)
    new = [planned for planned in plan.devices if record.entry.outcomes.get(planned.name) == "new"]
    if not new:
        if name == "latest" and (earlier := _latest_new(store)):
            raise RefusedError(message("change:rollback.nothing_latest", change=change, earlier=earlier))
        raise RefusedError(message("change:rollback.nothing", change=change))
    gone = rolled_back_devices(store, change)
    new = [planned for planned in new if planned.name not in gone]
    if not new:
        by_whom = ", ".join(sorted(set(gone.values())))
        raise RefusedError(message("change:rollback.done", change=change, by=by_whom))
    names = [planned.name for planned in new]
    return rollback_plan(context, record, names)


def _latest_new(store: Store) -> str:
    """Return the latest change (no rollback) with a device left to roll back; else an empty text."""
    for entry in reversed(store.changes.entries()):
        new = {device for device, outcome in entry.outcomes.items() if outcome == "new"}
        if not entry.header.rolls_back and new - rolled_back_devices(store, entry.id).keys():
            return entry.id
    return ""


def rollback_plan(
    context: ExecutionContext, record: ChangeRecord, names: Iterable[str], *, latest_first: bool = False
) -> Plan:
    """Return the sealed plan for the rollback of a change on these devices, in the order of the change's waves or in
    reverse order.
    """
    plan, names, options = recorded_plan(record.plan, record.entry.id), frozenset(names), context.options
    waves = [[name for name in wave if name in names] for wave in plan.waves]
    if latest_first:
        waves.reverse()
    return seal(
        {
            **plan_head(plan.event, context.clock, by=options.by, host=options.host),
            "intents": list(plan.intents),
            "approvals_needed": 0,
            "waves": [wave for wave in waves if wave],
            "devices": [_mirrored(context, one, record) for one in plan.devices if one.name in names],
            "unchanged": [],
            "left_out": [],
            "rolls_back": record.entry.id,
        }
    )


def rolled_back_devices(store: Store, change: str) -> dict[str, str]:
    """Return the devices on which a change was rolled back, each with the rollback.

    A rollback that was rolled back itself does not count.
    """
    return {
        device: entry.id
        for entry in store.changes.entries()
        if entry.header.rolls_back == change
        for gone in [rolled_back_devices(store, entry.id)]
        for device, outcome in entry.outcomes.items()
        if outcome == "new" and device not in gone
    }


def _mirrored(context: ExecutionContext, planned: PlannedDevice, record: ChangeRecord) -> Mapping[str, Any]:
    """Return the mirrored part of a device, from the recorded configurations before and after the change."""
    workspace, store = context.workspace, context.store
    form = planned_form(workspace, planned)
    steps = record.of(planned.name)
    was = recorded_configuration(workspace, store, planned, steps, "backup")
    now = recorded_configuration(workspace, store, planned, steps, "save")
    if was is None or now is None:
        raise RefusedError(message("change:store.lost_around", device=planned.name, change=record.entry.id))
    fragment = planned_fragment(form, planned)
    scope, outside = planned_scope(form, now.tree, was.tree, fragment)
    return {
        **planned.model_dump(mode="json"),
        "before": now.sha256,
        "scope": scope,
        "outside": outside,
        "predicted": form.fingerprint(was.tree),
        "forward": list(form.commands_between(now.tree, was.tree)),
        "backward": list(form.commands_between(was.tree, now.tree)),
        "diff": list(form.diff(now.tree, was.tree)),
    }
