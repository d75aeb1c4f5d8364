"""A process of eventready that carries changes out and tells every step of it, to be killed at any of them.

`python -m tests.change.engineer_process` reads signals from its input, a line of JSON each, and carries each out in a
process of its own, forked from one that has everything imported. That one says what it is about to do, waits for leave,
and at its end what came of it:

pid 4711 | begun | step arm | sleep 5.0 | ended {...} | refused {...}, and from the parent: over -9

Leave is `go`, or `full`: nothing more goes to the disk, or `room`: it does again. Time does not pass while it sleeps;
whoever gives it leave lets it pass on the device.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from eventready.change import guard
from eventready.change.document import PlanFile, load_plan
from eventready.change.execute.apply import apply_plan
from eventready.change.execute.context import ChangeProgress, ExecutionContext, Options
from eventready.change.execute.device import verify
from eventready.change.execute.recovery import resume
from eventready.change.execute.result import AssignmentResult
from eventready.change.execute.rollback import make_rollback
from eventready.change.times import RetryTiming, Timer
from eventready.checks.registry import all_checks
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError
from eventready.core.messages import in_english
from eventready.facts.platform import load_platform
from eventready.platforms.model import SessionSpec
from eventready.session.dialogue.screen import Screen
from eventready.store import changes
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace, load_workspace
from tests.disk import spare_the_disk
from tests.loopback import settle_soon

CLOCK = Clock.starting("2022-04-20 07:00")
#: The guard's time, in seconds of the device.
SECONDS = 60
PATIENCE = RetryTiming(pause_s=5, margin_s=5, grace_s=10, reach_s=40)
SETTLE_S = 15.0
#: How long a line is waited for that hangs.
SHORT_S = 2.0

FULL = (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
ROOM = resource.getrlimit(resource.RLIMIT_FSIZE)


class Teller(ChangeProgress):
    """Tells the one that has ordered it, and waits for leave. Its clock is `skew` seconds ahead."""

    def __init__(self, skew: float) -> None:
        self.skew = skew

    def send_config(self, *words: object) -> None:
        """Say it, and do as told."""
        _say(*words)
        leave = _heard().decode().strip()
        if leave in ("full", "room"):
            resource.setrlimit(resource.RLIMIT_FSIZE, FULL if leave == "full" else ROOM)

    def waits(self, *_: object) -> None:
        """See Watch."""

    def begun(self, change: str, devices: int) -> None:
        """See Watch."""
        self.send_config("begun")

    def wave(self, number: int, of: int, devices: Sequence[str]) -> None:
        """See Watch."""

    def step(self, device: str, step: str) -> None:
        """See Watch."""
        self.send_config("step", step)

    def done(self, result: AssignmentResult) -> None:
        """See Watch."""

    def sleep(self, seconds: float) -> None:
        """No time passes here."""
        self.skew += seconds
        self.send_config("sleep", seconds)

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic() + self.skew

    def real(self) -> datetime:
        """The time of day."""
        return datetime.now(UTC) + timedelta(seconds=self.skew)


@cache
def _workspace(folder: str, plan: str) -> Workspace:
    """Read before the first process parts, with what else costs time and is the same each time."""
    workspace = load_workspace(Path(folder))
    for planned in load_plan(Path(plan)).plan.devices:
        load_platform(workspace.device(planned.name).platform, workspace.platform_dirs)
    all_checks()
    Store(Path(folder) / "first.db").close()
    return workspace


def carry_out(order: dict[str, Any]) -> None:
    """One order; what it comes to is told."""
    teller = Teller(order["skew"])
    _with_the_clock_of(teller)
    if order["hurried"]:
        _hurry()
    if order["full"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, FULL)
    workspace = _workspace(order["workspace"], order["plan"])
    options = Options(
        by="an", host="noc-1", confirm_within_s=SECONDS, settle_s=SETTLE_S, soak_s=0, partners=0, timing=PATIENCE,
        timer=Timer(teller.now, teller.real, teller.sleep),
    )  # fmt: skip
    try:
        with Store(Path(order["store"])) as store:
            context = ExecutionContext(workspace, store, CLOCK, options, teller)
            if order["do"] == "resume":
                done = resume(context, "latest")
            elif order["do"] == "rollback":
                plan = make_rollback(context, "latest")
                done = apply_plan(context, PlanFile(plan=plan))
            else:
                done = apply_plan(context, load_plan(Path(order["plan"])))
    except EventreadyError as error:
        _say("refused", json.dumps({"why": str(error), "exit": int(error.exit)}))
        return
    (result,) = done.results
    found = {
        "outcome": result.outcome.value,
        "why": in_english(result.why),
        "recorded": result.recorded,
        "exit": int(done.exit),
    }
    _say("ended", json.dumps(found))


def _with_the_clock_of(teller: Teller) -> None:
    """The record and the checks have the clock of the device, too."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(seconds=teller.skew)

    setattr(changes, "datetime", Ahead)  # noqa: B010  not what the module offers
    assert verify.verify_until_stable.__kwdefaults__ is not None
    verify.verify_until_stable.__kwdefaults__["clock"] = teller.now


def _hurry() -> None:
    """Wait for what hangs no longer than needed: no line of the lab takes a second."""
    guard._LONG_S = SHORT_S
    guard.Guard.__init__.__kwdefaults__["timeout_s"] = SHORT_S  # type: ignore[index]  # it has some
    Screen.recover_s = SHORT_S / 4
    limit = Screen.__init__

    def hurried(self: Any, buffer: Any, spec: SessionSpec, **options: Any) -> None:
        limit(self, buffer, spec.model_copy(update={"command_timeout_s": SHORT_S}), **options)

    Screen.__init__ = hurried  # type: ignore[method-assign]  # the point


def _heard() -> bytes:
    """One line and nothing beyond: the rest is for whoever reads next."""
    line = b""
    while not line.endswith(b"\n") and (letter := os.read(0, 1)):
        line += letter
    return line


def _say(*words: object) -> None:
    os.write(1, (" ".join(str(word) for word in words) + "\n").encode())


def _one(order: dict[str, Any]) -> NoReturn:
    status = 1
    try:
        _say("pid", os.getpid())
        carry_out(order)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def main() -> None:
    """Order after order, until there are no more."""
    spare_the_disk()
    settle_soon()
    while line := _heard():
        if not line.startswith(b"{"):
            continue  # leave for one that was killed while it came
        order = json.loads(line)
        _workspace(order["workspace"], order["plan"])
        pid = os.fork()
        if pid == 0:
            _one(order)
        _, status = os.waitpid(pid, 0)
        _say("over", os.waitstatus_to_exitcode(status))


class Engineer:
    """The other end: `with Engineer() as engineer`, then `begin(order)` and `hear()` until it is over."""

    def __enter__(self) -> Engineer:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.change.engineer_process"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def begin(self, **order: Any) -> int:
        """Give an order; the number of the process that carries it out."""
        self._write(json.dumps(order))
        word, pid = self.hear()
        assert word == "pid"
        return int(pid)

    def hear(self) -> tuple[str, str]:
        """The next that it tells."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode()
        assert line, "the engineer's process is gone"
        word, _, rest = line.strip().partition(" ")
        return word, rest

    def leave(self, word: str = "go") -> None:
        """Let it go on; one that is dead does not mind."""
        self._write(word)

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()


def kill(pid: int) -> None:
    """kill -9."""
    os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
