"""Figures of cells by period, from the counters of files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from math import inf, isnan
from typing import TypeAlias

from eventready.facts.performance.counters import Counters
from eventready.facts.performance.layout import PERIOD, Formula, PerformanceLayout

_SUFFIXES = (".sum", ".tot")
#: Sets of counters of which the formulas are remembered.
_CHOICES = 1_000
#: Successes of attempts of the period before: so many, or this share of the attempts.
_FEW, _BORDER = 10.0, 0.1
#: Characters of the longest name of an object.
_LONGEST = 400

#: Cell, begin and seconds of a period.
Key: TypeAlias = tuple[str, datetime, int]


@dataclass(slots=True)
class _Merged:
    """Counters of a cell in a period; `period`: its figures, None where these are to be computed."""

    values: Mapping[str, float]
    differing: frozenset[str] = frozenset()
    suspect: bool = False
    period: CellPeriod | None = None


@dataclass(frozen=True, slots=True)
class CellPeriod:
    """Figures of a cell in a period; a figure without a value is None. `differing`: counters given twice.

    `idle`: figures without a value because nothing was attempted. `counters`: values of the figures' counters.
    """

    cell: str
    begin: datetime
    seconds: int
    figures: Mapping[str, float | None]
    suspect: bool
    differing: tuple[str, ...]
    idle: frozenset[str] = frozenset()
    counters: Mapping[str, float] = field(default_factory=dict)
    #: Aware time of the end of the period.
    end: datetime = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "end", self.begin + timedelta(seconds=self.seconds))

    @property
    def useless(self) -> bool:
        """True without the value of any figure."""
        return all(value is None for value in self.figures.values())


class Names:
    """Names of a layout's counters, cells by the names of objects, and names without a use."""

    def __init__(self, layout: PerformanceLayout, cells: Mapping[str, str]) -> None:
        self._wanted = {
            name.casefold() for figure in layout.figures.values() for one in figure.formulas for name in one.counters
        }
        self._classes = {one.casefold() for one in layout.cells}
        self._cells = {name.casefold(): cell for name, cell in cells.items()}
        self._known: dict[str, str | None] = {}
        self._objects: dict[str, str | None] = {}
        self._first: dict[tuple[str, str], str] = {}
        self._spelled: dict[str, str] = {}
        self._format = layout.format
        #: Cells whose name several objects of a class have; no figure of them has a value.
        self.doubled: set[str] = set()
        #: Classes of the objects of each cell, by the name of the cell without case.
        self.kinds: dict[str, set[str]] = {}

    def counter(self, name: str) -> str | None:
        """Return the name of a counter in the layout; None for a counter of no figure."""
        if name not in self._known:
            folded = name.casefold()
            stems = (folded, *(folded.removesuffix(suffix) for suffix in _SUFFIXES))
            self._known[name] = next((stem for stem in stems if stem in self._wanted), None)
        return self._known[name]

    def cell(self, name: str) -> str | None:
        """Return the cell of an object by the map of the workspace, else by its class; None for no cell."""
        if name not in self._objects:
            plain = name.isprintable() and len(name) <= _LONGEST
            self._objects[name] = self._found(name) if plain else None
        return self._objects[name]

    def _found(self, name: str) -> str | None:
        kind, value = self._class(name)
        cell = self._cells.get(name.casefold()) or (self._named(kind, value, name) if kind else None)
        if cell is not None:
            self.kinds.setdefault(cell.casefold(), set()).add(kind)
        return cell

    def _class(self, name: str) -> tuple[str, str]:
        """Return the class of a cell and its value (the whole name for digits alone); empty for no cell.

        Of a path only the last part names the object; what stands below a cell is no cell.
        """
        parts = name.split("/" if self._format == "omes" else ",")
        for part in parts if self._format == "csv" else parts[-1:]:
            kind, separator, value = (piece.strip() for piece in part.partition("="))
            if not separator:
                kind, value = kind.rpartition("-")[0], name
            kind = kind.rpartition(":")[2].casefold()
            if value and kind in self._classes:
                return kind, name if value.isdecimal() else value
        return "", ""

    def _named(self, kind: str, value: str, name: str) -> str:
        """Return the cell of a value, spelled as at first; the cell of several objects of a class is doubled."""
        cell = self._spelled.setdefault(value.casefold(), self._cells.get(value.casefold(), value))
        if self._first.setdefault((cell, kind), name) != name:
            self.doubled.add(cell)
        return cell

    @cached_property
    def unknown(self) -> tuple[str, ...]:
        """Counters read and not used by a figure, sorted."""
        return tuple(sorted(name for name, known in self._known.items() if known is None))

    @cached_property
    def no_cells(self) -> tuple[str, ...]:
        """Objects read beside the cells, sorted."""
        return tuple(sorted(name for name, cell in self._objects.items() if cell is None))


