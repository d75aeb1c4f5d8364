"""`apply --rehearse` on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from eventready.change.execute.context import Options
from eventready.change.execute.rehearsal import RehearsedDevice, read_devices, rehearse
from eventready.change.execute.twin import TwinFault, twin_factory
from eventready.change.plan.plan import load_plan
from eventready.change.plan.scope import Drift
from eventready.cli.context import App
from eventready.cli.render.apply_progress import ApplyProgress, refuse_missing
from eventready.cli.render.change_states import STYLES
from eventready.cli.render.listing import cell, show, translated
from eventready.cli.render.progress import ProgressBars
from eventready.core.errors import Exit
from eventready.core.messages import in_language, term

_NOT_REHEARSED = "not_rehearsed"


def rehearse_plan(app: App, path: Path, options: Options, *, faults: Sequence[str], saved: Path | None) -> Exit:
    """Rehearse a plan, and print the result of each device."""
    refuse_missing(path)
    wanted = [TwinFault.parse(text) for text in faults]
    twin_factory()
    workspace, plan = app.allowed_workspace, load_plan(path).plan
    interactive = app.interactive and app.output == "table"
    with ProgressBars(interactive=interactive, lang=app.lang) as bars:
        readings = read_devices(workspace, plan, saved=saved, workers=options.workers, progress=bars)
    with ApplyProgress(interactive=interactive, lang=app.lang) as progress:
        done = rehearse(
            workspace, plan, readings, clock=app.clock, options=options, progress=progress, faults=wanted
        )  # fmt: skip
    if app.output != "table":
        rows = [_row(one) for one in done.devices]
        whole = {"plan": plan.id, "rehearsal": True, "exit": int(done.exit), "devices": rows}
        app.emit(whole if app.output == "json" else rows)
        return done.exit
    table = translated("change:column", ("device", "outcome", "guard", "way_back", "verification"), app.lang)
    for one in done.devices:
        shown = term("change:outcome", one.outcome or _NOT_REHEARSED, app.lang)
        way_back = term("change:way_back", _way_back(one), app.lang) if _way_back(one) else "-"
        guard = term("change:guard", one.guard, app.lang) or "-"
        found = in_language(one.why or one.verified or "-", app.lang)
        table.add_row(one.device, cell(shown, STYLES[one.outcome or "waiting"]), guard, way_back, found)
    show(table)
    click.echo()
    for one in done.devices:
        if one.drift != Drift():
            click.echo(app.text("change:drift.told", device=one.device, drift=one.drift.summary))
    click.echo(app.text("change:rehearsal.done", plan=plan.id, folder=str(done.folder)))
    return done.exit


def _row(one: RehearsedDevice) -> dict[str, Any]:
    return {
        "device": one.device,
        "outcome": str(one.outcome or _NOT_REHEARSED),
        "why": in_language(one.why, "en"),
        "verified": one.verified,
        "guard": one.guard,
        "way_back": _way_back(one),
        **({} if one.drift == Drift() else {"drift": one.drift.to_dict()}),
    }


def _way_back(one: RehearsedDevice) -> str:
    """Return `proven`, `failed`, or an empty text without a rollback."""
    return "" if one.way_back is None else "proven" if one.way_back else "failed"
