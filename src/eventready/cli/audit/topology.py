"""`eventready topology export`: the network of a run, for other programs."""

from __future__ import annotations

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred

with deferred():
    from eventready.cli.audit.whatif import last_full, load_whatif
    from eventready.network.graph.export import FORMATS, plain


@click.group("topology", help="Export the network of a run: GraphML, DOT, JSON.")
def command() -> None:
    """The group."""


@command.command("export")
@click.option("--format", "form", type=click.Choice(["graphml", "dot", "json"]), default="json", show_default=True)
@click.option("--run", "run_name", default="", metavar="RUN", help="Facts of this run.  [default: the last full audit]")
@click.pass_obj
def export(app: App, form: str, run_name: str) -> None:
    """Print the devices, and the cables as expected and as seen, with their state.

    A cable is up, down, one_way, unrouted (no adjacency and no route of its own), or unmeasured.
    """
    with app.open_store(make=False) as store:
        run = store.get(run_name) if run_name else last_full(store, app.workspace)
    with app.tolerate_closed_pipe():
        click.echo(FORMATS[form](plain(load_whatif(app.workspace, run))), nl=False)
