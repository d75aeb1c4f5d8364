"""`eventready topology export`: the network of a run, for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.options import FILE
from eventready.core.errors import UsageError
from eventready.core.messages import message

with deferred():
    from eventready.change.document import load_plan
    from eventready.cli.audit.whatif import last_full, load_whatif
    from eventready.core.files import write_atomic
    from eventready.core.language import Language
    from eventready.network.graph.export import FORMATS, NetworkGraph
    from eventready.network.map.figure import DeviceStates, map_figure


@click.group("topology", help="Export and draw the network of a run: GraphML, DOT, JSON, SVG.")
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
        run = store.get(run_name, interrupted=True) if run_name else last_full(store, app.workspace)
    with app.tolerate_closed_pipe():
        click.echo(FORMATS[form](NetworkGraph.of(load_whatif(app.workspace, run).topology)), nl=False)


@command.command("map")
@click.option("--out", type=FILE, metavar="FILE", help="SVG file.  [default: stdout]")
@click.option("--down", multiple=True, metavar="NAME", help="Device that has failed, repeatable.")
@click.option("--plan", type=FILE, metavar="PLAN", help="Mark the devices of a change with their waves.")
@click.option("--run", "run_name", default="", metavar="RUN", help="Facts of this run.  [default: the last full audit]")
@click.pass_obj
def draw(app: App, *, out: Path | None, down: tuple[str, ...], plan: Path | None, run_name: str) -> None:
    """Draw the devices in tiers from the origins of the services, with states, cables and single points of failure.

    Above 400 devices those of a venue and tier share a box.
    """
    with app.open_store(make=False) as store:
        run = store.get(run_name, interrupted=True) if run_name else last_full(store, app.workspace)
    waves = load_plan(plan).plan.waves if plan else ()
    whatif = load_whatif(app.workspace, run, (*down, *(name for wave in waves for name in wave)))
    figure = map_figure(
        NetworkGraph.of(whatif.topology), DeviceStates.of(run.findings()), Language(app.lang), down, waves
    )
    if figure is None:
        raise UsageError(message("whatif:no_run"), do=message("whatif:no_run.do"))
    svg = figure.charts[0].svg
    if out is None:
        with app.tolerate_closed_pipe():
            click.echo(svg)
        return
    write_atomic(out, svg.encode())
    if app.output == "table":
        click.echo(out)
    else:
        app.emit({"file": str(out), "run": run.id})
