"""Key figures of the wall: the highest value of each minute, though only the latest minutes are read again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from eventready.store.store import Store
from eventready.store.streams.series import SeriesKey, Value
from eventready.watch.kpi import CLIENTS, UPLINK
from eventready.watch.web.read_model import HighestFigures

START = datetime(2031, 4, 29, 12, 0, 30, tzinfo=UTC)


def test_the_highest_value_of_each_minute_is_that_of_all_series(tmp_path: Path) -> None:
    with Store(tmp_path / "night.db") as store:
        series, kept = store.series("event", rehearsal=False), HighestFigures()
        other = store.series("event", rehearsal=True)
        for step in range(75):
            now = START + timedelta(seconds=60 * step)
            values = [
                Value(
                    SeriesKey(name, f"r{number}", "port"),
                    now - timedelta(seconds=7 * number),
                    (step * 7 + number * 5) % 31,
                )
                for name in (UPLINK, CLIENTS, "cpu_percent")
                for number in range(5)
            ]
            series.add(values)
            other.add([one._replace(value=99.0) for one in values])
            found = kept.read(series, now)
            if step % 10 == 9:
                assert found == HighestFigures().read(series, now)
                for figure in found:
                    points = series.read(now - timedelta(hours=1, seconds=30), now, name=figure.name)
                    minutes: dict[datetime, float] = {}
                    for one in (point for of_key in points.values() for point in of_key):
                        minutes[one.at] = max(one.peak, minutes.get(one.at, 0.0))
                    assert {one.at: one.peak for one in figure.points} == minutes
                    assert points[figure.key][-1].peak == figure.points[-1].peak
        assert [figure.name for figure in found] == [CLIENTS, UPLINK]
        assert [len(figure.points) for figure in kept.read(series, START)] == [1, 1]
