"""`eventready apply`: carry out a plan, or go on after a crash."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from eventready.change.apply import apply_plan
from eventready.change.freeze import closes_next
from eventready.change.plan import Plan, load_plan
from eventready.change.resume import resume
from eventready.cli.carrying import Following, carrying_options, options_of, refuse_missing, tell
from eventready.cli.context import App
from eventready.clock import TZ
from eventready.errors import Exit, UsageError
from eventready.store.store import Store

#: So long before a window closes, who begins a change is told.
_SOON = timedelta(hours=1)


@click.command(short_help="Carry out a plan: guarded, in waves, verified, on record")
@click.argument("plan", type=click.Path(path_type=Path), required=False)
@click.option("--resume", "cut_off", default="", metavar="CHANGE", help="Finish or take back a change after a crash.")
@carrying_options
@click.pass_obj
def command(app: App, /, *, plan: Path | None, cut_off: str, **given: Any) -> Exit:
    """Carry out PLAN: one device first, then in waves. A device that gets worse goes back, and the rest is left alone.

    Every step is on record before it is taken. Ctrl-C calls the change back: nothing new is begun, and what is not
    confirmed goes back.

    \b
    Exit code 0: every device is new; 5: a device did not take it and is proven to be as before;
    6: a device could not be proven, a person is needed now; 7: refused, nothing was sent.
    """
    if (plan is None) == (not cut_off):
        raise UsageError("apply needs a plan, or a change to go on with", do="Write PLAN or --resume CHANGE.")
    options = options_of(**given)
    workspace = app.workspace
    file = None
    if plan is not None:
        refuse_missing(plan)
        file = load_plan(plan)
    with Store.of_workspace(workspace.path, make=file is not None) as store:
        for notice in store.notices:
            app.say(notice)
        interactive = app.interactive and app.output == "table"
        with Following(interactive=interactive, notices=_notices(app, file.plan) if file else ()) as watch:
            if file is None:
                done = resume(workspace, cut_off, store=store, clock=app.clock, options=options, watch=watch)
            else:
                done = apply_plan(workspace, file, store=store, clock=app.clock, options=options, watch=watch)
        return tell(app, done, store)


def _notices(app: App, plan: Plan) -> list[str]:
    """What a person should know before the first line is sent."""
    notices = []
    alone = [device.name for device in plan.devices if device.guard.kind == "inverse"]
    if alone:
        some = ", ".join(alone[:3]) + (f" and {len(alone) - 3} more" if len(alone) > 3 else "")
        notices.append(f"No way back of its own if we lose it: {some}. See docs/change.md.")
    window, now = closes_next(app.workspace.event, app.clock.now()), app.clock.now()
    if window is not None and window.start - now < _SOON:
        notices.append(f"Changes are closed from {window.start.astimezone(TZ):%H:%M} on.")
    return notices
