"""Read model of the pages: snapshot of the watch, record, incidents, changes and roster. Nothing is written.

A failed reading is no empty answer: `Night.broken` has the reason, and the page is red.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from eventready.change.execute.progress import ProgressReader, RecordedProgress
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, StoreError
from eventready.incidents.incident import Incident
from eventready.incidents.log import incidents
from eventready.roster.reading.load import load_roster
from eventready.roster.roster import Person, Roster, Shift
from eventready.roster.settings import load_settings
from eventready.store.changes import LockHolder
from eventready.store.run import Run
from eventready.store.store import Store
from eventready.store.streams.series import Point, SeriesKey, ValueSeries
from eventready.store.waiting_changes import WaitingChange
from eventready.watch.alerts.acts import Act, Acts
from eventready.watch.kpi import ANSWER, CHANNELS, CLIENTS, REFUSED, UPLINK
from eventready.watch.record import WatchRecord
from eventready.watch.snapshot import OUTDATED, Snapshots
from eventready.watch.snapshot_record import Snapshot
from eventready.workspace.workspace import Workspace

#: Seconds of a figure's line, and those before the last reading that are read again: values wait for each other.
LINE_S, _AGAIN_S = 3600.0, 120.0
#: Figures of the wall.
_FIGURES = (REFUSED, CHANNELS, CLIENTS, UPLINK, ANSWER)


@dataclass(frozen=True)
class KeyFigure:
    """Key figure: the highest value of all subjects per minute, with device and subject of the latest."""

    name: str
    points: Sequence[Point]
    key: SeriesKey

    @property
    def polyline(self) -> str:
        """Points of the line in a box of 120 x 28, from zero; its width is an hour."""
        top, end = max(one.peak for one in self.points) or 1.0, datetime.now(UTC)
        ages = (((end - one.at).total_seconds(), one.peak) for one in self.points)
        return " ".join(f"{120 * (1 - age / LINE_S):.1f},{27 - 26 * value / top:.1f}" for age, value in ages)

    @property
    def age_s(self) -> float:
        """Seconds since the latest minute with a value."""
        return (datetime.now(UTC) - self.points[-1].at).total_seconds()


class HighestFigures:
    """Highest values of all subjects per minute; only the latest minutes are read again."""

    def __init__(self) -> None:
        self._minutes: Mapping[str, Mapping[datetime, float]] = {}
        self._read_at: datetime | None = None

    def read(self, series: ValueSeries, now: datetime) -> Sequence[KeyFigure]:
        """Return the figures with a value in the last hour. Raises StoreError."""
        begin = since = _minute(now - timedelta(seconds=LINE_S))
        if self._read_at and begin < self._read_at <= now:
            since = max(begin, _minute(self._read_at - timedelta(seconds=_AGAIN_S)))
        found = series.highest(since, now, _FIGURES)
        self._minutes, self._read_at = {name: self._joined(name, begin, since, found) for name in _FIGURES}, now
        figures = [_figure(series, name, minutes) for name, minutes in self._minutes.items() if minutes]
        return [one for one in figures if one]

    def _joined(
        self, name: str, begin: datetime, since: datetime, found: Mapping[str, Mapping[datetime, float]]
    ) -> Mapping[datetime, float]:
        """Return the minutes from before, and those read again."""
        known = self._minutes.get(name, {}).items()
        return {at: value for at, value in known if begin <= at < since} | dict(found.get(name, {}))


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _figure(series: ValueSeries, name: str, minutes: Mapping[datetime, float]) -> KeyFigure | None:
    last = max(minutes)
    key = series.with_value(name, last, minutes[last])
    return KeyFigure(name, [Point(at, value, value) for at, value in minutes.items()], key) if key else None


#: Seconds after which the roster and the figures are read again.
_ROSTER_S, _FIGURES_S = 60.0, 20.0
#: Seconds for which an audit speaks for the network as a whole.
_AUDIT_S = 86_400


@dataclass(frozen=True)
class OnDuty:
    """Person on duty, with the shift."""

    person: Person
    shift: Shift


@dataclass(frozen=True)
class Night:
    """State of the night at a moment of the event's clock.

    `snapshot`: as kept by the watch, None before the first. `age_s`: its age. `broken`: reason of a failed reading.
    `incidents`: those without a restoration, or with a notice still due. `acts`: silences, acknowledgements and notes
    in force. `audit_age_s`: age of the last full audit, None without an audit. `outdated`: the inventory was changed
    after these pages or the watch began. `progress`: of the changes that hold locks. `waiting`: changes announced for a
    later begin, by their begin; also those lost with their process.
    """

    moment: datetime
    snapshot: Snapshot | None = None
    age_s: float | None = None
    broken: EventreadyError | None = None
    incidents: Sequence[Incident] = ()
    changes: Sequence[LockHolder] = ()
    acts: Sequence[Act] = ()
    figures: Sequence[KeyFigure] = ()
    on_duty: Sequence[OnDuty] = ()
    roster_broken: EventreadyError | None = None
    audit_age_s: float | None = None
    outdated: bool = False
    progress: Sequence[RecordedProgress] = ()
    waiting: Sequence[WaitingChange] = ()

    @property
    def gone(self) -> bool:
        """True without data of the present: no watch, an ended watch, or no database."""
        old = self.snapshot is None or self.age_s is None or self.snapshot.is_old(self.age_s)
        return self.broken is not None or old

    @property
    def audit_is_old(self) -> bool:
        """True for a last full audit of more than a day ago: the network as a whole may have changed since."""
        return self.audit_age_s is not None and self.audit_age_s > _AUDIT_S

    @property
    def since(self) -> datetime | None:
        """Time of the data, on the event's clock."""
        return self.snapshot.at if self.snapshot else None

    @property
    def notes(self) -> Sequence[str]:
        """Ids of sentences about the calls of the present watch."""
        found = self.snapshot.notes if self.snapshot and not self.gone else ()
        return [one for one in found if one != OUTDATED]


