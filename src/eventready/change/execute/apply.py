"""Apply a plan: the entry to a change, from the first wave to the take-back of a partial atomic change.

`apply` opens a running change (`change`), whose executor (`executor`) runs a machine per device (`device.machine`). A
partial atomic change is taken back (`take_back`) by a rollback (`rollback`); an interrupted one is resumed (`resume`);
a device that is stuck is released by a person (`release`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from eventready.change.document.plan import Plan
from eventready.change.document.plan_file import PlanFile
from eventready.change.execute.change import RunningChange, recorded_change
from eventready.change.execute.context import ChangeProgress, ExecutionContext, Options
from eventready.change.execute.device.assignment import Hold
from eventready.change.execute.mode import ChangeMode
from eventready.change.execute.recovery.take_back import take_back
from eventready.change.execute.result import ApplyResult
from eventready.core.errors import Exit

__all__ = ["ApplyResult", "ChangeProgress", "ExecutionContext", "Options", "RunningChange", "apply_plan", "open_change"]


@contextmanager
def open_change(context: ExecutionContext, file: PlanFile, *, hold: Hold | None = None) -> Iterator[RunningChange]:
    """Open a change for the block, as `recorded_change` does; at its end, take a partial atomic change back."""
    with recorded_change(context, file, _mode(file.plan, context.options, hold), hold=hold) as change:
        yield change
    if change.done.partial:
        change.done = take_back(context, change.done.change)


def _mode(plan: Plan, options: Options, hold: Hold | None) -> ChangeMode:
    if hold is not None:
        return ChangeMode.DRILL
    if plan.rolls_back:
        return ChangeMode.FAST_ROLLBACK if options.fast else ChangeMode.ROLLBACK
    return ChangeMode.ATOMIC if options.atomic or plan.atomic else ChangeMode.APPLY


def apply_plan(context: ExecutionContext, file: PlanFile) -> ApplyResult:
    """Execute a plan, wave after wave, until a device does not reach the new state. Raises as `open_change` does."""
    if file.plan.empty:
        return ApplyResult("", (), Exit.OK)
    with open_change(context, file) as change:
        change.execute_waves()
    return change.done
