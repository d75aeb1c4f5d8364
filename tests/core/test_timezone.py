"""Local times of zones with summer time: elapsed time, days of 23 and 25 hours, times that the clock shows twice."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.core.clock import Clock, parse_moment
from eventready.core.errors import UsageError
from eventready.core.messages import in_english
from eventready.core.timezone import (
    DEFAULT,
    aware,
    clock_time,
    local_time,
    moment_at,
    moments_of,
    use_zone,
    zone,
    zone_named,
)
from tests.zones import SUMMER_TIME

ZONES = (*SUMMER_TIME, DEFAULT, "UTC")
#: Half of all moments are near a change of the clock of one of the zones.
CHANGES = (
    "2033-03-27T01:00", "2033-10-30T01:00", "2033-03-13T07:00", "2033-11-06T06:00", "2033-04-02T15:00",
    "2033-10-01T15:30", "2011-12-30T10:00",
)  # fmt: skip
zones = st.sampled_from(ZONES)
near = st.builds(
    lambda change, minutes: datetime.fromisoformat(change).replace(tzinfo=UTC) + timedelta(minutes=minutes),
    st.sampled_from(CHANGES), st.integers(-3000, 3000),
)  # fmt: skip
moments = near | st.datetimes(*map(datetime.fromisoformat, ("2000-01-01", "2050-01-01")), timezones=st.just(UTC))
days = moments.map(datetime.date)


@given(zones, moments, moments)
def test_local_times_are_subtracted_compared_and_moved_as_elapsed_time(
    name: str, one: datetime, other: datetime
) -> None:
    """Arithmetic of local times equals that of UTC, and their wall clock is that of the zone."""
    use_zone(name)
    first, second = local_time(one), local_time(other)
    assert second - first == other - one
    assert (first < second, first == second) == (one < other, one == other)
    assert first + (other - one) == second
    assert first.replace(tzinfo=None) == one.astimezone(ZoneInfo(name)).replace(tzinfo=None)
    assert (first.utcoffset(), first.tzname()) == (
        one.astimezone(ZoneInfo(name)).utcoffset(), one.astimezone(ZoneInfo(name)).tzname()
    )  # fmt: skip
    assert datetime.fromisoformat(first.isoformat()) == one


@given(zones, days)
def test_days_follow_each_other_without_a_gap(name: str, day: date) -> None:
    """A day ends where the next begins: each moment lies in the day that the clock shows."""
    use_zone(name)
    start, end = moment_at(day), moment_at(day + timedelta(days=1))
    assert end - start in {timedelta(hours=hours) for hours in (0, 23, 23.5, 24, 24.5, 25)}
    assert end == clock_time(day, timedelta(days=1))
    for moment in (start + timedelta(minutes=minutes) for minutes in range(0, 1500, 15)):
        assert (moment < end) == (local_time(moment).date() <= day)


@pytest.mark.parametrize(
    ("name", "day", "hours"),
    [
        ("Europe/Berlin", date(2033, 3, 27), 23.0),
        ("Europe/Berlin", date(2033, 10, 30), 25.0),
        ("America/New_York", date(2033, 3, 13), 23.0),
        ("Australia/Lord_Howe", date(2033, 4, 3), 24.5),
        ("Pacific/Apia", date(2011, 12, 30), 0.0),
        (DEFAULT, date(2033, 3, 27), 24.0),
    ],
)
def test_a_day_has_the_hours_of_its_zone(name: str, day: date, hours: float) -> None:
    """The night of a change has an hour less or more, half an hour on Lord Howe, and a day was left out in Samoa."""
    use_zone(name)
    assert moment_at(day + timedelta(days=1)) - moment_at(day) == timedelta(hours=hours)


@given(zones, moments)
def test_a_written_time_means_one_moment_or_is_refused(name: str, moment: datetime) -> None:
    """A time with its offset is that moment; without it, the only one, or a sentence that names both."""
    use_zone(name)
    local = local_time(moment.replace(second=0, microsecond=0))
    assert parse_moment(local.isoformat()) == local
    text = f"{local:%Y-%m-%d %H:%M}"
    found = moments_of(local.replace(tzinfo=None))
    assert local in found
    if len(found) == 1:
        assert parse_moment(text) == local
        assert aware(local.replace(tzinfo=None)) == local
        return
    with pytest.raises(UsageError, match="occurs twice") as refused:
        parse_moment(text)
    assert all(in_english(refused.value.do).count(f"{one:%Y-%m-%d %H:%M}{one.isoformat()[-6:]}") for one in found)
    assert {parse_moment(f"{one:%Y-%m-%d %H:%M}{one.isoformat()[-6:]}") for one in found} == set(found)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Europe/Berlin", "2033-03-27 02:30"),
        ("America/New_York", "13/03/2033 02:00"),
        ("Australia/Lord_Howe", "2033-10-02 02:15"),
        ("Pacific/Apia", "2011-12-30 12:00"),
    ],
)
def test_a_time_that_the_clock_leaves_out_is_refused(name: str, text: str) -> None:
    """A time between the hands of a change is nobody's plan: it is named, and not moved."""
    use_zone(name)
    with pytest.raises(UsageError, match="does not exist"):
        parse_moment(text)


def test_a_date_begins_after_a_midnight_that_is_left_out() -> None:
    """A day without a midnight begins an hour later."""
    use_zone("Africa/Cairo")
    assert parse_moment("2033-04-29").isoformat() == "2033-04-29T01:00:00+03:00"


def test_computed_times_of_a_change_are_the_first_or_later() -> None:
    """A daily job at a time that the clock leaves out comes an hour later; at one that occurs twice, the first time."""
    use_zone("Europe/Berlin")
    assert moment_at(date(2033, 3, 27), time(2, 30)).isoformat() == "2033-03-27T03:30:00+02:00"
    assert moment_at(date(2033, 10, 30), time(2, 30)).isoformat() == "2033-10-30T02:30:00+02:00"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Asia",
        "Asia/Hanoi",
        "localtime",
        "posixrules",
        "right/Asia/Tokyo",
        "../etc/passwd",
        "/etc/passwd",
        "x" * 5000,
        "a\0b",
        "Ư/ơ",
    ],
)
def test_an_unknown_zone_is_one_error(name: str) -> None:
    """Folders, paths, long and strange names raise the same error as an unknown name."""
    with pytest.raises(ValueError):
        zone_named(name)
    with pytest.raises(ValueError):
        use_zone(name)
    assert zone().key == DEFAULT


def test_the_clock_of_a_rehearsal_starts_at_a_local_time() -> None:
    """`--now` without an offset is a time of the event's zone."""
    use_zone("America/New_York")
    now = Clock.starting("2033-07-04 20:00").now()
    assert abs(now - datetime(2033, 7, 5, 0, tzinfo=UTC)) < timedelta(seconds=30)
    assert now.utcoffset() == timedelta(hours=-4)


def test_zones_need_no_database_of_the_system() -> None:
    """Zones come with the package `tzdata`, for machines without a database."""
    code = "from eventready.core.timezone import zone_named; print(zone_named('Europe/Berlin'))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONTZPATH": ""}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "Europe/Berlin\n"