@dataclass
class ReadModel:
    """Reader of the store and the roster of a workspace. Safe for several threads."""

    workspace: Workspace
    store: Store
    clock: Clock
    _last: Night | None = None
    _audit: Run | None = None
    _roster: Roster | EventreadyError = field(default_factory=lambda: Roster((), ()))
    _roster_at: float = float("-inf")
    _figures: Sequence[KeyFigure] = ()
    _highest: HighestFigures = field(default_factory=HighestFigures)
    _figures_at: float = float("-inf")
    _audited: datetime | None = None

    @cached_property
    def _snapshots(self) -> Snapshots:
        return Snapshots(self.store, self.workspace.event.id, self.clock)

    @cached_property
    def _progress(self) -> ProgressReader:
        return ProgressReader(self.store.changes)

    @property
    def record(self) -> WatchRecord:
        """Record of the watch."""
        return WatchRecord(self.store, self.workspace.event.id, self.clock)

    def night(self) -> Night:
        """Return the present state; with the last known data where the store cannot be read."""
        moment, event = self.clock.now(), self.workspace.event
        roster = self._current_roster()
        duty = on_duty(roster, moment) if isinstance(roster, Roster) else ()
        problem = None if isinstance(roster, Roster) else roster
        try:
            snapshot = self._snapshots.latest()
            age = snapshot.age_s if snapshot else None
            own = [one for one in incidents(self.store) if one.rehearsal == self.clock.rehearsal]
            own = [one for one in own if one.pending(event.notice_limits, moment)]
            acts, locks = Acts(self.store, event.id, self.clock).active(), self.store.changes.locks()
            figures = self._lines()
            audit_age = (self.clock.real() - self._audited).total_seconds() if self._audited else None
            outdated = self.workspace.changed or (snapshot is not None and OUTDATED in snapshot.notes)
            self._last = Night(
                moment, snapshot, age, None, own, locks, acts, figures, duty, problem, audit_age, outdated,
                self._progress.read(locks, self.clock.real()), self.store.waiting.pending(),
            )  # fmt: skip
        except StoreError as error:
            last = self._last.snapshot if self._last else None
            age = last.age_s if last else None
            return Night(moment, last, age, error, on_duty=duty, roster_broken=problem)
        return self._last

    def last_audit(self) -> Run | None:
        """Return the last full audit; None without an audit. Raises StoreError."""
        full = self._full_audits()
        if full and (self._audit is None or self._audit.id != full[-1]):
            self._audit = self.store.get(full[-1])
        return self._audit if full else None

    def _full_audits(self) -> Sequence[str]:
        event, devices = self.workspace.event.id, len(self.workspace.devices)
        return self.store.full_runs(event, devices, rehearsal=self.clock.rehearsal)

    def figures_of(self, device: str) -> Sequence[KeyFigure]:
        """Return the key figures of a device in the last hour. Raises StoreError."""
        now = self.clock.real()
        series = self.store.series(self.workspace.event.id, rehearsal=self.clock.rehearsal)
        found = series.read(now - timedelta(seconds=LINE_S), now, device=device)
        return [KeyFigure(key.name, points, key) for key, points in sorted(found.items())]

    def _lines(self) -> Sequence[KeyFigure]:
        """Return the figures of the last hour, and look up the last full audit. Raises StoreError."""
        if time.monotonic() - self._figures_at >= _FIGURES_S:
            now = self.clock.real()
            series = self.store.series(self.workspace.event.id, rehearsal=self.clock.rehearsal)
            self._figures = self._highest.read(series, now)
            full = self._full_audits()[-1:]
            ends = [one.finished for one in self.store.runs() if one.id in full and one.finished]
            self._audited = datetime.fromisoformat(ends[0]) if ends else None
            self._figures_at = time.monotonic()
        return self._figures

    def _current_roster(self) -> Roster | EventreadyError:
        if time.monotonic() - self._roster_at >= _ROSTER_S:
            self._roster_at = time.monotonic()
            folder = self.workspace.path / "inventory"
            try:
                settings = load_settings(folder)
                self._roster = load_roster(folder / settings.file, self.workspace.event, settings)
            except EventreadyError as error:
                self._roster = error
        return self._roster


def on_duty(roster: Roster, moment: datetime) -> list[OnDuty]:
    """Return the people on duty at a moment, in the order of roles and places."""
    shifts = [shift for shift in roster.shifts if shift.start <= moment < shift.end]
    return [
        OnDuty(roster.by_id.get(one.person) or Person(one.person, one.person), one)
        for one in sorted(shifts, key=lambda one: (one.role, one.place, one.person))
    ]
