"""`eventready rollback`: roll a finished change back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eventready.change.execute.apply import apply_plan
from eventready.change.execute.context import ExecutionContext
from eventready.change.execute.rollback import make_rollback
from eventready.change.plan.plan import PlanFile, write_plan
from eventready.cli.context import App
from eventready.cli.plan import refuse_overwrite
from eventready.cli.render.apply_progress import (
    ApplyProgress,
    execution_options,
    interruption_as_failure,
    report_result,
    signed_options,
)
from eventready.core.errors import Exit


@click.command()
@click.argument("change")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="PLAN",
    help="Only write the plan of the rollback.",
)  # fmt: skip
@execution_options
@click.pass_obj
def command(app: App, /, *, change: str, out: Path | None, **given: Any) -> Exit:
    """Return every device changed by CHANGE to its old state: guarded, in waves, verified, recorded.

    CHANGE is an id, its prefix, or `latest`. A device that was changed since stays as it is.

    \b
    Exit codes as of `apply`.
    """
    options = signed_options(app, **given)
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
        interactive = app.interactive and app.output == "table"
        with interruption_as_failure(), ApplyProgress(interactive=interactive, lang=app.lang) as progress:
            context = ExecutionContext(workspace, store, app.clock, options, progress)
            done = apply_plan(context, PlanFile(plan=plan))
        return report_result(app, done, store)
