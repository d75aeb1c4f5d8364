"""What is timed of a change, each in a process of its own: python -m benchmarks.changing STEP COPY DEVICES WORKERS

`plan` comes first and leaves a plan file in the workspace copy; `apply` and `send_config` send its lines to the same
devices, and `take_back` makes them what they were in between. Time runs from the first thing that is done for a device
to the last, without starting the interpreter and loading the workspace. Prints one JSON object.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contenders import Measured

if TYPE_CHECKING:
    from eventready.change.apply import Done
    from eventready.change.plan import Plan, PlanFile
    from eventready.store.store import Store
    from eventready.workspace.intents import Intent
    from eventready.workspace.workspace import Workspace

PLAN = "bench.plan"
INTENTS: tuple[Intent, ...] = ("load_balancing", "backup")
WHO = "bench"


@dataclass(frozen=True)
class Step(Measured):
    """`lines` are those of the plan, `waves` the steps in which it is carried out, `outcomes` how many ended how."""

    lines: int
    waves: int
    outcomes: Mapping[str, int] = field(default_factory=dict)


class _Nobody:
    """Nobody watches."""

    def stage(self, name: str, total: int) -> None:
        """See `Watch`."""

    def begun(self, change: str, devices: int) -> None:
        """See `Watch`."""

    def wave(self, number: int, of: int, devices: Sequence[str]) -> None:
        """See `Watch`."""

    def step(self, device: str, step: str) -> None:
        """See `Watch`."""

    def done(self, *_: object) -> None:
        """See `Watch`."""


def _loaded(copy: Path) -> Workspace:
    from eventready.workspace.workspace import load_workspace  # noqa: PLC0415  each step loads only what it needs

    return load_workspace(copy)


def _planned(workspace: Workspace, devices: int, workers: int) -> Plan:
    """What is to be changed on the first devices of the fleet that have intents."""
    from eventready.change.planning import make_plan  # noqa: PLC0415
    from eventready.clock import Clock  # noqa: PLC0415

    chosen = [device for device in workspace.devices if device.intents][:devices]
    return make_plan(workspace, chosen, INTENTS, clock=Clock(), by=WHO, watch=_Nobody(), workers=workers)


def _step(plan: Plan, seconds: float, failed: int, outcomes: Mapping[str, int] | None = None) -> Step:
    lines = sum(len(device.forward) for device in plan.devices)
    return Step(len(plan.devices), seconds, failed, lines, len(plan.waves), outcomes or {})


def make(copy: Path, devices: int, workers: int) -> Step:
    """The plan, out of what the devices run; it is written beside the inventory."""
    from eventready.change.plan import PlanFile, write_plan  # noqa: PLC0415

    workspace = _loaded(copy)
    started = time.perf_counter()
    plan = _planned(workspace, devices, workers)
    seconds = time.perf_counter() - started
    write_plan(copy / PLAN, PlanFile(plan=plan))
    return _step(plan, seconds, devices - len(plan.devices))


def _carried_out(workspace: Workspace, store: Store, file: PlanFile, workers: int) -> tuple[Done, float]:
    from eventready.change.apply import Options, apply_plan  # noqa: PLC0415
    from eventready.clock import Clock  # noqa: PLC0415

    started = time.perf_counter()
    done = apply_plan(
        workspace, file, store=store, clock=Clock(), options=Options(by=WHO, host=WHO, workers=workers), watch=_Nobody()
    )
    return done, time.perf_counter() - started


def _ended(plan: Plan, done: Done, seconds: float) -> Step:
    outcomes = Counter(ending.outcome.value for ending in done.endings)
    return _step(plan, seconds, len(plan.devices) - outcomes["new"], outcomes)


def apply(copy: Path, _devices: int, workers: int) -> Step:
    """eventready's change, whole: looked at, backed up, guarded, sent, compared, verified, confirmed, saved."""
    from eventready.change.plan import load_plan  # noqa: PLC0415
    from eventready.store.store import Store  # noqa: PLC0415

    workspace, file = _loaded(copy), load_plan(copy / PLAN)
    with Store.of_workspace(copy) as store:
        done, seconds = _carried_out(workspace, store, file, workers)
    return _ended(file.plan, done, seconds)


def take_back(copy: Path, _devices: int, workers: int) -> Step:
    """The change that `apply` has made, taken back: every device is what it was again."""
    from eventready.change.plan import PlanFile  # noqa: PLC0415
    from eventready.change.rollback import make_rollback  # noqa: PLC0415
    from eventready.clock import Clock  # noqa: PLC0415
    from eventready.store.store import Store  # noqa: PLC0415

    workspace = _loaded(copy)
    with Store.of_workspace(copy) as store:
        plan = make_rollback(workspace, "latest", store=store, clock=Clock(), by=WHO, host=WHO)
        done, seconds = _carried_out(workspace, store, PlanFile(plan=plan), workers)
    return _ended(plan, done, seconds)


def send_config(copy: Path, devices: int, workers: int) -> Step:
    """What one writes with Nornir and nornir_netmiko: the plan's lines through send_config_set, and nothing besides.

    `failed` counts devices that raised an error and those that do not run what the plan wants afterwards, of which this
    loop knows nothing: they are read when the clock has stopped.
    """
    from nornir.core.plugins.connections import ConnectionPluginRegister  # noqa: PLC0415
    from nornir.core.task import Result, Task  # noqa: PLC0415
    from nornir_netmiko import netmiko_send_config  # noqa: PLC0415

    from eventready.change.plan import load_plan  # noqa: PLC0415
    from eventready.facts.platform import load_platform  # noqa: PLC0415

    ConnectionPluginRegister.auto_register()
    workspace, plan = _loaded(copy), load_plan(copy / PLAN).plan
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


STEPS: dict[str, Callable[[Path, int, int], Step]] = {
    "plan": make,
    "apply": apply,
    "take_back": take_back,
    "send_config": send_config,
}

if __name__ == "__main__":
    name, folder, count, threads = sys.argv[1:5]
    print(STEPS[name](Path(folder), int(count), int(threads)).told())
