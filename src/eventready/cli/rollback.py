"""`eventready rollback`: take a finished change back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eventready.change.apply import apply_plan
from eventready.change.plan import PlanFile, write_plan
from eventready.change.rollback import make_rollback
from eventready.cli.carrying import Following, carrying_options, options_of, tell
from eventready.cli.context import App
from eventready.cli.plan import refuse_to_replace
from eventready.errors import Exit
from eventready.store.store import Store


@click.command(short_help="Take a finished change back, as carefully as it was made")
@click.argument("change")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="PLAN",
    help="Only write the plan that would take it back.",
)  # fmt: skip
@carrying_options
@click.pass_obj
def command(app: App, /, *, change: str, out: Path | None, **given: Any) -> Exit:
    """Bring every device that CHANGE made new back to what it was: guarded, in waves, verified, on record.

    CHANGE is a name, its beginning, or `latest`. A device that somebody has changed since stays as it is.

    \b
    Exit codes as of `apply`.
    """
    options = options_of(**given)
    if out is not None:
        refuse_to_replace(out)
    workspace = app.workspace
    with Store.of_workspace(workspace.path, make=False) as store:
        for notice in store.notices:
            app.say(notice)
        plan = make_rollback(workspace, change, store=store, clock=app.clock, by=options.by, host=options.host)
        if out is not None:
            write_plan(out, PlanFile(plan=plan))
            if app.output == "table":
                click.echo(out)
            else:
                app.emit({"plan": plan.id, "file": str(out), "rolls_back": plan.rolls_back})
            return Exit.OK
        with Following(interactive=app.interactive and app.output == "table") as watch:
            file = PlanFile(plan=plan)
            done = apply_plan(workspace, file, store=store, clock=app.clock, options=options, watch=watch)
        return tell(app, done, store)
