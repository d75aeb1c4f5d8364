"""Execute a plan: in waves, each device guarded, verified and recorded; the first failure stops the change.

Entry points: `apply_plan`, then `open_change`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from eventready.change.document import PlanFile
from eventready.change.execute.change import ApplyResult, RunningChange, recorded_change
from eventready.change.execute.context import ChangeProgress, ExecutionContext, Options
from eventready.change.execute.device.driver import Hold
from eventready.change.execute.take_back import take_back
from eventready.core.errors import Exit

__all__ = ["ApplyResult", "ChangeProgress", "ExecutionContext", "Options", "RunningChange", "apply_plan", "open_change"]


@contextmanager
def open_change(context: ExecutionContext, file: PlanFile, *, hold: Hold | None = None) -> Iterator[RunningChange]:
    """Open a change for the block, as `recorded_change` does; at its end, take a partial atomic change back."""
    with recorded_change(context, file, hold=hold) as change:
        yield change
    if change.done.takes_back:
        change.done = take_back(context, change.done.change)


def apply_plan(context: ExecutionContext, file: PlanFile) -> ApplyResult:
    """Execute a plan, wave after wave, until a device does not reach the new state. Raises as `open_change` does."""
    if file.plan.empty:
        return ApplyResult("", (), Exit.OK)
    with open_change(context, file) as change:
        change.execute_waves(context.progress)
    return change.done
