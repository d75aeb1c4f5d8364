"""`eventready network export`: the network of a run, for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from eventready.change.document import load_plan
from eventready.cli.audit.whatif import last_full, load_whatif
from eventready.cli.context import App
from eventready.core.errors import UsageError
from eventready.core.files import write_atomic
from eventready.core.language import Language
from eventready.core.messages import message
from eventready.network.graph.export import FORMATS, NetworkGraph
from eventready.network.map.figure import DeviceStates, map_figure


def export(app: App, *, form: str, run_name: str) -> None:
    """Print the devices, and the cables as expected and as seen, with their state."""
    with app.open_store(make=False) as store:
        run = store.get(run_name, interrupted=True) if run_name else last_full(store, app.workspace)
    with app.tolerate_closed_pipe():
        click.echo(FORMATS[form](NetworkGraph.of(load_whatif(app.workspace, run).topology)), nl=False)


def draw(app: App, *, out: Path | None, down: tuple[str, ...], plan: Path | None, run_name: str) -> None:
    """Draw the devices in tiers from the origins of the services, with states, cables and single points of failure."""
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
    app.show({"file": str(out), "run": run.id}, str(out))
