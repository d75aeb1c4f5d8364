"""Series: means and peaks per step, raw for a day and per minute for a month, apart by event and rehearsal."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from eventready.store.store import Store
from eventready.store.streams.series import RAW_S, SeriesKey, Value, ValueSeries

pytestmark = pytest.mark.slow

START = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
KEY = SeriesKey("cpu_percent", "core-1", "")
OTHER = SeriesKey("clients", "wlc", "AP-Đông")


def _after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def _add(series: ValueSeries, *values: float, every_s: float = 15, key: SeriesKey = KEY) -> None:
    series.add(Value(key, _after(number * every_s), value) for number, value in enumerate(values))


def test_steps_have_their_mean_and_peak(store: Store) -> None:
    series = store.series("night", rehearsal=False)
    _add(series, 10, 20, 30, 40, 90)
    _add(series, 7, key=OTHER)
    found = series.read(START, _after(60))
    assert [(point.at, point.mean, point.peak) for point in found[KEY]] == [(START, 25, 40), (_after(60), 90, 90)]
    assert found.keys() == {KEY, OTHER}
    assert series.read(START, _after(60), name="clients").keys() == {OTHER}
    assert series.read(START, _after(60), device="core-1", step_s=15)[KEY][2].mean == 30
    assert series.read(_after(61), _after(900)) == {}
    assert series.highest(START, _after(60), ["cpu_percent", "answer_ms"]) == {
        "cpu_percent": {START: 40, _after(60): 90}
    }
    assert (series.with_value("cpu_percent", START, 40), series.with_value("clients", START, 8)) == (KEY, None)
    for apart in (store.series("night", rehearsal=True), store.series("day", rehearsal=False)):
        assert apart.read(START, _after(60)) == {}


def test_raw_values_become_minutes_with_the_same_means_and_peaks(store: Store) -> None:
    series = store.series("night", rehearsal=False)
    _add(series, *range(240))
    before = series.read(START, _after(3600))[KEY]
    for _ in range(10):
        series.condense(_after(RAW_S + 1800))
    assert series.read(START, _after(3600))[KEY] == before
    fine = series.read(START, _after(3600), step_s=15)[KEY]
    assert len(fine) == 30 + 30 * 4
    series.condense(_after(32 * 86_400))
    assert series.read(START, _after(1799)) == {}


def test_values_that_no_database_takes(store: Store) -> None:
    series = store.series("night", rehearsal=False)
    strange = SeriesKey("clients", "wlc", "AP\x00\ud800" + "x" * 300)
    series.add([Value(strange, START, math.nan), Value(strange, START, 1), Value(strange, START, 2)])
    series.add([Value(strange, START, math.inf)])
    series.add([])
    [(key, points)] = series.read(START, START).items()
    assert key.subject == "AP" + "x" * 198
    assert [point.mean for point in points] == [2]
