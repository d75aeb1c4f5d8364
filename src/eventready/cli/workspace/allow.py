"""`eventready allow`: review a workspace and permit connections and programs."""

from __future__ import annotations

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.core.errors import UsageError
from eventready.core.messages import message, term
from eventready.core.terminal_text import visible

with deferred():
    from eventready.workspace.permission import allow, by_environment, changes, is_allowed, programs, variables

_SHOWN = 20


@click.command()
@click.option("--yes", is_flag=True, help="Allow without a question (the files were reviewed elsewhere).")
@click.option("--show", is_flag=True, help="Show the review, allow nothing.")
@click.pass_obj
def command(app: App, *, yes: bool, show: bool) -> None:
    """Show the connections, programs and recipients of this workspace, and allow exactly this content.

    Every command that connects or runs programs is refused before. A later change of inventory, platforms, templates,
    playbooks or host keys needs a new review, which shows the difference.
    """
    folder, workspace = app.workspace_path, app.workspace
    differences = changes(folder)
    if app.output != "table":
        app.emit({"allowed": is_allowed(folder), "programs": programs(folder), "variables": variables(folder),
                  "changes": [{"file": found.path, "kind": found.kind} for found in differences]})  # fmt: skip
    elif by_environment(folder):
        app.notify("cli:allow.environment")
        return
    else:
        _review(app)
    if show:
        return
    if not differences and is_allowed(folder):
        app.notify("cli:allow.already")
        return
    if not yes:
        if not app.interactive:
            raise UsageError(message("cli:allow.terminal"))
        click.confirm(app.text("cli:allow.confirm", event=workspace.event.title), abort=True, err=True)
    allow(folder)
    app.notify("cli:allow.done")


def _review(app: App) -> None:
    folder, workspace = app.workspace_path, app.workspace
    addresses = sorted({device.hostname for device in workspace.devices})
    more = max(0, len(addresses) - 8)
    msgid = "cli:allow.devices_more" if more else "cli:allow.devices"
    connects = app.text(msgid, count=len(workspace.devices), addresses=addresses[:8], more=more)
    _lines(app.text("cli:allow.connects"), [connects] if addresses else [])
    server = workspace.event.mail.server if workspace.event.mail else None
    _lines(app.text("cli:allow.server"), [server.host] if server else [])
    _lines(app.text("cli:allow.programs"), programs(folder))
    _lines(app.text("cli:allow.variables"), variables(folder))
    for change in changes(folder):
        click.echo(f"{term('cli:allow_change', change.kind, app.lang):8} {visible(change.path)}")
        for line in change.diff[:_SHOWN]:
            click.echo(f"         {visible(line)}")
        if len(change.diff) > _SHOWN:
            click.echo(f"         {app.text('cli:allow.lines', more=len(change.diff) - _SHOWN)}")


def _lines(title: str, lines: list[str]) -> None:
    if lines:
        click.echo(f"{title}:")
        for line in lines:
            click.echo(f"  {visible(line)}")
