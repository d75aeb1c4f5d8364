"""`apply --rehearse` and `rollback --rehearse` on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from eventready.change.document import Plan
from eventready.change.execute.context import Options
from eventready.change.execute.rehearsal import RehearsedDevice, read_devices, rehearse
from eventready.change.execute.twin import TwinFault, twin_factory
from eventready.cli.change.progress import STYLES, ApplyProgress, existing_plan
from eventready.cli.console import Cell, Listing, styled
from eventready.cli.context import App
from eventready.cli.progress import ProgressBars
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import Lang, in_language, message, term
from eventready.store.change_steps import DeviceOutcome, Drift, absolute_state
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
    rolls_back = {"rolls_back": plan.rolls_back} if plan.rolls_back else {}
    subject = message("change:rehearsal.of_plan", plan=plan.id)
    if plan.rolls_back:
        subject = message("change:rehearsal.of_rollback", change=plan.rolls_back)
    goes_back = plan.rolls_back is not None
    rows = [_row(one, goes_back=goes_back) for one in done.devices]
    columns = ("device", "outcome", "guard", "way_back", "verification")
    cells = (_cells(one, row, app.lang) for one, row in zip(done.devices, rows, strict=True))
    app.show(
        {"plan": plan.id, **rolls_back, "rehearsal": True, "exit": int(done.exit), "devices": rows},
        Listing("change:column", columns, cells),
        "",
        (message("change:drift.told", device=one.device, drift=one.drift.summary)
         for one in done.devices if one.drift != Drift()),
        message("change:rehearsal.done", subject=subject, folder=str(done.folder)),
    )  # fmt: skip
    return done.exit


def _cells(one: RehearsedDevice, row: Mapping[str, Any], lang: Lang) -> Sequence[Cell]:
    outcome = styled(term("change:outcome", row["outcome"], lang), STYLES[one.outcome] if one.outcome else "")
    way_back = term("change:way_back", _way_back(one), lang) if _way_back(one) else "-"
    guard = term("change:guard", one.guard, lang) or "-"
    return one.device, outcome, guard, way_back, in_language(one.why or one.verified or "-", lang)


def _row(one: RehearsedDevice, *, goes_back: bool) -> dict[str, Any]:
    return {
        "device": one.device,
        "outcome": absolute_state(one.outcome, goes_back=goes_back) if one.outcome else _NOT_REHEARSED,
        "touched": one.outcome not in (None, DeviceOutcome.UNTOUCHED),
        "why": in_language(one.why, "en"),
        "verified": one.verified,
        "guard": one.guard,
        "way_back": _way_back(one),
        **({} if one.drift == Drift() else {"drift": one.drift}),
    }


def _way_back(one: RehearsedDevice) -> str:
    """Return `proven`, `failed`, or an empty text without a rollback."""
    return "" if one.way_back is None else "proven" if one.way_back else "failed"
