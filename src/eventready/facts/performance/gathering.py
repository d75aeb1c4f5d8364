"""Figures of cells gathered from the files of a layout, with the gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from eventready.core.messages import Message, message
from eventready.facts.performance.content import Digest
from eventready.facts.performance.counters import Counters, PerformanceError
from eventready.facts.performance.figures import CellFigures, CellPeriod, Names
from eventready.facts.performance.layout import PerformanceLayout
from eventready.facts.performance.reading import read_file


@dataclass(frozen=True)
class Wanted:
    """Bounds of a reading: cells by their names without case, and the earliest end of a period."""

    cells: frozenset[str]
    after: datetime


@dataclass(frozen=True)
class Gathered:
    """Figures of all files of a layout. `refused`: files of which nothing is used, with the reason.

    `hashes`: SHA-256 of each file read.
    """

    layout: PerformanceLayout
    periods: tuple[CellPeriod, ...]
    names: Names
    read: tuple[Path, ...]
    refused: Mapping[Path, Message]
    hashes: Mapping[Path, str] = field(default_factory=dict)

    @cached_property
    def newest(self) -> Mapping[str, CellPeriod]:
        """Last period of each cell, by the cell's name without case."""
        return {one.cell.casefold(): one for one in sorted(self.periods, key=lambda one: (one.begin, one.seconds))}

    def late(self, now: datetime, period: timedelta, allowed: timedelta) -> tuple[str, ...]:
        """Return the cells with an end of the last period older than a period of the source and `allowed`, sorted."""
        return tuple(sorted(one.cell for one in self.newest.values() if now - one.end > period + allowed))


def gather(
    files: Iterable[Path],
    layout: PerformanceLayout,
    cells: Mapping[str, str],
    zone: tzinfo | None = None,
    wanted: Wanted | None = None,
) -> Gathered:
    """Read files whole or not at all. `cells`: cell of the inventory by the name of an object or its last part.

    `wanted`: the counters to be kept (default: all).
    """
    figures = CellFigures(layout, cells)
    read: list[Path] = []
    refused: dict[Path, Message] = {}
    hashes: dict[Path, str] = {}
    for file in files:
        digest = sha256()
        try:
            found = read_wanted(file, layout, figures.names, zone, wanted=wanted, digest=digest)
        except PerformanceError as error:
            refused[file] = error.why
        except OSError as error:
            refused[file] = unreadable(error)
        else:
            read.append(file)
            hashes[file] = digest.hexdigest()
            for counters in found:
                figures.add(counters)
    return Gathered(layout, tuple(figures.periods()), figures.names, tuple(read), refused, hashes)


def read_wanted(
    file: Path,
    layout: PerformanceLayout,
    names: Names,
    zone: tzinfo | None = None,
    *,
    wanted: Wanted | None = None,
    digest: Digest | None = None,
) -> list[Counters]:
    """Return the wanted counters of a whole file. Raises PerformanceError for a file of which nothing is used, OSError.

    `digest`: takes the bytes of the file.
    """

    def keep(counters: Counters) -> bool:
        cell = names.cell(counters.name)  # of every object: a name of two cells is found among all
        if wanted is None:
            return True
        ended = counters.begin + timedelta(seconds=counters.seconds)
        return cell is not None and cell.casefold() in wanted.cells and ended > wanted.after

    return read_file(file, layout, names.counter, zone, wanted=keep, digest=digest)


def unreadable(error: OSError) -> Message:
    """Reason for a file not given by the system."""
    return message("facts:performance.unreadable", reason=error.strerror or str(error))
