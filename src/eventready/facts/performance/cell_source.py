"""Sources of performance files of a workspace: folder, layout, expected cells, and the files there."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeAlias
from zoneinfo import ZoneInfo

from eventready.core.clock import Clock
from eventready.facts.performance.gathering import Wanted
from eventready.facts.performance.layout import PerformanceLayout, load_layout
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.performance import PerformanceFile, PerformanceSource

#: Time, size and inode of a file; a renamed file keeps its stamp.
Stamp: TypeAlias = tuple[int, int, int]
#: Difference between the clock of the network and ours, of the time of a file.
_FILE_SKEW = timedelta(hours=1)


@dataclass(frozen=True)
class CellSource:
    """Source of a workspace: its settings, layout and folder, and the names of its expected cells, without case.

    `names`: cell of the inventory by the name of an object.
    """

    settings: PerformanceSource
    layout: PerformanceLayout
    folder: Path
    names: Mapping[str, str]
    cells: frozenset[str]

    @property
    def span(self) -> timedelta:
        """Time of the periods in use: the newest, late at most, and those of the hour before, three at least."""
        period = self.settings.period_minutes
        return timedelta(minutes=period + max(3 * period, 60) + self.settings.late_minutes)

    @property
    def zone(self) -> ZoneInfo | None:
        """Zone of times without a zone."""
        return ZoneInfo(self.settings.zone) if self.settings.zone else None

    def wanted(self, now: datetime) -> Wanted:
        """Bounds of a reading at an event time."""
        return Wanted(self.cells, now - self.span)

    def files(self, clock: Clock) -> dict[Stamp, Path] | None:
        """Return the files with periods in use by their stamps, hidden ones left out; None without the folder.

        A file is no older than its periods, by the real clock alone.
        """
        oldest = None if clock.offset else (clock.real() - self.span - _FILE_SKEW).timestamp() * 1e9
        found: dict[Stamp, Path] = {}
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    if not entry.name.startswith(".") and fnmatchcase(entry.name, self.settings.pattern):
                        stamp = _stamp(entry)
                        if stamp is not None and (oldest is None or stamp[0] > oldest):
                            found[stamp] = Path(entry.path)
        except OSError:
            return None
        return found


def _stamp(entry: os.DirEntry[str]) -> Stamp | None:
    """Stamp of a regular file; None for another kind, and for a file moved away meanwhile."""
    try:
        found = entry.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino) if stat.S_ISREG(found.st_mode) else None


def cell_sources(workspace: Path, performance: PerformanceFile, devices: Iterable[Device]) -> list[CellSource]:
    """Return the sources of the expected cells of devices. Raises WorkspaceError for a layout."""
    own, names, known = workspace / "inventory" / "layouts", performance.by_object, tuple(devices)
    return [
        CellSource(
            source, load_layout(source.layout, (own,)), workspace / source.folder, names,
            frozenset(cell.name.casefold() for one in known if source.covers(one.name) for cell in one.expect.cells),
        )
        for source in performance.sources
    ]  # fmt: skip
