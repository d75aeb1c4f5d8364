"""Begin of a change at a time, without a person at the keys: admitted, announced, awaited, and begun or refused.

Refusals at the begin are calls. A begin is never made up for: not after kill -9, a suspended machine or a jump of the
clock.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from eventready.change.document import Plan, PlanFile, load_plan
from eventready.change.execute.apply import apply_plan, mode_of
from eventready.change.execute.calls import call
from eventready.change.execute.change import admit, expected_ends
from eventready.change.execute.context import ExecutionContext
from eventready.change.execute.result import ApplyResult
from eventready.change.plan.paths import paths_in
from eventready.change.plan.places import touched_venues
from eventready.change.plan.restated import refuse_mismatch
from eventready.change.safety.maintenance import begin_in_window
from eventready.core.errors import EventreadyError, RefusedError, StoreError
from eventready.core.messages import message
from eventready.core.strings.texts import at as at_time
from eventready.store.waiting_changes import Announced, Cancelled, CancelledError, NotBegun
from eventready.workspace.workspace import Workspace

#: Latest begin after the time of a change, and largest difference between the clock and the time that has passed.
_LATE = timedelta(minutes=1)
#: Share of the waiting time by which a clock may be led to the right time.
_SLEW = 0.0005
#: Seconds between two looks at the clock and at the store.
_LOOK_S = 1.0


@dataclass(frozen=True)
class Begin:
    """Begin of a change at an event time: its id, the file of its plan, and the reading of the workspace then."""

    change: str
    at: datetime
    path: Path
    reload: Callable[[], Workspace]


def refuse_later(context: ExecutionContext, file: PlanFile, change: str, begin: datetime) -> None:
    """Raise RefusedError or UsageError for a plan to be refused at its begin, as far as known now."""
    plan, store = file.plan, context.store
    for one in store.waiting.pending():
        if one.announced.plan == plan.id:
            raise RefusedError(message("change:waits.twice", plan=plan.id, change=one.id, at=at_time(one.announced.at)))
    admission = admit(context, file, mode_of(context, plan), begin=begin)
    refuse_mismatch(plan, context.workspace, fresh=plan.rolls_back is None)
    admission.header(change)


def window_begin(context: ExecutionContext, plan: Plan, name: str) -> datetime:
    """Return the begin of a plan in a maintenance window. Raises UsageError, RefusedError, StoreError."""
    workspace, now = context.workspace, context.clock.now()
    names = [device.name for device in plan.devices]
    venues = touched_venues(workspace, names, lambda: paths_in(context.store, workspace, context.clock))
    expected_s = max((end for end, _names in expected_ends(context, plan)), default=0.0)
    return begin_in_window(workspace.event, name, venues, now, expected_s)


def _refuse_outside(context: ExecutionContext, plan: Plan, name: str) -> None:
    """Raise RefusedError unless a named window is open now, with time for the plan."""
    if name and window_begin(context, plan, name) > context.clock.now():
        raise RefusedError(message("change:window.closed", name=name))


def apply_at(context: ExecutionContext, file: PlanFile, begin: Begin) -> ApplyResult:
    """Wait for the begin of an admitted change, and execute its plan. Raises RefusedError, and as `apply_plan` does.

    Ctrl-C cancels, SIGTERM ends the wait with a call.
    """
    store, change = context.store, begin.change
    with _terminable(), store.waiting.waiting(change, _announced(context, file.plan, begin)):
        with suppress(Exception):
            left = begin.at - context.clock.now()
            context.progress.waits(change, begin.at, context.clock.real() + left)
        try:
            _wait(context, begin)
            store.waiting.due(change)
            now = replace(context, workspace=begin.reload())
            _refuse_altered(file, begin)
            _refuse_outside(now, file.plan, context.options.window)
            return apply_plan(now, file, change)
        except CancelledError:
            raise
        except (KeyboardInterrupt, _Terminated) as ended:
            if store.waiting.begun(change):
                raise KeyboardInterrupt from None
            if isinstance(ended, _Terminated):
                _call_unbegun(context, file.plan, begin, _terminated())
                raise
            by, host = context.options.by, context.options.host
            store.waiting.end(change, Cancelled(by, host))
            raise CancelledError(message("store:waiting.cancelled", change=change, by=by, host=host)) from None
        except EventreadyError as error:
            _call_unbegun(context, file.plan, begin, error)
            raise
        except Exception as error:
            failed = RefusedError(message("change:why.internal", error=type(error).__name__))
            _call_unbegun(context, file.plan, begin, failed)
            raise


def _announced(context: ExecutionContext, plan: Plan, begin: Begin) -> Announced:
    return Announced(
        event=context.workspace.event.id,
        plan=plan.id,
        sha256=plan.sha256,
        by=context.options.by,
        host=context.options.host,
        at=begin.at,
        intents=tuple(plan.intents),
        devices=tuple(device.name for device in plan.devices),
        window=context.options.window,
        rehearsal=context.clock.rehearsal,
    )


def _wait(context: ExecutionContext, begin: Begin) -> None:
    """Wait for the begin. Raises RefusedError for a cancelled change, a late begin, and a jump of the clock."""
    clock, timer, store = context.clock, context.options.timer, context.store
    since, elapsed = clock.now(), timer.elapsed()
    while (left := begin.at - clock.now()) > timedelta():
        timer.sleep(min(left.total_seconds(), _LOOK_S))
        passed = timedelta(seconds=timer.elapsed() - elapsed)
        jump = clock.now() - since - passed
        if abs(jump) > _LATE + passed * _SLEW:
            raise RefusedError(message("change:waits.jump", at=at_time(begin.at), seconds=jump.total_seconds()))
        with suppress(StoreError):  # read again at the begin
            store.waiting.refuse_cancelled(begin.change)
    if -left > _LATE:
        raise RefusedError(message("change:waits.late", at=at_time(begin.at), now=at_time(clock.now())))


def _refuse_altered(file: PlanFile, begin: Begin) -> None:
    """Raise RefusedError unless the file still has the admitted plan."""
    try:
        same = load_plan(begin.path).plan.sha256 == file.plan.sha256
    except (EventreadyError, OSError) as error:
        reason = error.whole if isinstance(error, EventreadyError) else str(error)
        raise RefusedError(message("change:waits.plan_unread", plan=file.plan.id, reason=reason)) from error
    if not same:
        raise RefusedError(message("change:waits.plan_altered", plan=file.plan.id, path=str(begin.path)))


def _call_unbegun(context: ExecutionContext, plan: Plan, begin: Begin, error: EventreadyError) -> None:
    """Record and call a missed begin; nothing for a change on record. A failing store is no error."""
    with suppress(StoreError):
        if context.store.waiting.begun(begin.change):
            return
        context.store.waiting.end(begin.change, NotBegun(error.whole))
    call(
        context,
        f"{begin.change} begin",
        message("change:call.not_begun", change=begin.change, plan=plan.id, at=at_time(begin.at), why=error.whole),
    )


class _Terminated(BaseException):
    """The process is to end."""


def _terminated() -> RefusedError:
    return RefusedError(message("change:waits.terminated"))


@contextmanager
def _terminable() -> Iterator[None]:
    """Raise KeyboardInterrupt for SIGINT and RefusedError for SIGTERM in the block; SIGHUP changes nothing.

    In a thread other than the main one, do nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        raise _Terminated

    handlers: dict[signal.Signals, Any] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: end,
        signal.SIGHUP: signal.SIG_IGN,
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    except _Terminated:
        raise _terminated() from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
