"""Drill executor of a workspace with its audits, sessions and target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from eventready.audit.audit import AuditOptions, audit
from eventready.audit.progress import NoProgress
from eventready.audit.tasks import read_facts
from eventready.checks.registry import all_checks
from eventready.core.clock import Clock
from eventready.drill.counters import counter_probe
from eventready.drill.execution import DrillExecutor, DrillOptions, Progress
from eventready.drill.prepared import read_prepared
from eventready.drill.probes import Measuring
from eventready.drill.spec import Drill, load_drills
from eventready.drill.targets import DrillTarget
from eventready.facts.equipment import Equipment
from eventready.facts.observation import Observation
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace


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
) -> tuple[str, Sequence[Mapping[str, Any]]]:
    """Audit devices with a single reading of counters. Return the run's id and its findings."""
    chosen = equipment.only(equipment.by_name[name] for name in names)
    done = audit(workspace, chosen, store=store, clock=clock, options=AuditOptions(interval_s=0), progress=NoProgress())
    return done.run.id, [vars(finding) for finding in done.run.findings()]


def _read(workspace: Workspace, equipment: Equipment, device: str, facts: Sequence[str]) -> Sequence[Observation]:
    """Read the facts of a device, as far as its platform offers them."""
    platform = equipment.platform(device)
    wanted = [fact for fact in facts if fact in platform.facts] or list(facts)
    nornir = workspace.nornir(1).filter(filter_func=lambda host: host.name == device)
    result = nornir.run(task=read_facts, facts=wanted, platform=platform)[device][0]
    observations: Sequence[Observation] = result.result
    return observations
