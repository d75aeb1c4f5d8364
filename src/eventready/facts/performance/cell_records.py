"""Records of the expected cells of controllers and sites, from the sources of performance files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from statistics import fmean

from eventready.core.clock import Clock
from eventready.core.messages import Message, message
from eventready.core.timezone import local_time
from eventready.facts.observation import Observation, Status, Unread
from eventready.facts.performance.cell_source import CellSource, cell_sources
from eventready.facts.performance.figures import CellPeriod
from eventready.facts.performance.gathering import Gathered, gather
from eventready.facts.performance.layout import PerformanceLayout
from eventready.facts.records import CellPerformance
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.performance import PerformanceFile, PerformanceSource

FACT = "cell_performance"
#: Units of the figures of a record; a figure of a layout in another unit is none of them.
UNITS = {
    "availability": "%", "rrc_success": "%", "bearer_success": "%", "handover_success": "%", "drops": "%",
    "drops_per_hour": "1/h", "voice_drops": "%", "prb_down": "%", "prb_up": "%", "users_mean": "", "users_max": "",
    "user_rate_down": "Mbit/s", "refused": "%", "tch_refused": "%", "sdcch_refused": "%", "traffic": "Erlang",
    "paging_lost": "%", "noise_up": "dBm",
}  # fmt: skip
#: Difference between the clock of the network and ours, of the end of a period.
_SKEW = timedelta(minutes=1)
#: Figures of a record over two periods.
_TWICE = ("prb_down", "prb_up")
#: Means of the last hour, and the figures that they are of.
_HOURLY = {"users_hour": "users_mean", "traffic_hour": "traffic"}
_HOUR_S = 3600
_FIGURES = (*UNITS, *(f"{name}_before" for name in _TWICE), *_HOURLY)


def devices_of_files(performance: PerformanceFile, devices: Iterable[Device]) -> tuple[Device, ...]:
    """Return the controllers and sites with expected cells in the files of a source."""
    return tuple(
        one for one in devices if one.expect.cells and any(source.covers(one.name) for source in performance.sources)
    )


def observe_cells(
    workspace: Path, performance: PerformanceFile, devices: Iterable[Device], clock: Clock
) -> list[Observation]:
    """Read the sources, and return an observation of each device with cells in their files.

    A cell without a newest period to rely on is an unread record with the reason. Files are read one by one, and only
    the counters of expected cells in the last periods are kept. Raises WorkspaceError for a layout.
    """
    covered, now = devices_of_files(performance, devices), clock.now()
    read = [_read(one, clock, now) for one in cell_sources(workspace, performance, covered)]
    return [
        replace(observation_of(device, read, now), raw="\n".join(_evidence(device, _own(device, read))))
        for device in covered
    ]


@dataclass(frozen=True)
class SourceRead:
    """Files of a source as read; `found` is None without the folder."""

    source: PerformanceSource
    layout: PerformanceLayout
    found: Gathered | None
    #: Records of the newest periods, by the name of the cell.
    records: dict[str, CellPerformance] = field(default_factory=dict, compare=False, repr=False)

    @property
    def period(self) -> timedelta:
        """Length of a period."""
        return timedelta(minutes=self.source.period_minutes)

    @property
    def allowed(self) -> timedelta:
        """Longest delay of a file."""
        return timedelta(minutes=self.source.late_minutes)

    @cached_property
    def by_cell(self) -> Mapping[str, Sequence[CellPeriod]]:
        """Periods by the name of the cell, without case."""
        found: dict[str, list[CellPeriod]] = {}
        for one in self.found.periods if self.found else ():
            found.setdefault(one.cell.casefold(), []).append(one)
        return found

    @cached_property
    def doubled(self) -> frozenset[str]:
        """Names of cells shared by several objects, without case."""
        return frozenset(one.casefold() for one in self.found.names.doubled) if self.found else frozenset()

    @cached_property
    def known(self) -> frozenset[str]:
        """Figures of the layout in the unit of a record."""
        return frozenset(name for name, one in self.layout.figures.items() if UNITS.get(name) == one.unit)

    @cached_property
    def uncounted(self) -> Mapping[str, frozenset[str]]:
        """Figures of a record neither with a value nor with nothing attempted for any cell, by the class of objects."""
        found: dict[str, set[str]] = {}
        for cell, periods in self.by_cell.items():
            for kind in self.kinds(cell):
                lacking = found.setdefault(kind, set(self.known))
                for one in periods:
                    lacking -= {name for name in lacking if one.figures[name] is not None or name in one.idle}
        return {kind: frozenset(UNITS.keys() - self.known | lacking) for kind, lacking in found.items()}

    def kinds(self, cell: str) -> frozenset[str]:
        """Classes of the objects of a cell, by its name without case."""
        return frozenset(self.found.names.kinds.get(cell, ())) if self.found else frozenset()

    def uncounted_of(self, cell: str) -> tuple[str, ...]:
        """Figures of a record without a value for any cell of the same classes, sorted."""
        return self._uncounted_by(self.kinds(cell.casefold()))

    def _uncounted_by(self, kinds: frozenset[str]) -> tuple[str, ...]:
        if kinds not in self._sorted:
            each = [self.uncounted.get(kind, frozenset(UNITS)) for kind in kinds]
            self._sorted[kinds] = tuple(sorted(frozenset(UNITS).intersection(*each)))
        return self._sorted[kinds]

    @cached_property
    def _sorted(self) -> dict[frozenset[str], tuple[str, ...]]:
        return {}


def _read(source: CellSource, clock: Clock, now: datetime) -> SourceRead:
    files = source.files(clock)
    found = None
    if files is not None:
        found = gather(sorted(files.values()), source.layout, source.names, source.zone, source.wanted(now))
    return SourceRead(source.settings, source.layout, found)


def _own(device: Device, read: Iterable[SourceRead]) -> list[SourceRead]:
    return [one for one in read if one.source.covers(device.name)]


def observation_of(device: Device, read: Iterable[SourceRead], now: datetime) -> Observation:
    """Return the records of the expected cells of a device by its sources, at an event time."""
    rows: list[CellPerformance] = []
    unread: list[Unread] = []
    own = _own(device, read)
    for cell in device.expect.cells:
        found = _cell(cell.name, own, now)
        if isinstance(found, CellPerformance):
            rows.append(found)
        else:
            unread.append(Unread(cell.name, found))
    return Observation(
        device.name,
        FACT,
        Status.PARSED,
        command="\n".join(f"{one.source.folder}/{one.source.pattern}" for one in own),
        rows=tuple(rows),
        unread=tuple(unread),
        unconfirmed=not all(one.layout.confirmed for one in own),
    )


def _evidence(device: Device, read: Iterable[SourceRead]) -> Iterator[str]:
    """Lines with the files and their hashes, then the counters of the expected cells by period."""
    cells = [cell.name.casefold() for cell in device.expect.cells]
    for one in read:
        yield f"# {one.source.name}: {one.source.layout}"
        if one.found is None:
            continue
        yield from (f"{file.name} sha256 {value}" for file, value in one.found.hashes.items())
        yield from (f"{file.name} refused: {why.render('en')}" for file, why in one.found.refused.items())
        for period in (period for cell in cells for period in one.by_cell.get(cell, ())):
            counters = " ".join(f"{name}={value:.12g}" for name, value in sorted(period.counters.items()))
            mark = " suspect" if period.suspect else ""
            yield f"{period.cell} {period.begin.isoformat()} {period.seconds}s{mark} {counters}".rstrip()


def _cell(name: str, read: Sequence[SourceRead], now: datetime) -> CellPerformance | Message:
    """Return the record of a cell by all its sources, or the reason for none.

    A doubtful source makes the cell doubtful, whatever another source has.
    """
    found = [one for source in read if (one := _of_source(name, source, now)) is not None]
    reasons = [one for one in found if isinstance(one, Message)]
    rows = [one for one in found if isinstance(one, CellPerformance)]
    if reasons or not rows:
        return reasons[0] if reasons else _absent(read)
    newest = max(row.ended for row in rows)
    return _joined([row for row in rows if row.ended == newest])


def _joined(rows: Sequence[CellPerformance]) -> CellPerformance | Message:
    """Return the joined record of a period, or the reason for none: a figure with two values."""
    first, *others = rows
    if not others:
        return first
    values = {name: getattr(first, name) for name in _FIGURES}
    for row in others:
        for name in _FIGURES:
            value = getattr(row, name)
            if None not in (value, values[name]) and value != values[name]:
                return message("facts:performance.cell_contradicted", at=_shown(first.ended))
            values[name] = value if values[name] is None else values[name]
    idle = {name for row in rows for name in row.idle if values[name] is None}
    uncounted = set.intersection(*(set(row.uncounted) for row in rows)) - idle
    return first.model_copy(update={**values, "idle": tuple(sorted(idle)), "uncounted": tuple(sorted(uncounted))})


def _absent(read: Iterable[SourceRead]) -> Message:
    """Reason for a cell in no file: the folder, a refused file, or the absence alone."""
    for one in read:
        if one.found is None:
            return message("facts:performance.cell_no_folder", folder=str(one.source.folder), name=one.source.name)
    for one in read:
        for file, why in (one.found.refused if one.found else {}).items():
            return message("facts:performance.cell_refused", file=file.name, why=why)
    return message("facts:performance.cell_missing")


def _of_source(name: str, read: SourceRead, now: datetime) -> CellPerformance | Message | None:
    """Return the record of the newest finished period of a cell, or the reason for none; None for an absent cell."""
    if read.found is None:
        return None
    key = name.casefold()
    if key in read.doubled:
        return message("facts:performance.cell_doubled")
    periods = read.by_cell.get(key)
    if not periods:
        return None
    newest = max(periods, key=lambda one: (one.end, one.seconds))
    if (doubt := _doubt(newest, periods, read, now)) is not None:
        return doubt
    if name not in read.records:
        read.records[name] = _record(name, newest, periods, read)
    return read.records[name]


def _doubt(newest: CellPeriod, periods: Sequence[CellPeriod], read: SourceRead, now: datetime) -> Message | None:
    """Reason why the newest period of a cell is not to be relied on; None without any."""
    age = now - newest.end
    if age < -_SKEW:
        kind = "facts:performance.cell_future"
    elif newest.end - newest.begin != read.period:
        kind = "facts:performance.cell_length"
    elif any(one.begin < newest.end and newest.begin < one.end for one in periods if one is not newest):
        kind = "facts:performance.cell_overlapping"
    elif age > read.period + read.allowed:
        kind = "facts:performance.cell_late"
    elif newest.suspect:
        kind = "facts:performance.cell_suspect"
    elif newest.differing:
        kind = "facts:performance.cell_differing"
    elif newest.useless and not newest.idle:
        kind = "facts:performance.cell_useless"
    else:
        return None
    minutes, counter = f"{newest.seconds / 60:g}", ", ".join(newest.differing[:3])
    return message(kind, at=_shown(newest.end), counter=counter, minutes=minutes, expected=read.source.period_minutes)


def _record(name: str, newest: CellPeriod, periods: Sequence[CellPeriod], read: SourceRead) -> CellPerformance:
    before = next((one for one in periods if one.end == newest.begin and one.seconds == newest.seconds), None)
    figures = {figure: newest.figures[figure] for figure in read.known}
    if before is not None and not before.differing:
        figures |= {f"{figure}_before": before.figures[figure] for figure in _TWICE if figure in read.known}
    hour = _last_hour(newest, periods)
    figures |= {name: _mean(one, hour) for name, one in _HOURLY.items() if one in read.known}
    times = {"ended": newest.end.astimezone(UTC), "minutes": newest.seconds // 60}
    lacking = {"idle": tuple(sorted(newest.idle & read.known)), "uncounted": read.uncounted_of(name)}
    return CellPerformance.model_validate({"cell": name, **times, **figures, **lacking})


def _last_hour(newest: CellPeriod, periods: Sequence[CellPeriod]) -> Sequence[CellPeriod]:
    """Return the periods of the hour to the end of the newest; none where they leave a gap."""
    by_end = {one.end: one for one in periods if one.seconds == newest.seconds and not one.differing}
    number, rest = divmod(_HOUR_S, newest.seconds)
    ends = (newest.end - timedelta(seconds=place * newest.seconds) for place in range(number))
    found = [one for end in ends if (one := by_end.get(end)) is not None]
    return found if len(found) == number and not rest else ()


def _mean(figure: str, periods: Sequence[CellPeriod]) -> float | None:
    """Return the mean of a figure; None without periods, and with a period without a value."""
    values = [value for one in periods if (value := one.figures[figure]) is not None]
    return fmean(values) if values and len(values) == len(periods) else None


def _shown(moment: datetime) -> str:
    return f"{local_time(moment):%d/%m/%Y %H:%M}"
