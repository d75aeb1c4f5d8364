"""`eventready rollback`: roll a finished change back."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Unpack

from eventready.change.document import Plan, PlanFile, write_plan
from eventready.change.errors import abbreviate
from eventready.change.execute.apply import apply_plan
from eventready.change.execute.context import ExecutionContext, NoChangeProgress
from eventready.change.execute.rollback import make_rollback
from eventready.cli.change.agreement import require_yes
from eventready.cli.change.apply import ExecutionValues
from eventready.cli.change.changes import event_time, subject
from eventready.cli.change.execution import carry_out
from eventready.cli.change.plan import refuse_overwrite
from eventready.cli.change.progress import options_of
from eventready.cli.change.rehearsal import RehearsalOptions, rehearse_plan
from eventready.cli.context import App
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import Message, message
from eventready.store.changes import ChangeRecord
from eventready.workspace.devices.select import select


def command(
    app: App,
    *,
    change: str,
    limit: str | None,
    fast: bool,
    yes: bool,
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
    with app.open_store(make=False, absent=message("store:change.none")) as store:
        context = ExecutionContext(workspace, store, app.clock, options, NoChangeProgress())
        only = None if limit is None else {device.name for device in select(workspace.devices, limit)}
        plan = make_rollback(context, change, only)
        if rehearsal is not None:
            return rehearse_plan(app, plan, options, rehearsal, store=store)
        takes = _taken_back(app, store.changes.get(plan.rolls_back or change), plan)
    if out is None:
        app.say(takes)
        require_yes(app, plan, yes=yes)
        run = partial(apply_plan, file=PlanFile(plan=plan))
        return carry_out(app, options, run, plan=plan.id, devices=[device.name for device in plan.devices])
    write_plan(out, PlanFile(plan=plan))
    app.show({"plan": plan.id, "file": str(out), "rolls_back": plan.rolls_back}, str(out))
    return Exit.OK


def _taken_back(app: App, record: ChangeRecord, plan: Plan) -> Message:
    """Return the change behind a rollback: subject, operator, time, devices."""
    entry, names = record.entry, [device.name for device in plan.devices]
    what, at = subject(app, record), event_time(app, entry)
    return message(
        "cli:rollback.takes", change=entry.id, what=what, by=entry.header.by, at=at, devices=abbreviate(names)
    )
