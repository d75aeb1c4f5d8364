"""The timed steps of a change, each in a process of its own: python -m benchmarks.changing STEP COPY DEVICES WORKERS

`audited` is first; `plan` leaves a plan file in the workspace copy; `apply` and `send_config` send its lines to the
same devices, and `rollback` is between the two. The time is from the first step for a device to the last, without the
start of the interpreter and the loading of the workspace. The output is one JSON object.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nornir.core.plugins.connections import ConnectionPluginRegister
from nornir.core.task import Result, Task
from nornir_netmiko import netmiko_send_config

from benchmarks.contenders import Measured
from eventready.audit.audit import AuditOptions, audit
from eventready.change.document import Plan, PlanFile, load_plan, write_plan
from eventready.change.execute.apply import apply_plan
from eventready.change.execute.context import ExecutionContext, Options
from eventready.change.execute.result import ApplyResult
from eventready.change.execute.rollback import make_rollback
from eventready.change.plan.make import make_plan
from eventready.core.clock import Clock
from eventready.facts.equipment import Equipment
from eventready.facts.platform import load_platform
from eventready.store.store import Store
from eventready.workspace.devices.intents import Intent
from eventready.workspace.workspace import Workspace, load_workspace

PLAN = "bench.plan"
INTENTS: tuple[Intent, ...] = ("load_balancing", "backup")
WHO = "bench"


@dataclass(frozen=True)
class Step(Measured):
    """`lines`: of the plan. `waves`: number of waves. `outcomes`: number of devices by outcome."""

    lines: int
    waves: int
    outcomes: Mapping[str, int] = field(default_factory=dict)


class _NoProgress:
    """Progress that shows nothing."""

    def stage(self, name: str, total: int) -> None:
        """Show nothing."""

    def waits(self, *_: object) -> None:
        """Show nothing."""

    def begun(self, change: str, devices: int) -> None:
        """Show nothing."""

    def wave(self, number: int, of: int, devices: Sequence[str]) -> None:
        """Show nothing."""

    def step(self, device: str, step: str) -> None:
        """Show nothing."""

    def done(self, *_: object) -> None:
        """Show nothing."""


def _planned(workspace: Workspace, devices: int, workers: int) -> Plan:
    """Plan of the first devices of the fleet with intents."""
    chosen = [device for device in workspace.devices if device.intents][:devices]
    return make_plan(
        workspace,
        Equipment.of(workspace).only(chosen),
        INTENTS,
        clock=Clock(),
        by=WHO,
        progress=_NoProgress(),
        workers=workers,
    )


def _step(plan: Plan, seconds: float, failed: int, outcomes: Mapping[str, int] | None = None) -> Step:
    lines = sum(len(device.forward) for device in plan.devices)
    return Step(len(plan.devices), seconds, failed, lines, len(plan.waves), outcomes or {})


def audited(copy: Path, devices: int, workers: int) -> Measured:
    """Audit for the measured paths, which decide the waves of the plan."""
    workspace, started = load_workspace(copy), time.perf_counter()
    options = AuditOptions(workers=workers, interval_s=0)
    with Store.of_workspace(copy) as store:
        audit(workspace, Equipment.of(workspace), store=store, clock=Clock(), options=options, progress=_NoProgress())
    return Measured(devices, time.perf_counter() - started, 0)


def make(copy: Path, devices: int, workers: int) -> Step:
    """Make the plan from the running configurations, and write its file beside the inventory."""
    workspace = load_workspace(copy)
    started = time.perf_counter()
    plan = _planned(workspace, devices, workers)
    seconds = time.perf_counter() - started
    write_plan(copy / PLAN, PlanFile(plan=plan))
    return _step(plan, seconds, devices - len(plan.devices))


def _context(workspace: Workspace, store: Store, workers: int) -> ExecutionContext:
    options = Options(by=WHO, host=WHO, workers=workers, soak_s=0)
    return ExecutionContext(workspace, store, Clock(), options, _NoProgress())


def _executed(context: ExecutionContext, file: PlanFile) -> tuple[ApplyResult, float]:
    started = time.perf_counter()
    done = apply_plan(context, file)
    return done, time.perf_counter() - started


def _ended(plan: Plan, done: ApplyResult, seconds: float) -> Step:
    outcomes = Counter(result.outcome.value for result in done.results)
    return _step(plan, seconds, len(plan.devices) - outcomes["new"], outcomes)


def apply(copy: Path, _devices: int, workers: int) -> Step:
    """Change of eventready: checks, backup, guard, send, compare, verify, confirm, save."""
    workspace, file = load_workspace(copy), load_plan(copy / PLAN)
    with Store.of_workspace(copy) as store:
        done, seconds = _executed(_context(workspace, store, workers), file)
    return _ended(file.plan, done, seconds)


def rollback(copy: Path, _devices: int, workers: int) -> Step:
    """Roll the change of `apply` back."""
    workspace = load_workspace(copy)
    with Store.of_workspace(copy) as store:
        context = _context(workspace, store, workers)
        plan = make_rollback(context, "latest")
        done, seconds = _executed(context, PlanFile(plan=plan))
    return _ended(plan, done, seconds)


def send_config(copy: Path, devices: int, workers: int) -> Step:
    """Plain loop with Nornir and nornir_netmiko: the lines of the plan by send_config_set.

    `failed` counts devices that raised an error and those that do not run what the plan wants afterwards, of which this
    loop knows nothing: they are read when the clock has stopped.
    """
    ConnectionPluginRegister.auto_register()
    workspace, plan = load_workspace(copy), load_plan(copy / PLAN).plan
    nornir = workspace.nornir(workers)
    lines = {device.name: list(device.forward) for device in plan.devices}
    for device in plan.devices:
        driver = load_platform(device.platform, workspace.platform_dirs).spec.netmiko.device_type
        nornir.inventory.hosts[device.name].platform = driver

    def send(task: Task) -> Result:
        task.run(netmiko_send_config, config_commands=lines[task.host.name])
        task.host.close_connection("netmiko")
        return Result(host=task.host)

    started = time.perf_counter()
    outcome = nornir.filter(filter_func=lambda host: host.name in lines).run(task=send)
    seconds = time.perf_counter() - started
    missed = {device.name for device in _planned(workspace, devices, workers).devices}
    return _step(plan, seconds, len(set(outcome.failed_hosts) | missed))


STEPS: dict[str, Callable[[Path, int, int], Measured]] = {
    "audited": audited,
    "plan": make,
    "apply": apply,
    "rollback": rollback,
    "send_config": send_config,
}

if __name__ == "__main__":
    name, folder, count, threads = sys.argv[1:5]
    print(STEPS[name](Path(folder), int(count), int(threads)).to_json())
