"""Processes that run or resume a drill in production, and end themselves by SIGKILL before a recorded step.

The STEP of an order is `arm` or another step of the change, `failing` or another step of the drill, `none`, or `resume`
to resume the last drill.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

from eventready.change.document import PlanFile, load_plan
from eventready.change.times import RetryTiming
from eventready.core.clock import Clock
from eventready.core.messages import Message
from eventready.drill import steps as drill_steps
from eventready.drill.execution import DrillExecutor, DrillOptions
from eventready.drill.preparation import drills_of
from eventready.drill.probes import Measuring
from eventready.drill.production import ProductionTarget, refuse_production
from eventready.drill.record import DrillRecord, drill_runs
from eventready.drill.spec import Drill
from eventready.drill.steps import DrillStep, Prepared, ProbeResult
from eventready.drill.targets import DrillTarget
from eventready.store.change_steps import STEPS
from eventready.store.changes import Changes, StepEntry
from eventready.store.store import Store
from eventready.workspace.workspace import load_workspace
from tests.loopback import settle_soon

CLOCK = Clock.starting("2022-04-20 07:00")
TIMING = RetryTiming(pause_s=0.2, margin_s=5, grace_s=2, reach_s=20)


class _Unmeasured(Measuring):
    """Probes that send nothing."""

    def __init__(self, drill: Drill) -> None:
        super().__init__(drill, lambda probe: sys.exit(f"{probe.name} is no counter"))

    def start(self, target: DrillTarget) -> None:
        """Send nothing."""

    def finish(self) -> tuple[ProbeResult, ...]:
        """A result within its limit."""
        return (ProbeResult("x", "tcp", 0.0, 1.0, "ms"),)


class _Silent:
    def step(self, name: str, detail: Message) -> None:
        """Show nothing."""


def _kill_before(wanted: str) -> None:
    """End this process by SIGKILL when a step of that name has been recorded and not been taken."""
    record, write = Changes.record, DrillRecord.write

    def recorded(self: Changes, change: str, *entries: StepEntry) -> None:
        record(self, change, *entries)
        if any(STEPS.name(entry.body) == wanted for entry in entries):
            os.kill(os.getpid(), signal.SIGKILL)

    def written(self: DrillRecord, step: DrillStep) -> None:
        write(self, step)
        if drill_steps.STEPS.name(step) == wanted:
            os.kill(os.getpid(), signal.SIGKILL)

    Changes.record = recorded  # type: ignore[method-assign]  # the crash of the test
    DrillRecord.write = written  # type: ignore[method-assign]  # the crash of the test


def executor(folder: Path, drill: Drill, store: Store, plan: str, file: PlanFile | None) -> DrillExecutor:
    """The executor of a drill in production, without audits and probes."""
    target = ProductionTarget(load_workspace(folder), drill, plan, store, CLOCK, "an", "noc-1", file, TIMING)
    return DrillExecutor(
        store=store, clock=CLOCK, target=target, audit=lambda _names: ("run", []),
        prepared=lambda _drill: Prepared(),
        measuring=_Unmeasured, options=DrillOptions(by="an", plan=plan), progress=_Silent(),
    )  # fmt: skip


def execute(folder: Path, plan: Path, place: Path, step: str) -> str:
    """Run or resume the drill; its outcome."""
    with Store(place) as store:
        if step == "resume":
            run = drill_runs(store)[-1]
            return str(executor(folder, run.drill, store, run.opened.plan, None).resume(run).outcome)
        file, workspace = load_plan(plan), load_workspace(folder)
        drill = drills_of(workspace)["uplink"]
        refuse_production(workspace, drill, file, store, CLOCK)
        _kill_before(step)
        return str(executor(folder, drill, store, file.plan.id, file).run(drill).outcome)


def main() -> int:
    """Execute each order (FOLDER PLAN STORE STEP, a JSON line) in a fork of its own; print status and outcome."""
    settle_soon()
    for line in sys.stdin:
        folder, plan, place, step = json.loads(line)
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            outcome = ""
            try:
                outcome = execute(Path(folder), Path(plan), Path(place), step)
            except BaseException as error:
                outcome = repr(error)
            finally:
                os.write(write, outcome.encode())
                os._exit(0)
        os.close(write)
        with os.fdopen(read, "rb") as found:
            outcome = found.read().decode()
        _, status = os.waitpid(pid, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), outcome]), flush=True)
    return 0


class DrillProcess:
    """The other end: `with DrillProcess() as process`, then `process.order(...)`."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def order(self, folder: Path, plan: Path, place: Path, step: str) -> tuple[int, str]:
        """The exit status of an order (-9: killed), and its outcome."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(folder), str(plan), str(place), step]) + "\n")
        self._process.stdin.flush()
        status, outcome = json.loads(self._process.stdout.readline())
        return int(status), str(outcome)


if __name__ == "__main__":
    sys.exit(main())
