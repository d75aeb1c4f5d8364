"""`apply --rehearse` and `rollback --rehearse` on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import click

from eventready.change.document import Plan
from eventready.change.execute.context import Options
from eventready.change.execute.rehearsal import RehearsedDevice, read_devices, rehearse
from eventready.change.execute.twin import TwinFault, twin_factory
from eventready.cli.context import App
from eventready.cli.render.changing.apply_progress import ApplyProgress, existing_plan
from eventready.cli.render.changing.change_states import STYLES
from eventready.cli.render.listing import cell, show, translated
from eventready.cli.render.progress import ProgressBars
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import in_language, message, term
from eventready.store.change_steps import Drift
from eventready.store.store import Store

_NOT_REHEARSED = "not_rehearsed"


@dataclass(frozen=True)
class RehearsalOptions:
    """Faults of the twin, as typed, and the folder of saved configurations."""

    faults: Sequence[str]
    saved: Path | None

    @classmethod
    def of(cls, *, rehearse: bool, faults: Sequence[str], saved: Path | None) -> Self | None:
        """Return the options, or None. Raises UsageError for options without --rehearse."""
        if rehearse:
            return cls(faults, saved)
        if faults or saved:
            raise UsageError(message("cli:apply.rehearse_only"))
        return None


def rehearse_file(app: App, path: Path, options: Options, rehearsal: RehearsalOptions) -> Exit:
    """Rehearse the plan of a file."""
    plan = existing_plan(path).plan
    if not plan.rolls_back:
        return rehearse_plan(app, plan, options, rehearsal)
    with app.open_store(make=False) as store:
        return rehearse_plan(app, plan, options, rehearsal, store=store)


def rehearse_plan(
    app: App, plan: Plan, options: Options, rehearsal: RehearsalOptions, *, store: Store | None = None
) -> Exit:
    """Rehearse a plan, and print the result of each device; for a rollback with the store of its change."""
    wanted = [TwinFault.parse(text) for text in rehearsal.faults]
    twin_factory()
    workspace, saved = app.allowed_workspace, rehearsal.saved
    with ProgressBars(interactive=app.shows_progress, lang=app.lang) as bars:
        readings = read_devices(workspace, plan, saved=saved, workers=options.workers, progress=bars)
    with ApplyProgress(interactive=app.shows_progress, lang=app.lang) as progress:
        done = rehearse(
            workspace, plan, readings, clock=app.clock, options=options, progress=progress, faults=wanted, store=store
        )
    if app.output != "table":
        rows = [_row(one) for one in done.devices]
        rolls_back = {"rolls_back": plan.rolls_back} if plan.rolls_back else {}
        whole = {"plan": plan.id, **rolls_back, "rehearsal": True, "exit": int(done.exit), "devices": rows}
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
    subject = message("change:rehearsal.of_plan", plan=plan.id)
    if plan.rolls_back:
        subject = message("change:rehearsal.of_rollback", change=plan.rolls_back)
    click.echo(app.text("change:rehearsal.done", subject=subject, folder=str(done.folder)))
    return done.exit


def _row(one: RehearsedDevice) -> dict[str, Any]:
    return {
        "device": one.device,
        "outcome": str(one.outcome or _NOT_REHEARSED),
        "why": in_language(one.why, "en"),
        "verified": one.verified,
        "guard": one.guard,
        "way_back": _way_back(one),
        **({} if one.drift == Drift() else {"drift": one.drift}),
    }


def _way_back(one: RehearsedDevice) -> str:
    """Return `proven`, `failed`, or an empty text without a rollback."""
    return "" if one.way_back is None else "proven" if one.way_back else "failed"
