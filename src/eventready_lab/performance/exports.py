"""Export of performance files: a whole file for each source of the workspace and finished period.

A change of the state, as by a fault, counts for the newest period too, whose file is written again: a rehearsal need
not wait for the next period.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from eventready.core.clock import Clock
from eventready.core.files import write_atomic
from eventready.core.timezone import local_time
from eventready.workspace.settings.performance import PerformanceFile, PerformanceSource
from eventready_lab.control.workspace_copy import performance_folder
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.performance.cell_counters import loads
from eventready_lab.performance.formats import FORMS, Period

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SUFFIXES = {"3gpp": ".xml", "huawei_csv": ".csv"}
_HOUR = 60


def file_name(source: PerformanceSource, period: Period, elements: int) -> str | None:
    """Name of the file of a period, by the pattern of the source; None for a layout or pattern without such a file."""
    if source.layout not in FORMS:
        return None
    begin, end = local_time(period.begin), local_time(period.end)
    day = "" if begin.date() == end.date() else f"{end:%Y%m%d}."
    title = re.sub(r"\W+", "-", source.name, flags=re.ASCII)
    stem = f"{'A' if elements == 1 else 'C'}{begin:%Y%m%d.%H%M%z}-{day}{end:%H%M%z}_{title}"
    pattern = re.sub(r"\[([^!\]])[^\]]*\]", r"\1", source.pattern).replace("?", "0")
    first, *rest = pattern.split("*")
    if rest:
        suffix = "" if rest[-1] else _SUFFIXES[source.layout]
        pattern = first + stem.removeprefix(first) + "".join(rest) + suffix
    return pattern if fnmatchcase(pattern, source.pattern) and not pattern.startswith(".") else None


@dataclass
class SourceExport:
    """Export of a source into a folder of the lab. `names`: object of a cell in the map of the workspace."""

    source: PerformanceSource
    folder: Path
    devices: Sequence[SimulatedDevice]
    names: Mapping[str, str]
    clock: Clock
    _contents: dict[datetime, bytes] = field(default_factory=dict, init=False)
    _written: dict[str, bytes] = field(default_factory=dict, init=False)
    _seen: tuple[object, ...] = field(default=(), init=False)
    _late_from: datetime | None = field(default=None, init=False)

    @property
    def length(self) -> timedelta:
        """Length of a period."""
        return timedelta(minutes=self.source.period_minutes)

    def clear(self) -> None:
        """Remove the files of an earlier lab."""
        if self.folder.is_dir() and not self.folder.is_symlink():
            for file in self.folder.iterdir():
                if file.is_file():
                    file.unlink()
        self._written, self._seen = {}, ()

    def follow(self) -> None:
        """Write the files of the finished periods. Raises UsageError for a folder closed to writing."""
        newest = self._newest()
        seen = (newest, *(device.version for device in self.devices))
        if seen == self._seen:
            return
        changed = seen[1:] != self._seen[1:]
        ends = self._ends(newest)
        for end in ends:
            if end not in self._contents or (changed and end == newest):
                self._contents[end] = self._content(end)
        self._contents = {end: self._contents[end] for end in ends}
        self._write(ends)
        self._seen = seen

    def _newest(self) -> datetime:
        """End of the last finished period; periods are counted from midnight UTC."""
        now = self.clock.now().astimezone(UTC)
        return now - (now - _EPOCH) % self.length

    def _ends(self, newest: datetime) -> list[datetime]:
        """Ends of the periods in use: the newest, and those of the hour before, three at least; the newest last."""
        earlier = max(3, -(-_HOUR // self.source.period_minutes))
        return [newest - place * self.length for place in range(earlier, -1, -1)]

    def _period(self, end: datetime) -> Period:
        return Period(local_time(end - self.length), round(self.length.total_seconds()))

    def _content(self, end: datetime) -> bytes:
        period = self._period(end)
        cells = [load for device in self.devices for load in loads(device, period.seconds)]
        return FORMS[self.source.layout](period, cells, self.names)

    def _write(self, ends: Iterable[datetime]) -> None:
        """Bring the folder in line with the contents, the late files left out."""
        self._late_from = self._last_in_time()
        wanted: dict[str, bytes] = {}
        for end in ends:
            name = file_name(self.source, self._period(end), len(self.devices))
            if name is not None and (self._late_from is None or end <= self._late_from):
                wanted[name] = self._contents[end]
        for name in self._written.keys() - wanted.keys():
            (self.folder / name).unlink(missing_ok=True)
            del self._written[name]
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, content in wanted.items():
            if self._written.get(name) != content:
                packed = gzip.compress(content, mtime=0) if name.endswith(".gz") else content
                write_atomic(self.folder / name, packed, private=True)
                self._written[name] = content

    def _last_in_time(self) -> datetime | None:
        """End of the last period with its file, while files are late: the period before is late by now. None else."""
        if not any(device.state.late_files for device in self.devices):
            return None
        late = self.clock.now() - self.length - timedelta(minutes=self.source.late_minutes)
        return self._late_from or late


@dataclass(frozen=True)
class PerformanceExports:
    """Exports of the sources of a workspace. `left_out`: sources of a layout or pattern unknown to the lab."""

    exports: tuple[SourceExport, ...] = ()
    left_out: tuple[PerformanceSource, ...] = ()

    @classmethod
    def of(
        cls, performance: PerformanceFile, out: Path, devices: Iterable[SimulatedDevice], clock: Clock
    ) -> PerformanceExports:
        """Exports into the workspace copy of a lab."""
        with_cells = [device for device in devices if device.state.cells]
        names = {cell: objects[0] for cell, objects in performance.cells.items() if objects}
        made = []
        for number, source in enumerate(performance.sources, 1):
            covered = [device for device in with_cells if source.covers(device.state.name)]
            made.append(SourceExport(source, out / performance_folder(number), covered, names, clock))
        return cls(tuple(one for one in made if is_written(one.source)), unwritten(performance))

    def start(self) -> None:
        """Remove the files of an earlier lab, and write those of the finished periods. Raises UsageError."""
        for export in self.exports:
            export.clear()
            export.follow()

    def follow(self) -> None:
        """Write the files of the periods finished since. Raises UsageError."""
        for export in self.exports:
            export.follow()


def is_written(source: PerformanceSource) -> bool:
    """True for a source with a layout and a pattern of which the lab writes files."""
    return file_name(source, Period(_EPOCH, source.period_minutes * 60), 1) is not None


def unwritten(performance: PerformanceFile) -> tuple[PerformanceSource, ...]:
    """Return the sources of which the lab writes no files."""
    return tuple(source for source in performance.sources if not is_written(source))
