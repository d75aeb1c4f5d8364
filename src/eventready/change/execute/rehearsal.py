"""`apply --rehearse` and `rollback --rehearse`: execute a plan and its way back on a simulated twin of its devices.

The devices themselves are only read, or not contacted with saved outputs. The journal of the rehearsal is in the
workspace copy of the twin.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from nornir.core.task import Task

from eventready.audit.runner import ReadProgress, run_on_each
from eventready.audit.saved_outputs import SavedOutputs
from eventready.audit.tasks import with_session
from eventready.change.document import Plan, PlanFile, PlannedDevice, seal
from eventready.change.errors import SendCommands
from eventready.change.execute.apply import apply_plan
from eventready.change.execute.context import ChangeProgress, ExecutionContext, Options
from eventready.change.execute.recorded import Backups, TargetTree, planned_form, planned_fragment, target_tree
from eventready.change.execute.result import AssignmentResult
from eventready.change.execute.rollback import make_rollback
from eventready.change.execute.status import DeviceStatus, device_statuses
from eventready.change.execute.twin import TwinFault, copy_record, twin_factory
from eventready.change.forms.configuration import Configuration
from eventready.change.forms.form import ConfigurationForm
from eventready.change.plan.restated import refuse_mismatch
from eventready.change.plan.scope import drift_since
from eventready.change.safety.approval import refuse_unsendable
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, Exit, RefusedError, UsageError, most_severe
from eventready.core.messages import Bilingual, Message, Text, message
from eventready.facts.equipment import Equipment
from eventready.session.hostkeys import known_hosts
from eventready.session.plugin import register
from eventready.store.change_steps import DeviceOutcome, Drift
from eventready.store.process_lock import FileLocks
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace, load_workspace

#: Defaults of a rehearsal in seconds: a simulated device settles at once.
_CONFIRM_WITHIN_S, _SETTLE_S, _SOAK_S = 60, 10.0, 0.0
#: Differing lines named for a configuration that the twin prints otherwise.
_NAMED = 2


@dataclass(frozen=True)
class RehearsedDevice:
    """Result of a device. `outcome` is None without a rehearsal of the device; `why` is empty for a new device.

    `way_back`: True if the rollback led to the old state, False if it failed, None without a rollback. `drift`: changes
    since the plan outside of its sections.
    """

    device: str
    outcome: DeviceOutcome | None
    why: Text | str = ""
    verified: str | Message = ""
    guard: str = ""
    way_back: bool | None = None
    drift: Drift = field(default_factory=Drift)


@dataclass(frozen=True)
class Rehearsal:
    """Results in the order of the waves, the exit code, and the workspace copy with the journal."""

    devices: tuple[RehearsedDevice, ...]
    exit: Exit
    folder: Path


class _NotRehearsed(EventreadyError):
    """The reason against the rehearsal of a device."""


class _Outdated(_NotRehearsed):
    """The device no longer has the planned configuration."""

    exit = Exit.REFUSED


#: Running configuration of a device, or the error of its reading.
Reading: TypeAlias = Configuration | EventreadyError


def read_devices(
    workspace: Workspace, plan: Plan, *, saved: Path | None, workers: int, progress: ReadProgress
) -> Mapping[str, Reading]:
    """Read the configurations of the devices of a plan, or their outputs saved in a folder as of `audit --from`.

    Raises UsageError and RefusedError for a plan without a rehearsal.
    """
    if plan.drill is not None:
        raise UsageError(message("change:rehearsal.kind", plan=plan.id))
    if plan.empty:
        raise UsageError(message("change:apply.nothing", plan=plan.id))
    equipment = Equipment.of(workspace)
    refuse_mismatch(plan, workspace, fresh=not plan.rolls_back)
    if not plan.rolls_back:
        refuse_unsendable(plan, equipment, workspace.writable)
    with suppress(Exception):
        progress.stage("planning", len(plan.devices))
    if saved is None:
        workspace.check_secrets(device.name for device in plan.devices)
        return _read_sessions(workspace, equipment, plan.devices, workers, progress)
    outputs = SavedOutputs(saved)
    return {
        planned.name: _read(equipment, planned, outputs.asker(planned.name, equipment.named(planned.platform), 1))
        for planned in plan.devices
    }


def rehearse(
    workspace: Workspace,
    plan: Plan,
    readings: Mapping[str, Reading],
    *,
    clock: Clock,
    options: Options,
    progress: ChangeProgress,
    faults: Iterable[TwinFault] = (),
    store: Store | None = None,
) -> Rehearsal:
    """Execute a plan on a twin with the given configurations, then its rollback.

    `store` has the change that the plan rolls back. Raises UsageError without a simulation, or for an unknown fault;
    RefusedError during another rehearsal.
    """
    equipment = Equipment.of(workspace)
    rolls_back = store.changes.get(plan.rolls_back) if store is not None and plan.rolls_back else None
    backups = Backups.of(workspace, store) if store is not None and rolls_back else None
    targets: dict[str, TargetTree] = {}
    left_out: dict[str, EventreadyError] = {}
    drifts: dict[str, Drift] = {}
    for planned in plan.devices:
        try:
            form = planned_form(equipment, planned)
            fragment = planned_fragment(form, planned)
            targets[planned.name] = target = target_tree(form, fragment, planned, backups, rolls_back)
            drifts[planned.name] = _require_planned(form, planned, readings[planned.name], target)
        except EventreadyError as error:
            left_out[planned.name] = error
    texts = {
        name: reading.text
        for name, reading in readings.items()
        if isinstance(reading, Configuration) and name not in left_out
    }
    home = workspace.path / ".eventready"
    folder = home / "rehearsal"
    with _alone(home):
        shutil.rmtree(folder, ignore_errors=True)
        if not texts:
            return _rehearsal(plan, {}, left_out, Exit.OK, folder)
        with twin_factory()(workspace, texts, folder, clock) as twin:
            copy = _unrestricted(load_workspace(folder))
            left_out |= {
                name: _NotRehearsed(message("change:rehearsal.not_loaded", reason=reason))
                for name, reason in twin.not_loaded.items()
            }
            twin_plan = _twin_plan(copy, plan, readings, targets, left_out)
            for fault in faults:
                twin.inject(fault.device, fault.fault, fault.arguments)
            if twin_plan is None:
                return _rehearsal(plan, {}, left_out, Exit.OK, folder)
            with Store(folder / ".eventready" / "eventready.db") as journal:
                if backups is not None and rolls_back is not None:
                    names = [planned.name for planned in twin_plan.devices]
                    copy_record(rolls_back, names, backups, Backups.of(copy, journal))
                context = ExecutionContext(
                    copy, journal, replace(clock, marked=True), rehearsal_options(options), progress
                )
                found, code = _there_and_back(context, twin_plan)
            found = {name: replace(one, drift=drifts[name]) for name, one in found.items()}
            return _rehearsal(plan, found, left_out, code, folder)


def rehearsal_options(options: Options) -> Options:
    """Return options with the times of a rehearsal, where none are given."""
    within, settle, soak = options.confirm_within_s, options.settle_s, options.soak_s
    return replace(
        options,
        confirm_within_s=_CONFIRM_WITHIN_S if within is None else within,
        settle_s=_SETTLE_S if settle is None else settle,
        soak_s=_SOAK_S if soak is None else soak,
        emergency=None,
        way_in=False,
    )


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold the lock of the rehearsals of a workspace. Raises RefusedError if held elsewhere."""
    with FileLocks(home).exclusive("rehearsal") as held:
        if not held:
            raise RefusedError(message("change:rehearsal.running"))
        yield


