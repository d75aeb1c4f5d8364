"""A process that executes one change and kills itself with SIGKILL at a step, or in the middle of its playbook.

`main(WORKSPACE, STORE, HOST, PID, do, plan, place, real|fake|short)` in a process of its own.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eventready.change.document import PlanFile, load_plan
from eventready.change.execute.apply import apply_plan
from eventready.change.execute.context import ChangeProgress, ExecutionContext, Options
from eventready.change.execute.device import service_host
from eventready.change.execute.recovery import resume
from eventready.change.execute.result import AssignmentResult
from eventready.change.execute.rollback import make_rollback
from eventready.change.intents import playbook, playbook_fragment
from eventready.change.times import RetryTiming
from eventready.core.clock import Clock
from eventready.core.messages import in_english
from eventready.store.store import Store
from eventready.workspace.workspace import load_workspace
from eventready_lab.device.credentials import Credentials
from eventready_lab.real.province.service_hosts import ServiceHost
from tests.change.intents import real_host

CLOCK = Clock.starting("2022-04-20 07:00")
#: The guard's time: of a change that is to end, and of one whose guard is to fire.
SECONDS, SHORT_S = 300, 10
TIMING = RetryTiming(pause_s=0.5, margin_s=5, grace_s=5, reach_s=60)


def die() -> None:
    """Kill this process, as a power cut does."""
    os.kill(os.getpid(), signal.SIGKILL)


class KillingProgress(ChangeProgress):
    """Kills the process as a step begins; the step is recorded then."""

    def __init__(self, place: str) -> None:
        self.place = place

    def waits(self, *_: object) -> None:
        """See ChangeProgress."""

    def begun(self, change: str, devices: int) -> None:
        """See ChangeProgress."""

    def wave(self, number: int, of: int, devices: Sequence[str]) -> None:
        """See ChangeProgress."""

    def step(self, device: str, step: str) -> None:
        """See ChangeProgress."""
        if step == self.place:
            die()

    def done(self, result: AssignmentResult) -> None:
        """See ChangeProgress."""


class _Host(ServiceHost):
    """A host that another process has started: `pid` is its first process."""

    pid = 0

    @property
    def _first_process(self) -> int:
        return self.pid


def _after_files(count: int) -> Any:
    """Return a replacement of the playbook's events that kills the process after so many written files."""
    original, written = playbook._Collected.event, [0]

    def event(self: playbook._Collected, one: Mapping[str, Any]) -> bool:
        result = (one.get("event_data") or {}).get("res") or {}
        kept = original(self, one)
        written[0] += bool(one.get("event") == "runner_on_ok" and result.get("changed") and result.get("diff"))
        if written[0] == count:
            die()
        return kept

    return event


def main(folder: str, store: str, name: str, pid: str, do: str, plan: str, place: str, how: str) -> None:  # noqa: PLR0917
    """Execute one change; its result is a line of JSON."""
    host = _Host(name, real_host.ADDRESS, real_host.OTHER, Credentials("root", real_host.PASSWORD))
    host.pid = int(pid)
    if how != "real":
        fake = real_host.fake_playbook(host, broken=place.removeprefix("broken "))
        service_host.run_playbook = playbook_fragment.run_playbook = fake  # type: ignore[attr-defined]
    elif place.startswith("after "):
        run, event = service_host.run_playbook, _after_files(int(place.split()[1]))  # type: ignore[attr-defined]

        def killing(*args: Any, **options: Any) -> Any:
            playbook._Collected.event = event  # type: ignore[method-assign]
            return run(*args, **options)

        service_host.run_playbook = killing  # type: ignore[attr-defined]
    workspace = load_workspace(Path(folder))
    options = Options(
        by="an",
        host="noc-1",
        confirm_within_s=SHORT_S if how == "short" else SECONDS,
        settle_s=60.0,
        soak_s=0,
        timing=TIMING,
    )
    with Store(Path(store)) as opened:
        context = ExecutionContext(workspace, opened, CLOCK, options, KillingProgress(place))
        if do == "resume":
            done = resume(context, "latest")
        elif do == "rollback":
            way_back = make_rollback(context, "latest")
            done = apply_plan(context, PlanFile(plan=way_back))
        else:
            done = apply_plan(context, load_plan(Path(plan)))
    (result,) = done.results
    print(json.dumps({"outcome": result.outcome.value, "why": in_english(result.why)}))
