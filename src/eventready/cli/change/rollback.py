"""`eventready rollback`: roll a finished change back."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Unpack

from eventready.change.document import PlanFile, write_plan
from eventready.change.execute.apply import apply_plan
from eventready.change.execute.context import ExecutionContext, NoChangeProgress
from eventready.change.execute.rollback import make_rollback
from eventready.cli.change.apply import ExecutionValues
from eventready.cli.change.execution import carry_out
from eventready.cli.change.plan import refuse_overwrite
from eventready.cli.change.progress import options_of
from eventready.cli.change.rehearsal import RehearsalOptions, rehearse_plan
from eventready.cli.context import App
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import message
from eventready.workspace.devices.select import select


def command(
    app: App,
    *,
    change: str,
    limit: str | None,
    fast: bool,
    out: Path | None,
    rehearse: bool,
    faults: tuple[str, ...],
    saved: Path | None,
    **given: Unpack[ExecutionValues],
) -> Exit:
    """Return every device changed by CHANGE to its state before: guarded, in waves, verified, recorded."""
    rehearsal = RehearsalOptions.of(rehearse=rehearse, faults=faults, saved=saved)
    if rehearsal is not None and out is not None:
        raise UsageError(message("cli:rollback.rehearse_out"))
    if fast and out is not None:
        raise UsageError(message("cli:rollback.fast_out"))
    options = replace(options_of(app, signed=rehearsal is None and out is None, **given), fast=fast)
    if out is not None:
        refuse_overwrite(out)
    workspace = app.allowed_workspace
    with app.open_store(make=False) as store:
        context = ExecutionContext(workspace, store, app.clock, options, NoChangeProgress())
        only = None if limit is None else {device.name for device in select(workspace.devices, limit)}
        plan = make_rollback(context, change, only)
        if rehearsal is not None:
            return rehearse_plan(app, plan, options, rehearsal, store=store)
    if out is None:
        run = partial(apply_plan, file=PlanFile(plan=plan))
        return carry_out(app, options, run, plan=plan.id, devices=[device.name for device in plan.devices])
    write_plan(out, PlanFile(plan=plan))
    app.show({"plan": plan.id, "file": str(out), "rolls_back": plan.rolls_back}, str(out))
    return Exit.OK
