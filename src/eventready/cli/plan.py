"""`eventready plan`: what a change would do to each device, and the way back, before anything is touched."""

from __future__ import annotations

import os
from pathlib import Path

import click

from eventready.change.plan import Plan, PlanFile, load_plan, write_plan
from eventready.change.planning import make_plan
from eventready.cli.context import App
from eventready.cli.planned import show
from eventready.cli.progress import Bars
from eventready.cli.who import who
from eventready.errors import EventreadyError, Exit, UsageError
from eventready.workspace.intents import INTENTS, Intent
from eventready.workspace.select import select


@click.command("plan", short_help="Work out what a change would send to each device, and the way back; sealed")
@click.argument("intents", nargs=-1, required=True, type=click.Choice(INTENTS), metavar="INTENT...")
@click.option("-l", "--limit", default="", metavar="EXPR", help="Only these: role=router,venue=hoi-nghi, names, globs.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="PLAN", help="The file for the sealed plan."
)
@click.option("--by", default="", metavar="NAME", help="Who plans.  [default: your login, unless people must approve]")
@click.option("--workers", type=click.IntRange(1, 500), default=32, show_default=True, help="Devices at once.")
@click.option(
    "--detailed-exitcode", "detailed", is_flag=True, help="Exit code 0: nothing to change; 3: there is something."
)
@click.pass_obj
def command(
    app: App, *, intents: tuple[Intent, ...], limit: str, out: Path | None, by: str, workers: int, detailed: bool
) -> int:
    """Render INTENT... (load_balancing, backup, priority) for the devices that take part, read what they run, and show
    what would change, in which order, how each device comes back, and what does not come back by itself.

    It only reads. What is written to --out is sealed, to be approved and applied later.

    \b
    Exit code 0: done; 4: a device could not be read, and there is no plan; 7: something that may not be sent.
    """
    workspace = app.workspace
    devices = select(workspace.devices, limit)
    planner = _planner(by, workspace.event.changes.approvals)
    if out is not None:
        refuse_to_replace(out)
    with Bars(interactive=app.interactive and app.output == "table") as bars:
        plan = make_plan(workspace, devices, intents, clock=app.clock, by=planner, watch=bars, workers=workers)
    if out is not None:
        write_plan(out, PlanFile(plan=plan))
    if app.output == "table":
        show(plan)
        _next(app, plan, out)
    else:
        app.emit(plan.document)
    return Exit.FINDINGS if detailed and not plan.empty else Exit.OK


def _planner(by: str, approvals: int) -> str:
    if not by.strip() and approvals:
        raise UsageError(
            f"{approvals} must approve this plan beside you, and your login does not say who you are",
            do="Give --by with your name.",
        )
    name, _host = who(by)
    if not name.isprintable():
        raise UsageError("the name of the planner has control characters", do="Write it without.")
    return name


def refuse_to_replace(out: Path) -> None:
    """A plan that somebody has approved, or a file that is no plan, is not written over; and where nothing can be
    written, no device need be asked first."""
    if not out.exists():
        folder = next(parent for parent in out.absolute().parents if parent.exists())
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise UsageError("the plan cannot be written there", where=str(out), do="Name another file with --out.")
        return
    try:
        approved = bool(load_plan(out).approvals)
    except EventreadyError:
        raise UsageError(
            "there is a file already, and it is no whole plan", where=str(out), do="Name another file."
        ) from None
    if approved:
        raise UsageError("there is an approved plan already", where=str(out), do="Name another file.")


def _next(app: App, plan: Plan, out: Path | None) -> None:
    if plan.empty:
        app.say("\nNothing is to be changed.")
    elif out is None:
        app.say("\nNothing was written. Give --out PLAN to keep it.")
    else:
        start = f"eventready -w {app.workspace_path}"
        step = "approve" if plan.approvals_needed else "apply"
        wanted = f" {plan.approvals_needed} must approve it." if plan.approvals_needed else ""
        app.say(f"\nThe plan is kept in {out}.{wanted} Next: {start} {step} {out}")
