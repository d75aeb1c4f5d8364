"""`eventready serve`: the pages of the night in a browser."""

from __future__ import annotations

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.core.errors import Exit

with deferred():
    from eventready.watch.web.app import application
    from eventready.watch.web.read_model import ReadModel
    from eventready.watch.web.server import serve


@click.group("serve", invoke_without_command=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8750, show_default=True, help="Port to listen on.")
@click.pass_context
def command(context: click.Context, *, host: str, port: int) -> int:
    """Serve the pages of the night: the wall with the verdicts per venue and service, open findings with their begin,
    and the age of everything. The pages read what `eventready watch` keeps in the store."""
    if context.invoked_subcommand is not None:
        return Exit.OK
    app: App = context.obj
    with app.open_store() as store:
        app.notify("web:serving", url=f"http://{host}:{port}/")
        serve(application(ReadModel(app.workspace, store, app.clock), app.chosen_lang), host, port)
    return Exit.OK
