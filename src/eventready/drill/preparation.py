"""Drill executor of a workspace with its audits, sessions and target, and the changes in force on its devices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from nornir.core.task import Task

from eventready.audit.audit import AuditOptions, audit
from eventready.audit.runner import NoProgress, run_on_each
from eventready.audit.tasks import read_facts, with_session
from eventready.change.document import PlannedDevice, recorded_plan
from eventready.change.execute.recorded import planned_form, planned_fragment
from eventready.checks.registry import all_checks
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError
from eventready.core.messages import Message, message
from eventready.drill.execution import DrillExecutor, DrillOptions, Progress
from eventready.drill.probes import Measuring, counter_probe
from eventready.drill.spec import Drill, load_drills
from eventready.drill.steps import Prepared
from eventready.drill.targets import DrillTarget
from eventready.facts.equipment import Equipment
from eventready.facts.observation import Observation
from eventready.session.connect import Session
from eventready.session.plugin import register
from eventready.store.run_records import RunFinding
from eventready.store.standing import standing_devices
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace

_WORKERS = 8


@dataclass
class _Readings:
    """States of changes by device, True for a change in force; reasons of unread devices."""

    found: dict[str, dict[str, bool]] = field(default_factory=dict)
    unread: list[str | Message] = field(default_factory=list)


def read_prepared(workspace: Workspace, equipment: Equipment, store: Store, drill: Drill) -> Prepared:
    """Read the tested devices, and tell which of their changes are in force there."""
    planned = dict(_planned(store, drill))
    names = {name for devices in planned.values() for name in devices}
    known = names & equipment.by_name.keys()
    if not known:
        return Prepared()
    register()
    workspace.check_secrets(known)
    jobs = {name: {change: devices[name] for change, devices in planned.items() if name in devices} for name in known}
    answers = run_on_each(
        workspace, known, lambda task: _states_of(equipment, task, jobs[task.host.name]), workers=_WORKERS
    )
    readings = _Readings()
    for name, answer in sorted(answers.items()):
        if isinstance(answer, Message):
            readings.unread.append(message("drill:prepared.unread", device=name, reason=answer))
        else:
            readings.found[name] = answer
    return _summary(planned, readings)


def _planned(store: Store, drill: Drill) -> Iterator[tuple[str, Mapping[str, PlannedDevice]]]:
    for change, standing in standing_devices(store.changes.entries()).items():
        if not standing:
            continue
        try:
            plan = recorded_plan(store.changes.get(change).plan, change)
        except EventreadyError:  # an unreadable record blocks no other device
            continue
        devices = {
            device.name: device
            for device in plan.devices
            if device.name in drill.tested and device.name in standing
            and set(device.intents) & set(drill.prepared_by)
        }  # fmt: skip
        if plan.drill is None and devices:
            yield change, devices


def _states_of(equipment: Equipment, task: Task, changes: Mapping[str, PlannedDevice]) -> dict[str, bool] | Message:
    """State of each change on a device; the reason where its configuration was not read."""

    def compare(session: Session) -> dict[str, bool]:
        return {change: _in_force(equipment, planned, session) for change, planned in changes.items()}

    try:
        return with_session(task, compare)
    except EventreadyError as error:
        return error.whole


def _in_force(equipment: Equipment, planned: PlannedDevice, session: Session) -> bool:
    """True for a running configuration without a difference to the change."""
    form = planned_form(equipment, planned)
    fragment = planned_fragment(form, planned)
    running = form.read_running(fragment, session.send_commands, device=planned.name).tree
    return not form.commands_between(running, form.merge(running, fragment))


def _summary(planned: Mapping[str, Mapping[str, PlannedDevice]], readings: _Readings) -> Prepared:
    in_force, partly = [], []
    for change, devices in planned.items():
        states = [readings.found[name][change] for name in devices if name in readings.found]
        if states and all(states) and len(states) == len(devices):
            in_force.append(change)
        elif any(states):
            partly.append(change)
    return Prepared(tuple(in_force), tuple(partly), tuple(readings.unread))


def drills_of(workspace: Workspace) -> Mapping[str, Drill]:
    """Drills of a workspace by name. Raises WorkspaceError with every invalid line."""
    return load_drills(
        workspace.path / "inventory" / "drills",
        devices=[device.name for device in workspace.devices],
        checks=[check.name for check in all_checks()],
    )


def executor_of(
    workspace: Workspace, target: DrillTarget, *, store: Store, clock: Clock, options: DrillOptions, progress: Progress
) -> DrillExecutor:
    """The executor of a workspace's drills on a target."""
    equipment = Equipment.of(workspace)
    read = partial(_read, workspace, equipment)
    return DrillExecutor(
        store=store,
        clock=clock,
        target=target,
        audit=partial(_audit, workspace, equipment, store, clock),
        prepared=partial(read_prepared, workspace, equipment, store),
        measuring=lambda drill: Measuring(drill, partial(counter_probe, read=read)),
        options=options,
        progress=progress,
    )


def _audit(
    workspace: Workspace, equipment: Equipment, store: Store, clock: Clock, names: Sequence[str]
) -> tuple[str, Sequence[RunFinding]]:
    """Audit devices with a single reading of counters. Return the run's id and its findings."""
    chosen = equipment.only(equipment.by_name[name] for name in names)
    done = audit(workspace, chosen, store=store, clock=clock, options=AuditOptions(interval_s=0), progress=NoProgress())
    return done.run.id, tuple(done.run.findings())


def _read(workspace: Workspace, equipment: Equipment, device: str, facts: Sequence[str]) -> Sequence[Observation]:
    """Read the facts of a device, as far as its platform offers them."""
    platform = equipment.platform(device)
    wanted = [fact for fact in facts if fact in platform.facts] or list(facts)
    nornir = workspace.nornir(1).filter(filter_func=lambda host: host.name == device)
    result = nornir.run(task=read_facts, facts=wanted, platform=platform)[device][0]
    observations: Sequence[Observation] = result.result
    return observations
