"""`eventready doctor`: what is missing, and how to get it."""

from __future__ import annotations

import click

from eventready.cli.context import App
from eventready.doctor import examine
from eventready.errors import Exit


@click.command(short_help="Say what is missing on this machine, and how to get it")
@click.pass_obj
def command(app: App) -> int:
    """Look at Python, packages, the clock, the database, the workspace, its secrets and host keys.

    Exit code 2 when something is missing that the main job needs.
    """
    signs = tuple(examine(app.workspace_path))
    if app.output == "table":
        for sign in signs:
            state = "ok" if sign.ok else "MISSING" if sign.needed else "absent"
            click.echo(f"{state:8} {sign.name}: {sign.detail}")
            if not sign.ok and sign.remedy:
                click.echo(f"{'':8}   {sign.remedy}")
    else:
        app.emit([vars(sign) for sign in signs])
    return Exit.OK if all(sign.ok or not sign.needed for sign in signs) else Exit.USAGE