def _unrestricted(copy: Workspace) -> Workspace:
    """Return the workspace copy without closed windows, approvals and signatures."""
    settings = copy.event.changes.model_copy(update={"approvals": 0, "planners": (), "appliers": ()})
    return replace(copy, event=copy.event.model_copy(update={"windows": (), "changes": settings}))


# --- reading ----------------------------------------------------------------------------------------------------


def _read_sessions(
    workspace: Workspace,
    equipment: Equipment,
    devices: Sequence[PlannedDevice],
    workers: int,
    progress: ReadProgress | None = None,
) -> Mapping[str, Reading]:
    """Read devices in parallel, each in a session of its own."""
    register()
    known_hosts(workspace.known_hosts)
    by_name = {planned.name: planned for planned in devices}

    def read_device(task: Task) -> Reading:
        try:
            return with_session(task, lambda s: _read(equipment, by_name[task.host.name], s.send_commands))
        except EventreadyError as error:
            return error

    return run_on_each(workspace, by_name, read_device, workers=workers, progress=progress)


def _read(equipment: Equipment, planned: PlannedDevice, send: SendCommands) -> Reading:
    form = planned_form(equipment, planned)
    try:
        return form.read_running(planned_fragment(form, planned), send, device=planned.name)
    except EventreadyError as error:
        return error


