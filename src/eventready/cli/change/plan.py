"""`eventready plan`: compute the changes and their way back without touching a device."""

from __future__ import annotations

import os
from pathlib import Path

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.options import FILE, key_option, limit_option, workers_option
from eventready.core.errors import EventreadyError, Exit, UsageError
from eventready.core.messages import message

with deferred():
    from eventready.change.document import Plan, load_plan, write_plan
    from eventready.change.plan.make import make_plan
    from eventready.change.safety.approval import sign_plan
    from eventready.cli.render.changing.plan import show
    from eventready.cli.render.progress import ProgressBars
    from eventready.cli.signing import current_user, role_key
    from eventready.core.validation_messages import suggest
    from eventready.workspace.devices.intents import Intent
    from eventready.workspace.devices.select import select


@click.command("plan")
@click.argument("intents", nargs=-1, required=True, metavar="INTENT...")
@limit_option
@click.option("--out", type=FILE, metavar="PLAN", help="The file for the sealed plan.")
@click.option(
    "--by", default="", metavar="NAME", help="The planner.  [default: your login, unless approvals are required]"
)
@key_option("The planner's key, where the workspace has `changes: planners:`: file, or env:, keyring:, vault:.")
@workers_option
@click.option("--detailed-exitcode", "detailed", is_flag=True, help="Exit code 3 if a device would change.")
@click.pass_obj
def command(
    app: App,
    *,
    intents: tuple[Intent, ...],
    limit: str | None,
    out: Path | None,
    by: str,
    source: str,
    workers: int,
    detailed: bool,
) -> int:
    """Render INTENT... (load_balancing, backup, priority, or a folder of templates/) for the devices with these
    intents, read their configurations, and show the changes, their order, each guard and its gaps.

    Read-only. The file of --out is sealed, to be approved and applied later.

    \b
    Exit codes:
      0  done
      3  a device would change (with --detailed-exitcode)
      4  a device could not be read, no plan was made
      7  a line is forbidden
    """
    workspace = app.allowed_workspace
    for name in intents:
        if name not in workspace.intents:
            raise UsageError(message("cli:plan.intent", name=name), do=suggest(name, workspace.intents))
    devices = select(workspace.devices, limit)
    settings = workspace.event.changes
    key, by = role_key(app, settings.planners if out else (), source, by)
    planner = _planner(by, settings.approvals)
    if out is not None:
        refuse_overwrite(out)
    with ProgressBars(interactive=app.shows_progress, lang=app.lang) as bars:
        plan = make_plan(
            workspace, app.equipment.only(devices), intents, clock=app.clock, by=planner, progress=bars, workers=workers
        )
    if out is not None:
        write_plan(out, sign_plan(plan, settings, key, app.clock.real()))
    if app.output == "table":
        show(plan, app.lang)
        _next(app, plan, out)
    else:
        app.emit(plan.document)
    return Exit.FINDINGS if detailed and not plan.empty else Exit.OK


def _planner(by: str, approvals: int) -> str:
    if not by.strip() and approvals:
        raise UsageError(message("cli:plan.planner", approvals=approvals))
    name, _host = current_user(by)
    if not name.isprintable():
        raise UsageError(message("cli:plan.control"))
    return name


def refuse_overwrite(out: Path) -> None:
    """Raise UsageError for a protected path (an approved plan, another file) or an unwritable path."""
    if not out.exists():
        folder = next(parent for parent in out.absolute().parents if parent.exists())
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise UsageError(message("cli:plan.unwritable"), where=str(out))
        return
    try:
        approved = bool(load_plan(out).approvals)
    except EventreadyError:
        raise UsageError(message("cli:plan.other_file"), where=str(out)) from None
    if approved:
        raise UsageError(message("cli:plan.approved"), where=str(out))


def _next(app: App, plan: Plan, out: Path | None) -> None:
    if plan.empty:
        app.notify("change:plan.no_change")
    elif out is None:
        app.notify("change:plan.no_file")
    elif plan.approvals_needed:
        workspace, approvals = str(app.workspace_path), plan.approvals_needed
        msgid = "change:plan.written_approvals"
        app.notify(msgid, file=str(out), approvals=approvals, workspace=workspace, step="approve")
    else:
        app.notify("change:plan.written", file=str(out), workspace=str(app.workspace_path), step="apply")
