"""`plan`: render intents, read devices in parallel, compute each change and its way back, and seal the plan."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from nornir.core.task import Task
from pydantic import ValidationError

from eventready.audit.runner import NoProgress, ReadProgress, run_on_each
from eventready.audit.tasks import with_session
from eventready.change.document import LeftOut, Plan, PlannedDevice, PlannedDrill, Until, plan_head, seal
from eventready.change.errors import UnreadableConfiguration, combine_errors, group_by_message
from eventready.change.forms.known_forms import form_of
from eventready.change.guard import GuardStateUnknown, change_spec
from eventready.change.intents.participants import Participant, participants
from eventready.change.intents.playbook_fragment import with_playbook
from eventready.change.plan.device import plan_device, read_configuration
from eventready.change.plan.mends import basis_of, refuse_unknown_checks
from eventready.change.plan.order import Member, WaveLimits, members_of, ordered_waves, radio_of
from eventready.change.plan.paths import Paths, last_audit, paths_of
from eventready.change.plan.places import touched_venues
from eventready.change.plan.removal import Kept, Removal
from eventready.change.plan.standing import standing_parts
from eventready.change.safety.addresses import KnownAddresses
from eventready.change.safety.freeze import refuse_late_effects
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, Exit, RefusedError, UsageError
from eventready.core.messages import Message, message
from eventready.core.this_process import relaxed_gc
from eventready.core.validation_messages import describe_error
from eventready.facts.equipment import Equipment
from eventready.session.connect import Session
from eventready.session.hostkeys import known_hosts
from eventready.session.plugin import register
from eventready.session.reply import SessionError
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.intents import Intent
from eventready.workspace.workspace import Workspace


class IncompletePlan(EventreadyError):
    """Devices could not be read: a plan without them would look complete."""

    exit = Exit.INCOMPLETE


@dataclass(frozen=True)
class _Planned:
    """Outcome of a device: its part, None (in compliance), or the error. `kept`: a sentence on lines left."""

    part: PlannedDevice | None = None
    error: EventreadyError | None = None
    kept: Message | None = None


def make_plan(
    workspace: Workspace,
    equipment: Equipment,
    intents: Sequence[Intent],
    *,
    clock: Clock,
    by: str,
    progress: ReadProgress,
    workers: int = 32,
    until: Until | None = None,
) -> Plan:
    """Plan `intents` for the devices with these intents; devices are only read. `until`: end of the lines on them.

    Raises WorkspaceError and FragmentError for invalid input before the first connection, IncompletePlan for unreadable
    devices, FragmentError and RefusedError for lines that are unusable or forbidden.
    """
    selected = tuple(intent for intent in workspace.intents if intent in intents)
    refuse_unknown_checks(workspace)
    with relaxed_gc():
        taking, left_out = participants(workspace, equipment, selected)
    document = {**plan_head(workspace.event.id, clock, by=by, host=socket.gethostname()), "intents": selected}
    return plan_participants(
        workspace, taking, left_out, {**document, "until": until}, clock=clock, progress=progress, workers=workers
    )


def plan_participants(
    workspace: Workspace,
    taking: Sequence[Participant],
    left_out: Sequence[LeftOut],
    document: Mapping[str, Any],
    *,
    clock: Clock,
    progress: ReadProgress,
    workers: int,
    removals: Mapping[str, Removal] | None = None,
) -> Plan:
    """Plan the fragments of the participants, or the removals of their lines; see `make_plan`.

    `document`: head and intents of the plan.
    """
    settings = workspace.event.changes
    with relaxed_gc():
        members = _members(workspace, taking)
        found = _read(
            workspace,
            taking,
            _alone(workspace, members),
            workers=workers,
            progress=progress,
            seconds=settings.confirm_within_s,
            removals=removals,
        )
        _raise_problems(found, {one.device.name: one.device for one in taking})
        run = last_audit(workspace, clock)
        paths = paths_of(workspace.event, workspace.devices, run)
    parts = {name: _with_paths(one.part, paths) for name, one in found.items() if one.part is not None}
    stay = [LeftOut(name=name, reason=one.kept) for name, one in found.items() if one.part is None and one.kept]
    changed = {name: part.intents for name, part in parts.items()}
    event = workspace.event.at(touched_venues(workspace, parts.keys(), lambda: paths))
    refuse_late_effects(event, clock.now(), {name: part.risks for name, part in parts.items()})
    planned = [
        replace(members[name], inverse=part.guard.kind == "inverse", soak_s=part.soak_s) for name, part in parts.items()
    ]
    limits = WaveLimits(settings.batch, settings.share, radio_of(workspace.devices), paths)
    order = ordered_waves(planned, limits)
    several = Counter(need for member in planned for need in member.needs)
    return _sealed(
        {
            **document,
            "approvals_needed": settings.approvals,
            "waves": tuple(wave.names for wave in order),
            "together": tuple(wave.beside for wave in order),
            "devices": [parts[one.device.name].model_dump() for one in taking if one.device.name in parts],
            "unchanged": tuple(name for name, one in found.items() if one.part is None and one.kept is None),
            "left_out": [one.model_dump() for one in (*left_out, *stay)],
            "atomic": settings.is_atomic(document["intents"]),
            "unmeasured": [" ".join(need) for need in paths.ends if need not in paths.whole and several[need] > 1],
            "basis": None if removals is not None else basis_of(run, changed, workspace.intents),
        }
    )


def _with_paths(part: PlannedDevice, paths: Paths) -> PlannedDevice:
    """Return the part with a risk for the services without another measured path."""
    needs = [" ".join(need) for need in paths.single(part.name)]
    risk = [message("change:risk.only_path", needs=needs)] if needs else []
    return part.model_copy(update={"risks": (*part.risks, *risk)})


def make_drill_plan(
    workspace: Workspace,
    equipment: Equipment,
    name: str,
    text: str,
    drill: PlannedDrill,
    *,
    clock: Clock,
    by: str,
    seconds: int,
) -> Plan:
    """Plan the lines of a drill's failure for a device by `name`, which is only read. The plan needs an approval.

    `seconds` is the guard's time. Raises as `make_plan` does, and RefusedError for a device without a guard of its own,
    or with one that fires before the failure is repaired.
    """
    device, platform = equipment.by_name[name], equipment.platform(name)
    spec = change_spec(platform)
    form = form_of(spec)
    origin = message("change:origin.drill", drill=drill.name, device=device.name)
    participant = Participant(device, platform, form, (), (), form.parse(text, origin))
    alone = _alone(workspace, _members(workspace, [participant]))
    found = _read(workspace, [participant], alone, workers=1, progress=NoProgress(), seconds=seconds)
    _raise_problems(found, {device.name: device})
    part = found[device.name].part
    if part is None:
        raise RefusedError(message("change:plan.drill_lines", device=device.name, drill=drill.name))
    own = [guard.most_s for guard in spec.guards if guard.kind == part.guard.kind != "inverse"]
    if max(own, default=0) < seconds:
        raise RefusedError(
            message("change:plan.drill_guard", device=device.name, seconds=seconds, kind=part.guard.kind)
        )
    return _sealed(
        {
            **plan_head(workspace.event.id, clock, by=by, host=socket.gethostname()),
            "intents": (),
            "approvals_needed": max(1, workspace.event.changes.approvals),
            "waves": ((device.name,),),
            "devices": [part.model_dump()],
            "unchanged": (),
            "left_out": [],
            "drill": drill.model_dump(),
        }
    )


def _sealed(document: dict[str, Any]) -> Plan:
    try:
        return seal(document)
    except ValidationError as error:
        raise _invalid_value(error) from None


def _invalid_value(error: ValidationError, device: str = "") -> UsageError:
    """Return the error for an inventory value not allowed in a plan."""
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, (*([device] if device else []), *first["loc"])))
    return UsageError(message("change:plan.value", place=place, reason=describe_error(first, PlannedDevice)[0]))


def _members(workspace: Workspace, taking: Sequence[Participant]) -> dict[str, Member]:
    members = members_of((one.device for one in taking), workspace.files.groups_of)
    return {member.name: member for member in members}


def _alone(workspace: Workspace, members: dict[str, Member]) -> frozenset[str]:
    """Return the devices without a redundant partner in the whole inventory."""
    members_of_all = members_of(workspace.devices, workspace.files.groups_of)
    shared = Counter(pair for member in members_of_all for pair in member.pairs)
    return frozenset(name for name, member in members.items() if not any(shared[pair] > 1 for pair in member.pairs))


def _read(
    workspace: Workspace,
    taking: Sequence[Participant],
    alone: frozenset[str],
    *,
    workers: int,
    progress: ReadProgress,
    seconds: int,
    removals: Mapping[str, Removal] | None = None,
) -> dict[str, _Planned]:
    """Plan every device through Nornir, with up to `workers` threads. `seconds`: time of the guards."""
    register()
    by_name = {one.device.name: one for one in taking}
    workspace.check_secrets(by_name)
    known_hosts(workspace.known_hosts)
    earlier, known = earlier_lines(workspace), KnownAddresses.of(workspace)

    def planned(one: Participant, session: Session) -> _Planned:
        name, settings = one.device.name, workspace.event.changes
        removal = removals[name] if removals is not None else None
        participant, diff = (one, ()) if removal else with_playbook(workspace, one)
        form, running = participant.form, read_configuration(participant, session)
        kept: tuple[Kept, ...] = ()
        if removal is not None:
            fragment, kept = removal.fragment(form, running.tree)
            participant = replace(participant, fragment=fragment)
        part = plan_device(
            participant,
            session,
            running,
            seconds,
            settings.soak_of(participant.intents),
            alone=name in alone,
            earlier=earlier.get(name, frozenset()),
            owns=settings.owns,
            known=known,
        )
        if part is None:
            return _Planned(kept=message("change:removal.kept", lines=[one.line for one in kept]) if kept else None)
        risks = (*part.risks, *(one.risk for one in kept))
        return _Planned(part.model_copy(update={"diff": (*part.diff, *diff), "risks": risks}))

    def plan_one(task: Task) -> _Planned:
        name = task.host.name
        try:
            return with_session(task, lambda session: planned(by_name[name], session))
        except EventreadyError as error:
            return _Planned(error=error)
        except ValidationError as error:
            return _Planned(error=_invalid_value(error, name))

    with suppress(Exception):
        progress.stage("planning", len(by_name))
    return run_on_each(workspace, by_name, plan_one, workers=workers, progress=progress)


def _raise_problems(found: Mapping[str, _Planned], devices: Mapping[str, Device]) -> None:
    """Raise every planning error."""
    errors = {name: one.error for name, one in found.items() if one.error is not None}
    unread = {
        n: e for n, e in errors.items() if isinstance(e, SessionError | UnreadableConfiguration | GuardStateUnknown)
    }
    problems = group_by_message((devices[name], error) for name, error in errors.items() if name not in unread)
    if unread:
        problems.append(_incomplete(unread))
    if problems:
        raise combine_errors(problems)


def _incomplete(unread: Mapping[str, EventreadyError]) -> IncompletePlan:
    without = ",".join(f"!{name}" for name in unread)
    reasons = [_reason(name, error) for name, error in unread.items()]
    do = message("change:plan.unread.do", without=without)
    if len(reasons) == 1:
        return IncompletePlan(message("change:plan.unread", reason=reasons[0]), do=do)
    return IncompletePlan(message("change:plan.unread_many", number=len(reasons), reasons=reasons, do=do))


def _reason(name: str, error: EventreadyError) -> Message:
    return error.whole if name in error.what else message("change:plan.of_device", device=name, reason=error.whole)


def earlier_lines(workspace: Workspace) -> Mapping[str, frozenset[str]]:
    """Return the lines of applied changes by device, without those rolled back. Raises StoreError."""
    parts = standing_parts(workspace)
    return {device: frozenset(line for one in own for line in one.forward) for device, own in parts.items()}
