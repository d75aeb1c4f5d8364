"""`eventready rollback`: roll a finished change back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eventready.change.document import PlanFile, write_plan
from eventready.change.execute.apply import apply_plan
from eventready.change.execute.context import ExecutionContext
from eventready.change.execute.rollback import make_rollback
from eventready.cli.change.plan import refuse_overwrite
from eventready.cli.context import App
from eventready.cli.options import FILE
from eventready.cli.render.apply_progress import (
    ApplyProgress,
    execution_options,
    interruption_as_failure,
    options_of,
    report_result,
)
from eventready.cli.render.rehearsal import RehearsalOptions, rehearsal_options, rehearse_plan
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import message


@click.command()
@click.argument("change")
@click.option("--out", type=FILE, metavar="PLAN", help="Only write the plan of the rollback.")
@rehearsal_options
@execution_options
@click.pass_obj
def command(
    app: App,
    /,
    *,
    change: str,
    out: Path | None,
    rehearse: bool,
    faults: tuple[str, ...],
    saved: Path | None,
    **given: Any,
) -> Exit:
    """Return every device changed by CHANGE to its old state: guarded, in waves, verified, recorded.

    CHANGE is an id, its prefix, or `latest`. A device that was changed since stays as it is.

    With --rehearse no line is sent to a device: the rollback, and its own way back, run on a simulated twin.

    \b
    Exit codes as of `apply`.
    """
    rehearsal = RehearsalOptions.of(rehearse=rehearse, faults=faults, saved=saved)
    if rehearsal is not None:
        if out is not None:
            raise UsageError(message("cli:rollback.rehearse_out"))
        return _rehearse(app, change, rehearsal, **given)
    options = options_of(app, signed=True, **given)
    if out is not None:
        refuse_overwrite(out)
    workspace = app.allowed_workspace
    with app.open_store(make=False) as store:
        plan = make_rollback(workspace, change, store=store, clock=app.clock, by=options.by, host=options.host)
        if out is not None:
            write_plan(out, PlanFile(plan=plan))
            if app.output == "table":
                click.echo(out)
            else:
                app.emit({"plan": plan.id, "file": str(out), "rolls_back": plan.rolls_back})
            return Exit.OK
        with interruption_as_failure(), ApplyProgress(interactive=app.shows_progress, lang=app.lang) as progress:
            context = ExecutionContext(workspace, store, app.clock, options, progress)
            done = apply_plan(context, PlanFile(plan=plan))
        return report_result(app, done, store)


def _rehearse(app: App, change: str, rehearsal: RehearsalOptions, **given: Any) -> Exit:
    """Rehearse the rollback of a change on a twin."""
    options = options_of(app, signed=False, **given)
    with app.open_store(make=False) as store:
        plan = make_rollback(
            app.allowed_workspace, change, store=store, clock=app.clock, by=options.by, host=options.host
        )
        return rehearse_plan(app, plan, options, rehearsal, store=store)
