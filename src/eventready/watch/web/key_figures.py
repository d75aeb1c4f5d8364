"""Key figures of the wall: the highest values of the last hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from eventready.store.streams.series import Point, SeriesKey, ValueSeries
from eventready.watch.kpi import ANSWER, CHANNELS, CLIENTS, REFUSED, UPLINK

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
