"""Drills in production: the failure is a guarded change, and its way back the repair.

The failure of a drill is planned, sealed and approved like a change (`plan_failure`, `eventready approve`). The device
arms its guard before the first line, and repairs itself if eventready or the connection is lost. The change is never
confirmed: `apply --resume` and `drill run --resume` follow its journal to the way back after any crash.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil

from eventready.change.document import Plan, PlanFile, PlannedDrill
from eventready.change.execute.apply import open_change
from eventready.change.execute.context import ExecutionContext, NoChangeProgress, Options
from eventready.change.execute.recovery import resume
from eventready.change.execute.result import ApplyResult, AssignmentResult
from eventready.change.plan.make import make_drill_plan
from eventready.change.plan.paths import paths_in
from eventready.change.plan.places import touched_venues
from eventready.change.safety.approval import refuse_unapproved, refuse_unsendable
from eventready.change.safety.freeze import refuse_in_freeze, refuse_shifted_clock
from eventready.change.times import RetryTiming
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, Exit, RefusedError, UsageError
from eventready.core.messages import Message, Text, message
from eventready.core.strings.json_text import canonical
from eventready.core.strings.texts import is_address
from eventready.core.timezone import local_time
from eventready.drill.spec import Drill, Failure, Probe
from eventready.drill.targets import Network
from eventready.facts.equipment import Equipment
from eventready.session.probes.stream import StreamTarget
from eventready.store.change_steps import DeviceOutcome
from eventready.store.store import Store
from eventready.workspace.keys.signing_keys import PrivateKey
from eventready.workspace.workspace import Workspace

#: Seconds of the guard beyond the failure: the failure is prepared and repaired within them.
_BEYOND_S = 90
#: Seconds of the window beyond the failure: audits, probes and the way back.
_AROUND_S = 300
_POLL_S = 0.1


class UnrepairedError(EventreadyError):
    """The device of a drill is not proven to be in its old state."""

    exit = Exit.REVERT_FAILED


def plan_failure(workspace: Workspace, drill: Drill, *, clock: Clock, by: str) -> Plan:
    """Plan the failure of a drill in production; the device is only read. Raises RefusedError, and as `make_plan`."""
    names = drill.devices
    if len(names) != 1:
        raise RefusedError(message("drill:production.many", drill=drill.name, number=len(names), names=names))
    lines = [line for failure in drill.break_ for line in failure.lines]
    if not lines or not all(failure.lines for failure in drill.break_):
        raise RefusedError(message("drill:production.no_lines", drill=drill.name))
    planned = PlannedDrill(name=drill.name, definition=definition_of(drill), observe_s=drill.observe_s)
    return make_drill_plan(
        workspace,
        Equipment.of(workspace),
        names[0],
        "\n".join(lines) + "\n",
        planned,
        clock=clock,
        by=by,
        seconds=_guard_s(drill),
    )


def definition_of(drill: Drill) -> str:
    """The hash of a drill's definition."""
    return hashlib.sha256(canonical(drill.model_dump(mode="json", by_alias=True))).hexdigest()


def refuse_production(workspace: Workspace, drill: Drill, file: PlanFile, store: Store, clock: Clock) -> None:
    """Raise RefusedError unless the drill may run in production now.

    Required: a plan of this very drill, used once; an approval by a second person; an open window of kind `drill`, and
    no closed one.
    """
    plan = file.plan
    if plan.drill is None or plan.drill.name != drill.name:
        raise RefusedError(
            message("drill:production.other_plan", plan=plan.id, drill=drill.name), do=_plan_again(drill)
        )
    if plan.drill.definition != definition_of(drill):
        raise RefusedError(message("drill:production.altered", drill=drill.name, plan=plan.id), do=_plan_again(drill))
    used = next((entry.id for entry in store.changes.entries() if entry.header.plan == plan.id), "")
    if used:
        raise RefusedError(message("drill:production.used", plan=plan.id, change=used), do=_plan_again(drill))
    names = [device.name for device in plan.devices]
    touched = touched_venues(workspace, names, lambda: paths_in(store, workspace, clock))
    event, now = workspace.event.at(touched), clock.now()
    refuse_shifted_clock(event, clock)
    refuse_in_freeze(event, now, do=message("drill:production.closed"))
    end = now + timedelta(seconds=drill.observe_s + _AROUND_S)
    if not any(window.end >= end and window.covers(touched) for window in event.windows_at(now, "drill")):
        raise RefusedError(
            message(
                "drill:production.no_window",
                begin=f"{local_time(now):%Y-%m-%d %H:%M}",
                end=f"{local_time(end):%H:%M}",
            )
        )
    refuse_unapproved(file, event.changes, clock.real(), {})
    refuse_unsendable(plan, Equipment.of(workspace), workspace.writable)


