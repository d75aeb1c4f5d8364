"""`eventready network performance`: performance files of radio networks, and the figures of a cell."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from eventready.cli.console import Listing
from eventready.cli.context import App
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import Message, in_language, message
from eventready.core.strings.texts import few
from eventready.core.timezone import local_time
from eventready.core.validation_messages import suggest
from eventready.facts.performance.figures import CellPeriod, overlapping
from eventready.facts.performance.gathering import Gathered, gather
from eventready.facts.performance.layout import load_layout
from eventready.workspace.settings.performance import PerformanceSource, load_performance

#: Names listed in a sentence, and their longest; -o json has all. Periods beside each other.
_SHOWN, _LONGEST, _COLUMNS = 8, 60, 4
#: Findings of a source that cost no figure.
_HARMLESS = ("silent", "no_cells", "unknown")


@dataclass(frozen=True)
class _Source:
    """Files of a source, or files by name (`name` empty), as read at a moment."""

    name: str
    layout: str
    found: Gathered
    now: datetime
    period: timedelta | None = None
    late: timedelta = timedelta()

    @cached_property
    def findings(self) -> Mapping[str, Sequence[str]]:
        """Names by finding: cells without a figure to rely on; then names without a use."""
        newest = self.found.newest.values()
        return {
            "useless": sorted(one.cell for one in newest if one.useless and not one.suspect),
            "suspect": sorted(one.cell for one in newest if one.suspect),
            "doubled": sorted(self.found.names.doubled),
            "differing": sorted({one.cell for one in self.found.periods if one.differing}),
            "overlapping": sorted({second.cell for _first, second in overlapping(self.found.periods)}),
            "late": self._late(),
            "future": sorted(one.cell for one in newest if one.end - self.now > timedelta(minutes=1) + self.late),
            "length": sorted(one.cell for one in newest if self.period and one.end - one.begin != self.period),
            "silent": self._silent(),
            "no_cells": self.found.names.no_cells,
            "unknown": self.found.names.unknown,
        }

    def _late(self) -> Sequence[str]:
        """Cells of a source with too old a newest period; none for named files."""
        return self.found.late(self.now, self.period, self.late) if self.period else ()

    def _silent(self) -> Sequence[str]:
        newest = self.found.newest.values()
        figures = self.found.layout.figures if newest else ()
        return [name for name in figures if all(one.figures[name] is None for one in newest)]

    @property
    def whole(self) -> bool:
        """True with a period of cells, and without a refused file or an unreliable figure."""
        doubts = (names for key, names in self.findings.items() if key not in _HARMLESS)
        return bool(self.found.periods) and not self.found.refused and not any(doubts)


def check(app: App, *, files: Sequence[Path], layout: str, zone: tzinfo | None) -> Exit:
    """Show which files, cells and counters are read, and which are not."""
    sources = list(_sources(app, files, layout, zone))
    cells = {cell.name for device in app.workspace.devices for cell in device.expect.cells}
    read = {key: one.cell for source in sources for key, one in source.found.newest.items()}
    missing = sorted(cell for cell in cells if cell.casefold() not in read)
    others = sorted(read[key] for key in read.keys() - {cell.casefold() for cell in cells})
    app.show(
        {"sources": [_as_json(source) for source in sources], "missing": missing, "others": others},
        [line for source in sources for line in _lines(source)],
        [*_named("missing", missing), *_named("others", others)],
    )
    return Exit.OK if not missing and all(source.whole for source in sources) else Exit.INCOMPLETE


def show(app: App, *, cell: str, files: Sequence[Path], layout: str, zone: tzinfo | None) -> Exit:
    """Show the figures of CELL per period, the newest on the right."""
    sources = list(_sources(app, files, layout, zone))
    known = {period.cell for source in sources for period in source.found.periods}
    wanted = cell.casefold()
    own = sorted(
        ((source, one) for source in sources for one in source.found.periods if one.cell.casefold() == wanted),
        key=lambda pair: (pair[1].begin, pair[1].seconds),
    )
    if not own:
        near = suggest(_plain(cell), map(_plain, known), noun="Cells")
        raise UsageError(message("cli:performance.no_cell", cell=_plain(cell)), do=near)
    units = {name: one.unit for source, _period in own for name, one in source.found.layout.figures.items()}
    shown = [period for _source, period in own[-_COLUMNS:]]
    app.show(
        [_period(one) for _source, one in own],
        Listing("cli:performance_column", ("figure", *[""] * len(shown)), _table(shown, units)),
    )
    source, last = own[-1]
    doubts = [key for key, names in source.findings.items() if key not in _HARMLESS and last.cell in names]
    for key in doubts:
        app.notify(f"cli:performance.{key}", names=last.cell, count=1)
    return Exit.INCOMPLETE if doubts else Exit.OK


def _table(shown: Sequence[CellPeriod], units: Mapping[str, str]) -> Iterator[tuple[str | Message, ...]]:
    yield ("", *(f"{local_time(one.begin):%d/%m/%Y %H:%M}" for one in shown))
    yield (message("cli:performance.minutes"), *(f"{one.seconds / 60:g}" for one in shown))
    for name, unit in units.items():
        yield (f"{name} [{unit}]" if unit else name, *(_value(one.figures.get(name)) for one in shown))


def _value(value: float | None) -> str:
    """Text of a value, cut and never rounded: a share below 100 stays below."""
    if value is None:
        return "?"
    digits = max(0, 3 - math.floor(math.log10(abs(value)))) if value else 0
    scale = 10 ** min(digits, 4 if abs(value) >= 1 else 6)
    return f"{math.trunc(value * scale) / scale:,.6f}".rstrip("0").rstrip(".")


def _sources(app: App, files: Sequence[Path], layout: str, zone: tzinfo | None) -> Iterator[_Source]:
    settings, now = load_performance(app.workspace_path), app.clock.now()
    own = app.workspace_path / "inventory" / "layouts"
    if files:
        if not layout:
            raise UsageError(message("cli:performance.no_layout"))
        yield _Source("", layout, gather(files, load_layout(layout, (own,)), settings.by_object, zone), now)
        return
    if not settings.sources:
        raise UsageError(message("cli:performance.no_source"))
    for one in settings.sources:
        found = gather(_files(app, one), load_layout(one.layout, (own,)), settings.by_object, _zone(one) or zone)
        times = timedelta(minutes=one.period_minutes), timedelta(minutes=one.late_minutes)
        yield _Source(one.name, one.layout, found, now, *times)


def _files(app: App, source: PerformanceSource) -> list[Path]:
    folder = app.workspace_path / source.folder
    if not folder.is_dir():
        raise UsageError(message("cli:performance.no_folder", folder=str(folder), name=source.name))
    return sorted(one for one in folder.glob(source.pattern) if one.is_file() and not one.name.startswith("."))


def _zone(source: PerformanceSource) -> ZoneInfo | None:
    return ZoneInfo(source.zone) if source.zone else None


def _lines(source: _Source) -> Iterator[Message]:
    found = source.found
    if found.periods:
        ends = local_time(max(period.end for period in found.periods))
        begins = sorted({period.begin for period in found.periods})
        counts = {"files": len(found.read), "cells": len(found.newest), "periods": len(begins)}
        yield message("cli:performance.read", **counts, begin=local_time(begins[0]), end=ends)
    else:
        yield message("cli:performance.nothing", files=len(found.read))
    for file, why in found.refused.items():
        yield message("cli:performance.refused", file=file.name, why=why)
    for key, names in source.findings.items():
        yield from _named(key, names)
    if not found.layout.confirmed:
        yield message("cli:performance.unconfirmed", layout=source.layout)


def _named(key: str, names: Sequence[str]) -> Iterator[Message]:
    if names:
        shown = ", ".join(few([_plain(name) for name in names], _SHOWN))
        yield message(f"cli:performance.{key}", names=shown, count=len(names))


def _plain(name: str) -> str:
    """Name of others in a line: without control characters, and not longer than a line."""
    kept = "".join(one if one.isprintable() else " " for one in name)
    return kept if len(kept) <= _LONGEST else f"{kept[:_LONGEST]}..."


def _as_json(source: _Source) -> dict[str, Any]:
    return {
        "source": source.name, "layout": source.layout, "confirmed": source.found.layout.confirmed,
        "files": [str(file) for file in source.found.read],
        "refused": {str(file): in_language(why, "en") for file, why in source.found.refused.items()},
        **{key: list(names) for key, names in source.findings.items()},
        "newest": [_period(period) for period in source.found.newest.values()],
    }  # fmt: skip


def _period(period: CellPeriod) -> dict[str, Any]:
    return {
        "cell": period.cell, "begin": period.begin.isoformat(), "seconds": period.seconds, "suspect": period.suspect,
        "differing": list(period.differing), "figures": dict(period.figures),
    }  # fmt: skip