def _require_planned(form: ConfigurationForm, planned: PlannedDevice, reading: Reading, target: TargetTree) -> Drift:
    """Return the drift since the plan. Raise the reason against a rehearsal, as far as known without the twin."""
    if isinstance(reading, EventreadyError):
        raise reading
    if form.by_playbook:
        raise _NotRehearsed(message("change:rehearsal.playbook"))
    drift = drift_since(form, reading, planned_fragment(form, planned), planned, target)
    if drift is None:
        raise _Outdated(message("change:rehearsal.outdated"))
    return drift


# --- the twin ---------------------------------------------------------------------------------------------------


def _twin_plan(
    copy: Workspace,
    plan: Plan,
    readings: Mapping[str, Reading],
    targets: Mapping[str, TargetTree],
    left_out: dict[str, EventreadyError],
) -> Plan | None:
    """Return the plan for the twin; devices without a true twin are added to `left_out`. None if there is no other."""
    wanted = [planned for planned in plan.devices if planned.name not in left_out]
    equipment = Equipment.of(copy)
    found = _read_sessions(copy, equipment, wanted, workers=32)
    parts = []
    for planned in wanted:
        try:
            parts.append(
                _twin_part(equipment, planned, readings[planned.name], found[planned.name], targets[planned.name])
            )
        except EventreadyError as error:
            left_out[planned.name] = error
    if not parts:
        return None
    names = {part.name for part in parts}
    waves = [[name for name in wave if name in names] for wave in plan.waves]
    changed = {"approvals_needed": 0, "waves": [wave for wave in waves if wave], "left_out": [], "unchanged": []}
    return seal({**plan.document, **changed, "devices": [part.model_dump(mode="json") for part in parts]})


def _twin_part(
    copies: Equipment, planned: PlannedDevice, real: Reading, twin: Reading, target_of: TargetTree
) -> PlannedDevice:
    """Return the part of a device for its twin. Raises the reason if the twin is not like the device."""
    if isinstance(twin, EventreadyError):
        raise _NotRehearsed(message("change:rehearsal.not_loaded", reason=str(twin)))
    if isinstance(real, EventreadyError):
        raise real
    form = planned_form(copies, planned)
    if not form.equivalent(real.tree, twin.tree):
        lines = [line for line in form.diff(real.tree, twin.tree) if line.startswith(("-", "+"))]
        raise _NotRehearsed(message("change:rehearsal.differs", difference="; ".join(lines[:_NAMED]) or "order"))
    target = target_of(twin.tree)
    if form.commands_between(twin.tree, target) != planned.forward:
        raise _NotRehearsed(message("change:rehearsal.other_lines"))
    device = copies.by_name[planned.name]
    return planned.model_copy(
        update={
            "before": twin.sha256,
            "predicted": form.fingerprint(target),
            "startup": form.fingerprint(twin.tree) if planned.startup else "",
            "endpoint": device.endpoint,
            "address": device.hostname,
            "element": device.element,
        }
    )


def _there_and_back(context: ExecutionContext, plan: Plan) -> tuple[dict[str, RehearsedDevice], Exit]:
    """Execute the plan on the twin, and roll its new devices back."""
    done = apply_plan(context, PlanFile(plan=plan))
    statuses = {one.device: one for one in device_statuses(context.store.changes.get(done.change))}
    back: dict[str, AssignmentResult] = {}
    code = done.exit
    if any(result.outcome is DeviceOutcome.NEW for result in done.results):
        rolled_back = apply_plan(context, PlanFile(plan=make_rollback(context, done.change)))
        back = {result.device: result for result in rolled_back.results}
        code = most_severe({code, Exit.OK if rolled_back.exit is Exit.OK else Exit.REVERT_FAILED})
    return {one.device: _rehearsed(one, statuses[one.device], back.get(one.device)) for one in done.results}, code


def _rehearsed(result: AssignmentResult, status: DeviceStatus, back: AssignmentResult | None) -> RehearsedDevice:
    returned = None if back is None else back.outcome is DeviceOutcome.NEW
    why = result.why or (back.why if back and not returned else "")
    return RehearsedDevice(result.device, result.outcome, why, status.verified, status.guard, returned)


def _rehearsal(
    plan: Plan,
    found: Mapping[str, RehearsedDevice],
    left_out: Mapping[str, EventreadyError],
    code: Exit,
    folder: Path,
) -> Rehearsal:
    devices = [found.get(name) or RehearsedDevice(name, None, _reason(left_out[name])) for name in plan.order]
    codes = {code, *(Exit.REFUSED if isinstance(one, _Outdated) else Exit.INCOMPLETE for one in left_out.values())}
    return Rehearsal(tuple(devices), most_severe(codes), folder)


def _reason(error: EventreadyError) -> Bilingual:
    return Bilingual(error.reason("vi"), error.reason("en"))
