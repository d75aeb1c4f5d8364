"""Roll a finished change back (after kill -9: `execute/recovery`): a mirrored plan from the journal, executed."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import NoReturn

from eventready.change.document import Plan, PlannedDevice, plan_head, recorded_plan, seal
from eventready.change.errors import abbreviate
from eventready.change.execute.context import ExecutionContext
from eventready.change.execute.journalled import UNREAD, journalled_part
from eventready.change.execute.recorded import planned_form, planned_fragment
from eventready.change.plan.order import fewest_waves, members_of
from eventready.change.plan.scope import planned_scope
from eventready.core.errors import EventreadyError, RefusedError, UsageError
from eventready.core.messages import message
from eventready.store.changes import ChangeEntry, ChangeRecord
from eventready.store.store import Store


def make_rollback(context: ExecutionContext, name: str, only: Container[str] | None = None) -> Plan:
    """Return the sealed plan for the rollback of the change `name` on every device in the new state; no device is read.

    `only`: the rollback is limited to these devices. `latest` continues an incomplete rollback. A device that was
    changed since refuses the rollback on execution and stays as it is. Unproven devices stay locked by their change or
    rollback; devices that were rolled back already are omitted. Raises UsageError, and RefusedError for a change that
    is running, has no device to roll back, or is a rollback that only `latest` names.
    """
    store = context.store
    record = store.changes.get(name)
    if name == "latest" and (before := record.entry.header.rolls_back):
        if not _left(store, store.changes.get(before).entry):
            raise RefusedError(message("change:rollback.is_rollback", change=record.entry.id, before=before))
        record = store.changes.get(before)
    change = record.entry.id
    if store.changes.is_active(change):
        raise RefusedError(message("change:rollback.running", change=change))
    if not record.entry.outcomes:
        raise RefusedError(message("change:rollback.unfinished", change=change))
    left = _left(store, record.entry)
    if not left:
        _refuse_nothing(store, record.entry, latest=name == "latest")
    others = devices_in_other_hands(store, change)
    names = [device for device in left if device not in others and (only is None or device in only)]
    if not names and left <= others.keys():
        devices, rollback = abbreviate(sorted(left)), others[min(left)]
        raise RefusedError(message("change:rollback.other_hands", devices=devices, rollback=rollback))
    if not names:
        raise UsageError(message("change:rollback.not_chosen", change=change, devices=abbreviate(sorted(left))))
    return rollback_plan(context, record, names)


def _left(store: Store, entry: ChangeEntry) -> frozenset[str]:
    gone = rolled_back_devices(store, entry.id)
    return frozenset(device for device, outcome in entry.outcomes.items() if outcome == "new" and device not in gone)


def _refuse_nothing(store: Store, entry: ChangeEntry, *, latest: bool) -> NoReturn:
    """Raise RefusedError for a change without a device to roll back."""
    if gone := rolled_back_devices(store, entry.id):
        raise RefusedError(message("change:rollback.done", change=entry.id, by=", ".join(sorted(set(gone.values())))))
    if latest and (earlier := _latest_new(store)):
        raise RefusedError(message("change:rollback.nothing_latest", change=entry.id, earlier=earlier))
    raise RefusedError(message("change:rollback.nothing", change=entry.id))


def _latest_new(store: Store) -> str:
    """Return the latest change (no rollback) with a device left to roll back; else an empty text."""
    entries = reversed(store.changes.entries())
    return next((entry.id for entry in entries if not entry.header.rolls_back and _left(store, entry)), "")


def devices_in_other_hands(store: Store, change: str) -> dict[str, str]:
    """Return the devices locked by an unfinished rollback of the change, each with the rollback."""
    rollbacks = {entry.id for entry in store.changes.entries() if entry.header.rolls_back == change}
    return {lock.device: lock.change for lock in store.changes.locks() if lock.change in rollbacks}


def rollback_plan(
    context: ExecutionContext, record: ChangeRecord, names: Iterable[str], *, latest_first: bool = False
) -> Plan:
    """Return the sealed plan for the rollback of a change on these devices, in the order of the change's waves or in
    reverse order.

    Without a readable plan on record, the journal has the devices: each is a wave of its own.
    """
    names, options = frozenset(names), context.options
    plan = readable_plan(record)
    begun = tuple((name,) for name in begun_devices(record))
    intents, order = (plan.intents, plan.waves) if plan else ((UNREAD,), begun)
    waves = [[name for name in wave if name in names] for wave in order]
    parts = plan.devices if plan else [journalled_part(context, record, name) for wave in waves for name in wave]
    if latest_first:
        waves.reverse()
    if options.fast:
        waves = fewest_waves(
            members_of(context.workspace.devices, context.workspace.files.groups_of),
            [name for wave in waves for name in wave],
        )
    return seal(
        {
            **plan_head(record.entry.event, context.clock, by=options.by, host=options.host),
            "intents": list(intents),
            "approvals_needed": 0,
            "waves": [wave for wave in waves if wave],
            "devices": [_mirrored(context, one, record).model_dump(mode="json") for one in parts if one.name in names],
            "unchanged": [],
            "left_out": [],
            "rolls_back": record.entry.id,
        }
    )


def readable_plan(record: ChangeRecord) -> Plan | None:
    """Return the plan on record; None for an unreadable plan."""
    try:
        return recorded_plan(record.plan, record.entry.id)
    except EventreadyError:
        return None


def begun_devices(record: ChangeRecord) -> tuple[str, ...]:
    """Return the devices in the order in which they began."""
    return tuple(dict.fromkeys(step.device for step in record.steps if step.device))


def rolled_back_devices(store: Store, change: str) -> dict[str, str]:
    """Return the devices on which a change was rolled back or its lines were removed, each with the later change.

    A rollback that was rolled back itself does not count.
    """
    entries = store.changes.entries()
    plans = [entry.header.plan for entry in entries if entry.id == change and not entry.header.removes]
    return {
        device: entry.id
        for entry in entries
        if entry.header.rolls_back == change or (entry.header.removes and entry.header.removes in plans)
        for gone in [rolled_back_devices(store, entry.id)]
        for device, outcome in entry.outcomes.items()
        if outcome == "new" and device not in gone
    }


def _mirrored(context: ExecutionContext, planned: PlannedDevice, record: ChangeRecord) -> PlannedDevice:
    """Return the mirrored part of a device, from the recorded configurations before and after the change."""
    form, steps = planned_form(context.equipment, planned), record.of(planned.name)
    was, now = context.backups.before(form, steps), context.backups.after(form, steps)
    if was is None or now is None:
        raise RefusedError(message("change:store.lost_around", device=planned.name, change=record.entry.id))
    fragment = planned_fragment(form, planned)
    scope, outside = planned_scope(form, now.tree, was.tree, fragment)
    return planned.model_copy(
        update={
            "before": now.sha256,
            "scope": scope,
            "outside": outside,
            "predicted": form.fingerprint(was.tree),
            "forward": form.commands_between(now.tree, was.tree),
            "backward": form.commands_between(was.tree, now.tree),
            "diff": form.diff(now.tree, was.tree),
        }
    )
