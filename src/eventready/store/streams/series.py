"""Series of measured values: raw for a day, then mean and peak of each minute for a month. Times are real."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from math import isfinite
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import delete, func, insert, literal, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from eventready.store.database.connection import Database
from eventready.store.database.tables import Base, SampleRow, SeriesRow

MINUTE_S, RAW_S, KEPT_S = 60, 86_400, 31 * 86_400
#: Raw values made to minutes in a transaction, in seconds of their time: no other writer waits for long.
_STEP_S = 600
_LONGEST = 200
_COLUMNS = ("series", "at", "span", "value")
_SERIES, _SAMPLES = (Base.metadata.tables[row.__tablename__] for row in (SeriesRow, SampleRow))
_PEAK = func.coalesce(_SAMPLES.c.peak, _SAMPLES.c.value)


class SeriesKey(NamedTuple):
    """Identity of a series: name of the figure, device, and subject (port, cell, access point, question)."""

    name: str
    device: str
    subject: str


class Value(NamedTuple):
    """Value of a series at a real time."""

    key: SeriesKey
    at: datetime
    value: float


class Point(NamedTuple):
    """Mean and peak of a series in a step from a real time on (UTC)."""

    at: datetime
    mean: float
    peak: float


@dataclass(frozen=True)
class ValueSeries:
    """Series of an event in a store. Rehearsals are kept apart."""

    database: Database
    event: str
    rehearsal: bool
    _stored: dict[SeriesKey, int] = field(default_factory=dict)

    def add(self, values: Iterable[Value]) -> None:
        """Store values in a transaction; a later value of the same second counts. Raises StoreError."""
        finite = [one for one in values if isfinite(one.value)]
        if not finite:
            return
        with self.database.writing() as session:
            ids = self._ids(session, {one.key for one in finite})
            latest = {(ids[key], second): value for second, values in _by_second(finite) for key, _, value in values}
            _store(session, [(series, at, 0, value) for (series, at), value in latest.items()])
        self._stored.update(ids)

    def condense(self, now: datetime) -> None:
        """Make minutes of raw values older than a day, and remove minutes older than a month. Raises StoreError."""
        with self.database.writing() as session:
            raw, minutes = _SAMPLES.c.span == 0, _SAMPLES.c.span == MINUTE_S
            oldest = session.scalar(select(func.min(_SAMPLES.c.at)).where(raw))
            end = min(int(now.timestamp()) - RAW_S, (oldest or 0) + _STEP_S) // MINUTE_S * MINUTE_S
            if oldest is not None and oldest < end:
                old = raw & (_SAMPLES.c.at < end)
                means = select(_SAMPLES.c.series, literal(MINUTE_S), *_means(MINUTE_S)).where(old)
                columns = ("series", "span", "at", "value", "peak")
                session.execute(insert(_SAMPLES).from_select(columns, means.group_by(_SAMPLES.c.series, _at(MINUTE_S))))
                session.execute(delete(_SAMPLES).where(old))
            session.execute(delete(_SAMPLES).where(minutes, _SAMPLES.c.at < int(now.timestamp()) - KEPT_S))

    def read(
        self, since: datetime, until: datetime, *, name: str | None = None, device: str | None = None, step_s: int = 60
    ) -> Mapping[SeriesKey, tuple[Point, ...]]:
        """Return the series between two real times in steps, oldest first. Raises StoreError.

        `name`, `device`: those alone. A step without a value has no point.
        """
        with self.database.reading() as session:
            wanted = _own(self.event, rehearsal=self.rehearsal)
            wanted = wanted.where(_SERIES.c.name == name) if name else wanted
            wanted = wanted.where(_SERIES.c.device == device) if device else wanted
            keys = _known(session, wanted)
            times = _SAMPLES.c.at.between(int(since.timestamp()), int(until.timestamp()))
            rows = select(_SAMPLES.c.series, *_means(step_s)).where(
                _SAMPLES.c.span.in_((0, MINUTE_S)), times, _SAMPLES.c.series.in_(wanted.with_only_columns(_SERIES.c.id))
            )
            found = session.execute(
                rows.group_by(_SAMPLES.c.series, _at(step_s)).order_by(_SAMPLES.c.series, _at(step_s))
            )
            return {
                keys[key]: tuple(Point(datetime.fromtimestamp(at, UTC), mean, peak) for _, at, mean, peak in points)
                for key, points in groupby(found, key=lambda row: int(row[0]))
            }

    def highest(self, since: datetime, until: datetime, names: Sequence[str]) -> Mapping[str, Mapping[datetime, float]]:
        """Return the highest value of all series of each name by minute, oldest first. Raises StoreError.

        The database compares them: an hour of a large network has millions of values.
        """
        found: dict[str, dict[datetime, float]] = {}
        with self.database.reading() as session:
            wanted = self._values(since, until, _SERIES.c.name, _at(MINUTE_S), func.max(_PEAK))
            grouped = wanted.where(_SERIES.c.name.in_(names)).group_by(_SERIES.c.name, _at(MINUTE_S))
            for name, at, peak in session.execute(grouped.order_by(_SERIES.c.name, _at(MINUTE_S))):
                found.setdefault(name, {})[datetime.fromtimestamp(at, UTC)] = peak
        return found

    def with_value(self, name: str, minute: datetime, value: float) -> SeriesKey | None:
        """Return a series of a name with at least this value in a minute. Raises StoreError."""
        until = minute + timedelta(seconds=MINUTE_S - 1)
        wanted = self._values(minute, until, *(_SERIES.c[part] for part in SeriesKey._fields))
        with self.database.reading() as session:
            first = session.execute(wanted.where(_SERIES.c.name == name, value <= _PEAK).limit(1)).first()
        return SeriesKey(*first) if first else None

    def _values(self, since: datetime, until: datetime, *columns: Any) -> Any:
        """Query of the values of own series between two real times."""
        wanted = select(*columns).join_from(_SAMPLES, _SERIES, _SERIES.c.id == _SAMPLES.c.series)
        times = _SAMPLES.c.at.between(int(since.timestamp()), int(until.timestamp()))
        own = (_SERIES.c.event == self.event, _SERIES.c.rehearsal == self.rehearsal)
        return wanted.where(_SAMPLES.c.span.in_((0, MINUTE_S)), times, *own)

    def _ids(self, session: Session, keys: set[SeriesKey]) -> dict[SeriesKey, int]:
        """Ids of series; new ones are created. Those of committed series are kept in memory."""
        if keys <= self._stored.keys():
            return self._stored
        plain = {key: _plain(key) for key in keys}
        known = self._read_ids(session)
        head = {"event": self.event, "rehearsal": self.rehearsal}
        if new := sorted({*plain.values()} - known.keys()):
            session.execute(insert(_SERIES), [{**head, **key._asdict()} for key in new])
            known = self._read_ids(session)
        return {key: known[name] for key, name in plain.items()}

    def _read_ids(self, session: Session) -> dict[SeriesKey, int]:
        return {key: number for number, key in _known(session, _own(self.event, rehearsal=self.rehearsal)).items()}


def _own(event: str, *, rehearsal: bool) -> Any:
    columns = (_SERIES.c.id, *(_SERIES.c[name] for name in SeriesKey._fields))
    return select(*columns).where(_SERIES.c.event == event, _SERIES.c.rehearsal == rehearsal)


def _known(session: Session, wanted: Any) -> dict[int, SeriesKey]:
    return {number: SeriesKey(*key) for number, *key in session.execute(wanted)}


def _at(step_s: int) -> Any:
    return _SAMPLES.c.at - _SAMPLES.c.at % literal_column(str(step_s))


def _means(step_s: int) -> Iterator[Any]:
    """Columns of a step: begin, mean, peak."""
    yield _at(step_s)
    yield func.avg(_SAMPLES.c.value)
    yield func.max(_PEAK)


def _by_second(values: Iterable[Value]) -> Iterator[tuple[int, Iterator[Value]]]:
    """Values in their order, by second; those of a reading share their time, and hashing a time is slow."""
    for at, together in groupby(values, key=lambda one: one.at):
        yield int(at.timestamp()), together


def _store(session: Session, rows: Sequence[tuple[int, int, int, float]]) -> None:
    """Insert or replace raw values (`_COLUMNS`) by a compiled statement: SQLAlchemy takes longer for a row than the
    database.
    """
    dialect = session.get_bind().dialect
    new = (postgresql.insert if dialect.name == "postgresql" else sqlite.insert)(_SAMPLES)
    upsert = new.on_conflict_do_update(index_elements=list(_SAMPLES.primary_key), set_={"value": new.excluded.value})
    compiled = upsert.compile(dialect=dialect, column_keys=_COLUMNS)
    if names := compiled.positiontup:
        ordered = map(itemgetter(*map(_COLUMNS.index, names)), rows)
        session.connection().exec_driver_sql(str(compiled), [*ordered])
    else:
        session.connection().exec_driver_sql(str(compiled), [dict(zip(_COLUMNS, row, strict=True)) for row in rows])


def _plain(key: SeriesKey) -> SeriesKey:
    """Names as every database takes them."""
    if all(part.isprintable() and len(part) <= _LONGEST for part in key):
        return key
    return SeriesKey(*("".join(filter(str.isprintable, part))[:_LONGEST] for part in key))
