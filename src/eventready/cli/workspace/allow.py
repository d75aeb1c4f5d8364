"""`eventready allow`: review a workspace and permit connections and programs."""

from __future__ import annotations

from collections.abc import Sequence

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.core.errors import UsageError
from eventready.core.messages import message, term
from eventready.core.strings.terminal_text import visible

with deferred():
    from eventready.core.allowed_content import forget
    from eventready.workspace.bound_files import BoundContent
    from eventready.workspace.permission import FileChange, allow, by_environment, changes, is_allowed, reviewed
    from eventready.workspace.settings.alerts import load_alerts
    from eventready.workspace.workspace import Workspace


@click.command()
@click.option("--yes", is_flag=True, help="Allow without a question (the files were reviewed elsewhere).")
@click.option("--show", is_flag=True, help="Show the review, allow nothing.")
@click.pass_obj
def command(app: App, *, yes: bool, show: bool) -> None:
    """Show the connections, programs and recipients of this workspace, and allow exactly this content.

    Every command that connects or runs programs is refused before. A later change of inventory, platforms, templates,
    playbooks or host keys needs a new review, which shows the difference.
    """
    folder = app.workspace_path
    forget(folder)
    workspace = app.workspace
    content = reviewed(folder)
    differences = changes(folder, content)
    if app.output != "table":
        changed = [{"file": one.path, "kind": one.kind, "diff": one.diff} for one in differences]
        app.emit({"allowed": is_allowed(folder), "programs": _programs(content), "recipients": _recipients(workspace),
                  "variables": content.references.variables, "changes": changed})  # fmt: skip
    elif by_environment(folder):
        app.notify("cli:allow.environment")
        return
    else:
        _review(app, content, differences)
    if show:
        return
    if not differences and is_allowed(folder):
        app.notify("cli:allow.already")
        return
    if not yes:
        if not app.interactive:
            raise UsageError(message("cli:allow.terminal"))
        click.confirm(app.text("cli:allow.confirm", event=workspace.event.title), abort=True, err=True)
    allow(folder, content)
    app.notify("cli:allow.done")


def _review(app: App, content: BoundContent, differences: Sequence[FileChange]) -> None:
    workspace = app.workspace
    jumps = (jump.hostname for jump in workspace.jump_hosts.values())
    addresses = sorted({*(device.hostname for device in workspace.devices), *jumps})
    more = max(0, len(addresses) - 8)
    msgid = "cli:allow.devices_more" if more else "cli:allow.devices"
    connects = app.text(msgid, count=len(workspace.devices), addresses=addresses[:8], more=more)
    _lines(app.text("cli:allow.connects"), [connects] if addresses else [])
    server = workspace.event.mail.server if workspace.event.mail else None
    _lines(app.text("cli:allow.server"), [server.host] if server else [])
    _lines(app.text("cli:allow.recipients"), _recipients(workspace))
    _lines(app.text("cli:allow.programs"), _programs(content))
    _lines(app.text("cli:allow.variables"), content.references.variables)
    for change in differences:
        click.echo(f"{term('cli:allow_change', change.kind, app.lang):8} {visible(change.path)}")
        for line in change.diff:
            click.echo(f"         {visible(line)}")


def _programs(content: BoundContent) -> list[str]:
    return [f"{command} ({file})" for command, file in content.references.programs]


def _recipients(workspace: Workspace) -> list[str]:
    """Addresses of the department, of reminders, alerts and police stations, and references to Apprise URLs."""
    event = workspace.event
    police = [venue.police.email for venue in event.venues if venue.police]
    calls = load_alerts(workspace.path)
    called = calls.addresses() if calls else ()
    return [*dict.fromkeys(filter(None, (event.recipient.email, *event.schedule.remind.addresses, *police, *called)))]


def _lines(title: str, lines: Sequence[str]) -> None:
    if lines:
        click.echo(f"{title}:")
        for line in lines:
            click.echo(f"  {visible(line)}")
