"""Plan of a removal: the lines of an applied plan, by the recorded configurations, against today's."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from eventready.audit.runner import ReadProgress
from eventready.change.document import LeftOut, Plan, PlannedDevice, plan_head, recorded_plan
from eventready.change.execute.recorded import Backups, planned_form, planned_fragment
from eventready.change.execute.result import ChangeMode
from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.known_forms import form_of
from eventready.change.intents.participants import Participant
from eventready.change.plan.make import plan_participants
from eventready.change.plan.removal import Removal
from eventready.change.safety.writable import PlanLines, WritableLines
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, RefusedError, UsageError
from eventready.core.messages import message
from eventready.facts.equipment import Equipment
from eventready.facts.platform import Platform
from eventready.store.changes import ChangeEntry, ChangeRecord
from eventready.store.standing import MAYBE, standing_devices
from eventready.store.store import Store
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.intent_folders import WritableAddition
from eventready.workspace.workspace import Workspace


@dataclass(frozen=True)
class AppliedPlan:
    """Applied plan as recorded, with the last change of each device with its lines."""

    plan: Plan
    changes: dict[str, str]


def applied_plan(store: Store, name: str) -> AppliedPlan:
    """Return the plan called `latest`, or by its id, a unique prefix, or the id of a change.

    Raises UsageError, RefusedError.
    """
    entries = [one for one in store.changes.entries() if not (one.header.rolls_back or one.header.removes)]
    if name == "latest":
        name = _latest(entries)
    known = sorted({one.header.plan for one in entries})
    own = [plan for plan in known if plan == _plan_of(entries, name)]
    found = own or [plan for plan in known if name and plan.startswith(name)]
    if len(found) != 1:
        if found:
            raise UsageError(message("change:removal.several", name=name, n=len(found)))
        raise UsageError(message("change:removal.unknown", name=name))
    standing = standing_devices(store.changes.entries(), MAYBE)
    changes = {device: one.id for one in entries if one.header.plan == found[0] for device in standing[one.id]}
    last = [one for one in entries if one.header.plan == found[0]][-1]
    if store.changes.is_active(last.id):
        raise RefusedError(message("change:removal.running", change=last.id))
    plan = recorded_plan(store.changes.get(last.id).plan, last.id)
    if plan.drill is not None:
        raise UsageError(message("change:removal.drill", plan=plan.id, drill=plan.drill.name))
    if not changes:
        raise UsageError(message("change:removal.none", plan=plan.id))
    return AppliedPlan(plan, changes)


def _latest(entries: Sequence[ChangeEntry]) -> str:
    """Return the plan of the newest change forward, without drills. Raises UsageError without any."""
    applied = [one.header.plan for one in entries if one.header.mode != ChangeMode.DRILL]
    if not applied:
        raise UsageError(message("change:removal.no_plan"))
    return applied[-1]


def _plan_of(entries: Sequence[ChangeEntry], name: str) -> str:
    """Return the plan of a change, else the name."""
    return next((one.header.plan for one in entries if one.id == name), name)


def make_removal_plan(
    workspace: Workspace,
    equipment: Equipment,
    store: Store,
    applied: AppliedPlan,
    *,
    clock: Clock,
    by: str,
    progress: ReadProgress,
    workers: int,
) -> Plan:
    """Plan the removal of a plan's lines from the devices of `equipment`, which are only read.

    A line that others changed since stays, and is named. Raises as `make_plan` does, and UsageError for no device.
    """
    taking: list[Participant] = []
    removals: dict[str, Removal] = {}
    left_out: list[LeftOut] = []
    backups = Backups.of(workspace, store)
    for device in equipment.devices:
        if device.name not in applied.changes:
            continue
        try:
            record, planned = store.changes.get(applied.changes[device.name]), applied.plan.device(device.name)
            one = _participant(workspace, equipment.named(device.platform), device, planned)
            removals[device.name] = removal_of(backups, one.form, planned, record)
            taking.append(one)
        except EventreadyError as error:
            left_out.append(LeftOut(name=device.name, reason=error.cause))
    if not taking:
        raise _no_device(applied, left_out)
    document = {
        **plan_head(workspace.event.id, clock, by=by, host=socket.gethostname()),
        "intents": applied.plan.intents,
        "removes": applied.plan.id,
    }
    plan = plan_participants(
        workspace, taking, left_out, document, clock=clock, progress=progress, workers=workers, removals=removals
    )
    refuse_other_removal(plan, store, equipment, workspace.writable)
    return plan


def _no_device(applied: AppliedPlan, left_out: Sequence[LeftOut]) -> UsageError:
    plan = applied.plan.id
    if not left_out:
        return UsageError(message("change:removal.not_chosen", plan=plan, devices=sorted(applied.changes)))
    device, reason = left_out[0].name, left_out[0].reason
    return UsageError(message("change:removal.left_out", plan=plan, device=device, reason=reason))


def _participant(workspace: Workspace, platform: Platform, device: Device, planned: PlannedDevice) -> Participant:
    """Return the device with the lines of the plan; the removal may restore any value in them."""
    if platform.spec.change is None or device.platform != planned.platform:
        raise RefusedError(
            message("change:removal.platform", device=device.name, then=planned.platform, now=device.platform)
        )
    form = form_of(platform.spec.change)
    if form.by_playbook:
        raise RefusedError(message("change:removal.files"))
    lines = WritableLines.of(platform.name, platform.spec, planned.intents, workspace.writable)
    return Participant(device, platform, form, planned.intents, (), planned_fragment(form, planned), lines.restored)


def removal_of(backups: Backups, form: ConfigurationForm, planned: PlannedDevice, record: ChangeRecord) -> Removal:
    """Return the recorded configurations around a change. Raises RefusedError if they are lost."""
    steps = record.of(planned.name)
    before, after = backups.before(form, steps), backups.after(form, steps)
    if before is None:
        raise RefusedError(message("change:store.lost_before", device=planned.name, change=record.entry.id))
    new = form.merge(before.tree, planned_fragment(form, planned)) if after is None else after.tree
    return Removal(before.tree, new, planned)


def refuse_other_removal(plan: Plan, store: Store, equipment: Equipment, additions: Sequence[WritableAddition]) -> None:
    """Raise RefusedError for a line of a removal neither writable nor in the recorded way back of its plan."""
    if not plan.removes:
        return
    recorded: dict[str, set[tuple[str, ...]]] = {}
    for entry in store.changes.entries():
        if entry.header.plan == plan.removes and not (entry.header.rolls_back or entry.header.removes):
            for one in recorded_plan(store.changes.get(entry.id).plan, entry.id).devices:
                recorded.setdefault(one.name, set()).update(_items(equipment, one, one.backward))
    shared = PlanLines(equipment, additions)
    for device in plan.devices:
        if not recorded.get(device.name, set()).issuperset(_items(equipment, device, device.forward)):
            shared.of(device.platform, device.intents).refuse_commands(device.forward, device.name)


def _items(equipment: Equipment, planned: PlannedDevice, commands: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Yield the commands; of commands with several values each value with its item."""
    form = planned_form(equipment, planned)
    for command in commands:
        item = form.written(command)
        if item is None:
            yield (command,)
        else:
            header, values = item
            yield (header,)
            yield from ((header, value) for value in values)