class CellFigures:
    """Counters gathered per cell and period; the figures of each by a layout."""

    def __init__(self, layout: PerformanceLayout, cells: Mapping[str, str]) -> None:
        self.names = Names(layout, cells)
        self._formulas = {
            name: [_Folded(one, figure.unit) for one in figure.formulas] for name, figure in layout.figures.items()
        }
        self._merged: dict[Key, _Merged] = {}
        self._chosen: dict[tuple[str, ...], Sequence[tuple[str, _Folded]]] = {}
        self._doubled = 0

    def add(self, counters: Counters) -> None:
        """Take the counters of an object; those of objects of a cell are merged; differing ones and NaN are none."""
        cell = self.names.cell(counters.name)
        if cell is None:
            return
        key, values = (cell, counters.begin, counters.seconds), counters.values
        one = self._merged.get(key)
        if one is None:
            one = self._merged[key] = _Merged(values, frozenset(name for name, value in values.items() if isnan(value)))
        else:
            differing = {name for name, value in values.items() if one.values.get(name, value) != value}
            one.values, one.differing = {**values, **one.values}, one.differing | differing
        one.suspect |= counters.suspect
        one.period = None

    def forget(self, until: datetime) -> None:
        """Drop the periods ended by a time."""
        old = [key for key in self._merged if key[1] + timedelta(seconds=key[2]) <= until]
        for key in old:
            del self._merged[key]

    def periods(self) -> list[CellPeriod]:
        """Figures of every cell and period, by begin and cell; of a suspect period no figure has a value.

        Those of counters not changed since the last call are not computed again.
        """
        anew = len(self.names.doubled) != self._doubled
        self._doubled = len(self.names.doubled)
        found = []
        for key, one in sorted(self._merged.items(), key=lambda item: (item[0][1], item[0][0])):
            if one.period is None or anew:
                one.period = self._of(key, one)
            found.append(one.period)
        return found

    def _of(self, key: Key, one: _Merged) -> CellPeriod:
        cell, begin, seconds = key
        values = {name: value for name, value in one.values.items() if name not in one.differing}
        chosen = () if one.suspect else self._chosen_of(tuple(values))
        values[PERIOD] = float(seconds)
        figures: dict[str, float | None] = dict.fromkeys(self._formulas)
        if cell not in self.names.doubled:
            figures.update((name, formula.value(values)) for name, formula in chosen)
        idle = frozenset(name for name, formula in chosen if figures[name] is None and formula.idle(values))
        return CellPeriod(cell, begin, seconds, figures, one.suspect, tuple(sorted(one.differing)), idle, one.values)

    def _chosen_of(self, counters: tuple[str, ...]) -> Sequence[tuple[str, _Folded]]:
        """Return each figure's first formula of which all counters are there; the cells of a file have the same."""
        found = self._chosen.get(counters)
        if found is None:
            there = {*counters, PERIOD}
            first = ((name, next((one for one in formulas if one.needed <= there), None))
                     for name, formulas in self._formulas.items())  # fmt: skip
            found = tuple((name, formula) for name, formula in first if formula is not None)
            if len(self._chosen) >= _CHOICES:
                self._chosen.clear()
            self._chosen[counters] = found
        return found


class _Folded:
    """Formula with its names as values are kept."""

    def __init__(self, formula: Formula, unit: str) -> None:
        folded = [
            tuple(map(str.casefold, names)) for names in (formula.of, formula.less, formula.over, formula.over_less)
        ]
        signs = ((1.0, True), (-1.0, True), (1.0, False), (-1.0, False))
        self._terms = [(name, *sign) for names, sign in zip(folded, signs, strict=True) for name in names]
        self._divides = bool(formula.over)
        self.needed = frozenset(name for names in folded for name in names)
        self._times, self._most = formula.times, 100.0 if unit == "%" else inf
        self._least = -inf if unit == "dBm" else 0.0

    def idle(self, values: Mapping[str, float]) -> bool:
        """True for a division with counters of 0 alone."""
        return self._divides and not any(values[name] for name in self.needed)

    def value(self, values: Mapping[str, float]) -> float | None:
        """Return the value of the formula, a share of successes of at most 100.

        None for a division by zero, for a value below 0 beside levels in dBm, for a share by itself above 100, and
        for more successes than attempts beyond those of the border of a period.
        """
        above = below = 0.0
        for name, sign, is_above in self._terms:
            value = values[name]
            if value < self._least:
                return None
            if is_above:
                above += sign * value
            else:
                below += sign * value
        if not self._divides:
            return self._times * above if self._least <= self._times * above <= self._most else None
        if below <= 0 or above < 0:
            return None
        value = self._times * above / below
        if value > self._most and above - below > max(_FEW, _BORDER * below):
            return None
        return min(value, self._most)


def overlapping(periods: Iterable[CellPeriod]) -> list[tuple[CellPeriod, CellPeriod]]:
    """Return pairs of periods of a cell of which the second begins before the end of the first."""
    found, last = [], dict[str, CellPeriod]()
    for period in sorted(periods, key=lambda one: (one.cell, one.begin, one.seconds)):
        earlier = last.get(period.cell)
        if earlier is not None and (period.begin - earlier.begin).total_seconds() < earlier.seconds:
            found.append((earlier, period))
        last[period.cell] = period
    return found
