"""`eventready apply`: execute a plan, or resume a change after a crash."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.options import PATH, execution_options, rehearsal_options
from eventready.core.clock import TZ
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import message

with deferred():
    from eventready.change.document import Plan
    from eventready.change.errors import abbreviate
    from eventready.change.execute.apply import apply_plan
    from eventready.change.execute.context import ExecutionContext
    from eventready.change.execute.recovery import resume
    from eventready.change.safety.freeze import next_closed_window
    from eventready.cli.render.changing.apply_progress import (
        ApplyProgress,
        existing_plan,
        interruption_as_failure,
        options_of,
        report_result,
    )
    from eventready.cli.render.changing.dry_run import check_plan
    from eventready.cli.render.changing.rehearsal import RehearsalOptions, rehearse_file

#: A warning is printed if a window closes within this time.
_SOON = timedelta(hours=1)


@click.command()
@click.argument("plan", type=PATH, required=False)
@click.option("--resume", "cut_off", default="", metavar="CHANGE", help="Finish or revert a change after a crash.")
@click.option("--dry-run", is_flag=True, help="Only have devices check the lines, without a commit, where they can.")
@click.option("--atomic", is_flag=True, help="All devices or none: a failed wave takes the earlier waves back.")
@click.option("--hold", is_flag=True, help="Wait for your word before each confirmation, as long as the guard lasts.")
@rehearsal_options
@execution_options
@click.pass_obj
def command(
    app: App,
    /,
    *,
    plan: Path | None,
    cut_off: str,
    dry_run: bool,
    atomic: bool,
    hold: bool,
    rehearse: bool,
    faults: tuple[str, ...],
    saved: Path | None,
    **given: Any,
) -> Exit:
    """Execute PLAN: a single device first, then waves. A device with a worse state is reverted, and the change stops.

    Every step is recorded before it is taken. Ctrl-C interrupts the change: no further device starts, and unconfirmed
    devices revert.

    With --dry-run no line takes effect; the devices that cannot check are named. With --rehearse no line is sent to a
    device: the exit codes are those of the twin, and 4 for a device without a simulation.

    \b
    Exit codes:
      0  every device has its new state
      4  a device was not checked or not rehearsed
      5  a change failed and was reverted (with --atomic: everywhere)
      6  a device needs a person now
      7  refused, nothing was sent; a line is rejected (--dry-run)
    """
    if (plan is None) == (not cut_off):
        raise UsageError(message("cli:apply.nothing"))
    if atomic and cut_off:
        raise UsageError(message("cli:apply.atomic_resumed"))
    if hold and (cut_off or dry_run or rehearse):
        raise UsageError(message("cli:apply.hold_alone"))
    if hold and not (app.shows_progress and sys.stdin.isatty()):
        raise UsageError(message("cli:apply.hold_terminal"))
    rehearsal = RehearsalOptions.of(rehearse=rehearse, faults=faults, saved=saved)
    if rehearsal is not None:
        if plan is None or dry_run:
            raise UsageError(message("cli:apply.rehearse"))
        options = replace(options_of(app, signed=False, **given), atomic=atomic)
        return rehearse_file(app, plan, options, rehearsal)
    if dry_run:
        if plan is None:
            raise UsageError(message("cli:apply.dry_run"))
        return check_plan(app, plan, workers=int(given["workers"]))
    # the record of a change cut off has its signature
    options = replace(options_of(app, signed=not cut_off, **given), atomic=atomic)
    with ExitStack() as stack:
        with interruption_as_failure():
            workspace = app.allowed_workspace
            file = existing_plan(plan) if plan else None  # without a plan a change is resumed
            store = stack.enter_context(app.open_store(make=file is not None))
            notices = _notices(app, file.plan) if file else ()
            with ApplyProgress(interactive=app.shows_progress, notices=notices, lang=app.lang) as progress:
                options = replace(options, word=progress.word if hold else None)
                context = ExecutionContext(workspace, store, app.clock, options, progress)
                done = apply_plan(context, file) if file else resume(context, cut_off)
        return report_result(app, done, store)


def _notices(app: App, plan: Plan) -> list[str]:
    """Return warnings to print before the first line is sent."""
    notices = []
    alone = [device.name for device in plan.devices if device.guard.kind == "inverse"]
    if alone:
        notices.append(app.text("change:no_way_back", devices=abbreviate(alone)))
    window, now = next_closed_window(app.workspace.event, app.clock.now()), app.clock.now()
    if window is not None and window.start - now < _SOON:
        notices.append(app.text("change:closing", at=f"{window.start.astimezone(TZ):%H:%M}"))
    return notices
