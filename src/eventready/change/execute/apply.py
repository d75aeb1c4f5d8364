"""Apply a plan: the entry to a change, from the first wave to the take-back of a partial atomic change.

`apply` opens a running change (`change`), whose executor (`executor`) runs a machine per device (`device.machine`). A
partial atomic change is taken back (`take_back`) by a rollback (`rollback`); an interrupted one is resumed (`resume`);
a device that is stuck is released by a person (`release`).
"""

from __future__ import annotations

import getpass
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nornir.core import Nornir

from eventready.change.document import Plan, PlanFile, load_plan
from eventready.change.execute.change import RunningChange, recorded_change
from eventready.change.execute.context import ChangeProgress, ExecutionContext, NoChangeProgress, Options
from eventready.change.execute.device.assignment import Hold
from eventready.change.execute.recovery import take_back
from eventready.change.execute.result import ApplyResult, ChangeMode
from eventready.core.clock import Clock
from eventready.core.errors import Exit
from eventready.store.store import Store
from eventready.workspace.permission import require_allowed
from eventready.workspace.workspace import load_workspace, require_workspace


@contextmanager
def open_change(
    context: ExecutionContext, file: PlanFile, *, hold: Hold | None = None, change: str = ""
) -> Iterator[RunningChange]:
    """Open a change for the block, as `recorded_change` does; at its end, take a partial atomic change back."""
    with recorded_change(context, file, mode_of(context, file.plan, hold), hold=hold, change=change) as running:
        yield running
    if running.done.partial:
        running.done = take_back(context, running.done.change)


def mode_of(context: ExecutionContext, plan: Plan, hold: Hold | None = None) -> ChangeMode:
    """Return the mode of a change by a plan."""
    options, settings = context.options, context.workspace.event.changes
    if hold is not None:
        return ChangeMode.DRILL
    if plan.rolls_back:
        return ChangeMode.FAST_ROLLBACK if options.fast else ChangeMode.ROLLBACK
    atomic = options.atomic or plan.atomic or settings.is_atomic(plan.intents)
    return ChangeMode.ATOMIC if atomic else ChangeMode.APPLY


def apply_plan(context: ExecutionContext, file: PlanFile, change: str = "") -> ApplyResult:
    """Execute a plan, wave after wave, until a device does not reach the new state. Raises as `open_change` does."""
    if file.plan.empty:
        return ApplyResult("", (), Exit.OK)
    with open_change(context, file, change=change) as running:
        running.execute_waves()
    return running.done


@contextmanager
def open_plan(
    plan: str | Path,
    *,
    workspace: str | Path = ".",
    by: str = "",
    now: str = "",
    progress: ChangeProgress | None = None,
    **options: Any,
) -> Iterator[tuple[Nornir, RunningChange]]:
    """Open a change by a plan for the block; yield Nornir with the hosts of the workspace, and the change.

    `by` is the operator (default: the login), `now` the event's clock of a rehearsal, `options` those of `Options`.
    Raises WorkspaceError, RefusedError (also without `eventready trust content`), and the errors of `open_change`.
    """
    folder = Path(workspace)
    require_workspace(folder)
    require_allowed(folder)
    loaded = load_workspace(folder)
    settings = Options(by=by or getpass.getuser(), host=socket.gethostname() or "?", **options)
    with Store.of_workspace(folder) as store:
        context = ExecutionContext(loaded, store, Clock.starting(now), settings, progress or NoChangeProgress())
        with open_change(context, load_plan(Path(plan))) as change:
            yield loaded.nornir(), change
