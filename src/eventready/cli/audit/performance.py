"""`eventready network performance`: performance files of radio networks, and the figures of a cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from eventready.cli.console import Listing
from eventready.cli.context import App
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import Message, in_language, message
from eventready.core.strings.texts import few
from eventready.core.timezone import TZ
from eventready.core.validation_messages import suggest
from eventready.facts.performance.figures import CellPeriod, overlapping
from eventready.facts.performance.gathering import Gathered, gather
from eventready.facts.performance.layout import load_layout
from eventready.workspace.settings.performance import PerformanceSource, load_performance

#: Names listed in a sentence; -o json has all.
_SHOWN = 8


def check(app: App, *, files: Sequence[Path], layout: str) -> Exit:
    """Show which files, cells and counters are read, and which are not."""
    found = list(_gathered(app, files, layout))
    cells = _cells(app)
    app.show(
        [_as_json(app, source, one, cells) for source, one in found],
        [line for source, one in found for line in _lines(app, source, one, cells)],
    )
    whole = all(
        one.periods and not (one.refused or one.missing(cells) or _late(app, source, one)) for source, one in found
    )
    return Exit.OK if found and whole else Exit.INCOMPLETE


def show(app: App, *, cell: str, files: Sequence[Path], layout: str) -> Exit:
    """Show the figures of CELL per period."""
    found = [(one, period) for _source, one in _gathered(app, files, layout) for period in one.periods]
    own = [(one, period) for one, period in found if period.cell.casefold() == cell.casefold()]
    if not own:
        names = sorted({period.cell for _one, period in found})
        raise UsageError(message("cli:performance.no_cell", cell=cell), do=suggest(cell, names, noun="Cells"))
    names = list(dict.fromkeys(name for one, _period in own for name in one.layout.figures))
    used = [name for name in names if any(period.figures.get(name) is not None for _one, period in own)]
    units = {name: figure.unit for one, _period in own for name, figure in one.layout.figures.items()}
    app.show(
        [_period(period) for _one, period in own],
        Listing("cli:performance_column", ("figure", *[""] * len(own[-_SHOWN:])), _table(own[-_SHOWN:], used, units)),
    )
    return Exit.OK if own[-1][1].figures and not own[-1][1].suspect else Exit.INCOMPLETE


def _table(
    own: Sequence[tuple[Gathered, CellPeriod]], used: Sequence[str], units: dict[str, str]
) -> Iterator[tuple[str | Message, ...]]:
    yield ("", *(f"{period.begin.astimezone(TZ):%d/%m %H:%M}" for _one, period in own))
    for name in used:
        values = (period.figures.get(name) for _one, period in own)
        unit = f" [{units[name]}]" if units[name] else ""
        yield (f"{name}{unit}", *("?" if value is None else f"{value:.4g}" for value in values))


def _gathered(app: App, files: Sequence[Path], layout: str) -> Iterator[tuple[PerformanceSource, Gathered]]:
    settings = load_performance(app.workspace_path)
    own = app.workspace_path / "inventory" / "layouts"
    if files:
        if not layout:
            raise UsageError(message("cli:performance.no_layout"))
        source = PerformanceSource.model_construct(name="", layout=layout)
        yield source, gather(files, load_layout(layout, (own,)), settings.by_object)
        return
    if not settings.sources:
        raise UsageError(message("cli:performance.no_source"))
    for source in settings.sources:
        yield source, gather(_files(app, source), load_layout(source.layout, (own,)), settings.by_object, _zone(source))


def _files(app: App, source: PerformanceSource) -> list[Path]:
    folder = app.workspace_path / source.folder
    if not folder.is_dir():
        raise UsageError(message("cli:performance.no_folder", folder=str(folder), name=source.name))
    return sorted(one for one in folder.glob(source.pattern) if one.is_file() and not one.name.startswith("."))


def _zone(source: PerformanceSource) -> ZoneInfo | None:
    return ZoneInfo(source.zone) if source.zone else None


def _cells(app: App) -> list[str]:
    return [cell.name for device in app.workspace.devices for cell in device.expect.cells]


def _late(app: App, source: PerformanceSource, one: Gathered) -> tuple[str, ...]:
    """Cells of a source with too old a newest period; none for named files."""
    return one.late(app.clock.now(), timedelta(minutes=source.late_minutes)) if source.name else ()


def _lines(app: App, source: PerformanceSource, one: Gathered, cells: Sequence[str]) -> Iterator[Message]:
    if one.periods:
        ends = max(period.end for period in one.periods).astimezone(TZ)
        begins = sorted({period.begin for period in one.periods})
        counts = {"files": len(one.read), "cells": len(one.newest), "periods": len(begins)}
        yield message("cli:performance.read", **counts, begin=begins[0].astimezone(TZ), end=ends)
    else:
        yield message("cli:performance.nothing", files=len(one.read))
    for file, why in one.refused.items():
        yield message("cli:performance.refused", file=file.name, why=why)
    for key, names in _findings(app, source, one, cells).items():
        if names:
            yield message(f"cli:performance.{key}", names=", ".join(few(names, _SHOWN)), count=len(names))
    if not one.layout.confirmed:
        yield message("cli:performance.unconfirmed", layout=source.layout)


def _findings(app: App, source: PerformanceSource, one: Gathered, cells: Sequence[str]) -> dict[str, Sequence[str]]:
    silent = [
        name for name in one.layout.figures if all(period.figures[name] is None for period in one.newest.values())
    ]
    return {
        "missing": one.missing(cells),
        "others": one.others(cells),
        "late": _late(app, source, one),
        "suspect": sorted(period.cell for period in one.newest.values() if period.suspect),
        "doubled": sorted(one.names.doubled),
        "differing": sorted({period.cell for period in one.periods if period.differing}),
        "overlapping": sorted({second.cell for _first, second in overlapping(one.periods)}),
        "silent": silent if one.newest else (),
        "no_cells": one.names.no_cells,
        "unknown": one.names.unknown,
    }


def _as_json(app: App, source: PerformanceSource, one: Gathered, cells: Sequence[str]) -> dict[str, Any]:
    return {
        "source": source.name,
        "layout": source.layout,
        "confirmed": one.layout.confirmed,
        "files": [str(file) for file in one.read],
        "refused": {str(file): in_language(why, "en") for file, why in one.refused.items()},
        **{key: list(names) for key, names in _findings(app, source, one, cells).items()},
        "newest": [_period(period) for period in one.newest.values()],
    }


def _period(period: CellPeriod) -> dict[str, Any]:
    return {
        "cell": period.cell, "begin": period.begin.isoformat(), "seconds": period.seconds, "suspect": period.suspect,
        "differing": list(period.differing), "figures": dict(period.figures),
    }  # fmt: skip
