"""Execute a plan: in waves, each device guarded, verified and recorded; the first failure stops the change.

Entry points: `apply_plan`, then `open_change`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from eventready.change.execute.executor import ChangeProgress, Options
from eventready.change.execute.running_change import ApplyResult, RunningChange, recorded_change
from eventready.change.execute.take_back import take_back
from eventready.change.execute.types import DeviceDriver, Hold
from eventready.change.plan.plan import PlanFile, PlannedDevice
from eventready.core.clock import Clock
from eventready.core.errors import Exit
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace

__all__ = ["ApplyResult", "ChangeProgress", "Options", "RunningChange", "apply_plan", "open_change"]


@contextmanager
def open_change(
    workspace: Workspace,
    file: PlanFile,
    *,
    store: Store,
    clock: Clock,
    options: Options,
    progress: ChangeProgress,
    hold: Hold | None = None,
    driver_for: Callable[[PlannedDevice], DeviceDriver] | None = None,
) -> Iterator[RunningChange]:
    """Open a change for the block, as `recorded_change` does; at its end, take a partial atomic change back."""
    with recorded_change(
        workspace, file, store=store, clock=clock, options=options, progress=progress, hold=hold, driver_for=driver_for
    ) as change:
        yield change
    if change.done.takes_back:
        change.done = take_back(
            workspace,
            change.done.change,
            store=store,
            clock=clock,
            options=options,
            progress=progress,
            driver_for=driver_for,
        )


def apply_plan(
    workspace: Workspace,
    file: PlanFile,
    *,
    store: Store,
    clock: Clock,
    options: Options,
    progress: ChangeProgress,
    driver_for: Callable[[PlannedDevice], DeviceDriver] | None = None,
) -> ApplyResult:
    """Execute a plan, wave after wave, until a device does not reach the new state. Raises as `open_change` does."""
    if file.plan.empty:
        return ApplyResult("", (), Exit.OK)
    with open_change(
        workspace, file, store=store, clock=clock, options=options, progress=progress, driver_for=driver_for
    ) as change:
        change.execute_waves(progress)
    return change.done