@dataclass
class ProductionTarget:
    """Network in service as a drill target: a single device fails by a guarded change.

    The change is executed in a thread of its own from `fail` to `repair`. `plan`: the id of its plan; `file`: the plan,
    None for a drill that is resumed.
    """

    workspace: Workspace
    drill: Drill
    plan: str
    store: Store
    clock: Clock
    by: str
    host: str
    file: PlanFile | None = None
    timing: RetryTiming = field(default_factory=RetryTiming)
    key: PrivateKey | None = field(default=None, repr=False)
    _thread: threading.Thread | None = field(default=None, init=False)
    _broken: threading.Event = field(default_factory=threading.Event, init=False)
    _over: threading.Event = field(default_factory=threading.Event, init=False)
    _done: ApplyResult | None = field(default=None, init=False)
    _error: Exception | None = field(default=None, init=False)

    @property
    def description(self) -> Message:
        """Failing device and its guard."""
        guards = [device.guard.kind for device in self.file.plan.devices] if self.file else []
        named: list[str | Text] = [message(f"change:guard.{guard}") for guard in guards]
        return message("drill:target.guarded", device=self._device, guards=named)

    @property
    def network(self) -> Network:
        """`production`, except on a lab."""
        return "embedded" if self.workspace.event.lab else "production"

    @property
    def rehearsal(self) -> bool:
        """True on a lab."""
        return self.workspace.event.lab

    def fail(self, failure: Failure) -> None:  # noqa: ARG002  see DrillTarget; one plan makes all failures
        """Execute the change up to the failure. Raises RefusedError with the reason if nothing failed."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._execute, name="drill change", daemon=True)
            self._thread.start()
        while self._thread.is_alive() and not self._broken.wait(_POLL_S):
            pass
        if not self._broken.is_set():
            self._thread.join()
            raise self._error or RefusedError(message("drill:production.not_made", reason=self._reasons()))

    def repair(self, failure: Failure) -> None:  # noqa: ARG002  see DrillTarget; one plan makes all failures
        """End the change with its way back. Raises UnrepairedError when the old state is not proven."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        elif change := self._unfinished():
            self._done = resume(self._context(), change)
        if self._error is not None and self._unfinished():
            raise self._error
        if any(result.outcome in (DeviceOutcome.UNPROVEN, DeviceOutcome.NEW) for result in self._results()):
            change = self._done.change if self._done else "latest"
            raise UnrepairedError(
                message("drill:production.unrepaired", device=self._device, reason=self._reasons(), change=change)
            )

    def stands(self, failure: Failure) -> bool:  # noqa: ARG002  see DrillTarget; one plan makes all failures
        """True while a change of the plan is not finished."""
        return bool(self._unfinished())

    def stream(self, probe: Probe) -> StreamTarget:
        """Address of a probe stream from this machine. Raises UsageError for a name known to labs only."""
        host = probe.host or (probe.target if is_address(probe.target) else "")
        if not host:
            raise UsageError(message("drill:production.no_host", probe=probe.name, target=probe.target))
        return StreamTarget(probe.kind, host, probe.port, probe.query)

    # ------------------------------------------------------------------ the change

    def _execute(self) -> None:
        if self.file is None:
            return
        try:
            with open_change(self._context(), self.file, hold=self._hold) as change:
                change.execute_wave(0)
            self._done = change.done
        except Exception as error:
            self._error = error

    def _hold(self, longest_s: float, sleep: Callable[[float], None]) -> None:
        """Keep the failure until `repair`, at most so many seconds."""
        self._broken.set()
        for _ in range(int(longest_s / _POLL_S)):
            if self._over.is_set():
                return
            sleep(_POLL_S)

    def _context(self) -> ExecutionContext:
        seconds = _guard_s(self.drill)
        options = Options(
            by=self.by,
            host=self.host,
            workers=1,
            confirm_within_s=seconds,
            settle_s=seconds,
            timing=self.timing,
            key=self.key,
        )
        return ExecutionContext(self.workspace, self.store, self.clock, options, NoChangeProgress())

    def _unfinished(self) -> str:
        entries = self.store.changes.entries()
        return next((one.id for one in entries if one.header.plan == self.plan and not one.ended), "")

    @property
    def _device(self) -> str:
        return self.drill.devices[0]

    def _results(self) -> tuple[AssignmentResult, ...]:
        return self._done.results if self._done else ()

    def _reasons(self) -> list[str | Message]:
        return [result.why for result in self._results() if result.why] or [message("drill:no_reason")]


def _guard_s(drill: Drill) -> int:
    return ceil(drill.observe_s) + _BEYOND_S


def _plan_again(drill: Drill) -> Message:
    return message("drill:production.plan_again", drill=drill.name)
