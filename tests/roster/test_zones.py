"""Rosters in zones with summer time: shifts over a change of the clock, days of 23 and 25 hours, kept versions."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from eventready.core.timezone import clock_time, local_time, moment_at, use_zone
from eventready.roster.exports.calendar import to_calendars
from eventready.roster.exports.chart import chart, lanes
from eventready.roster.exports.table import time_of
from eventready.roster.reading.legend import between, of_code
from eventready.roster.reading.load import load_roster
from eventready.roster.roster import Person, Roster, Shift
from eventready.roster.rulebook.times import _per_day
from eventready.roster.rules import check
from eventready.roster.settings import Code, RosterSettings
from eventready.roster.versions import Shelf
from tests.roster.books import HEAD, LINE, event, ledger
from tests.zones import SUMMER_TIME

#: Days around a change of the clock in each zone.
CHANGED = {
    "Europe/Berlin": (date(2033, 3, 27), date(2033, 10, 30)),
    "America/New_York": (date(2033, 3, 13), date(2033, 11, 6)),
    "Australia/Lord_Howe": (date(2033, 4, 3), date(2033, 10, 2)),
    "Pacific/Apia": (date(2011, 12, 30),),
}
near_changes = st.sampled_from([(name, day) for name in SUMMER_TIME for day in CHANGED[name]])
hours = st.integers(0, 23).map(lambda hour: timedelta(hours=hour))


@given(near_changes, hours)
def test_three_shifts_cover_each_day_around_a_change(changed: tuple[str, date], begin: timedelta) -> None:
    """Shifts of a third of the clock follow each other, and last the hours that pass."""
    name, day = changed
    use_zone(name)
    third = timedelta(hours=8)
    ends = [begin % timedelta(days=1) + number * third for number in range(4)]
    codes = [
        Code.model_validate({"from": a % timedelta(days=1), "to": b % timedelta(days=1)}) for a, b in pairwise(ends)
    ]
    first = day - timedelta(days=3)
    spans = []
    for number in range(6):
        on = first + timedelta(days=number)
        for code, start in zip(codes, ends, strict=False):
            spans.append(of_code(code, "C", on + timedelta(days=start // timedelta(days=1))))
    assert all(one.end == other.start for one, other in pairwise(spans))
    assert sum((span.end - span.start for span in spans), timedelta()) == spans[-1].end - spans[0].start
    assert spans[0].start == clock_time(first, begin)


@pytest.mark.parametrize(
    ("name", "day", "lasts"),
    [
        ("Europe/Berlin", date(2033, 10, 29), 9),
        ("Europe/Berlin", date(2033, 3, 26), 7),
        ("America/New_York", date(2033, 11, 5), 9),
        ("Australia/Lord_Howe", date(2033, 4, 2), 8.5),
        ("Asia/Ho_Chi_Minh", date(2033, 10, 29), 8),
    ],
)
def test_a_night_shift_over_a_change_is_longer_or_shorter(name: str, day: date, lasts: float) -> None:
    """A night from 22:00 to 06:00 lasts the hours of that night, and is worked in full."""
    use_zone(name)
    night = between(day, timedelta(hours=22), timedelta(hours=6))
    assert night.end - night.start == timedelta(hours=lasts)
    assert sum(_per_day([(night.start, night.end)]).values(), timedelta()) == timedelta(hours=lasts)
    shown = time_of(Shift("An", "CA", night.start, night.end))
    assert "22:00" in shown
    assert "06:00" in shown


@given(near_changes, st.integers(-3000, 3000), st.integers(1, 4000))
def test_working_time_by_day_adds_up(changed: tuple[str, date], begins: int, lasts: int) -> None:
    """No minute of a shift is lost or counted twice by the days of the calendar."""
    name, day = changed
    use_zone(name)
    start = local_time(moment_at(day).astimezone(UTC) + timedelta(minutes=begins))
    worked = _per_day([(start, start + timedelta(minutes=lasts))])
    assert sum(worked.values(), timedelta()) == timedelta(minutes=lasts)
    assert all(
        spent <= moment_at(on + timedelta(days=1)) - moment_at(on) and spent > timedelta()
        for on, spent in worked.items()
    )


def test_the_chart_shows_the_wall_clock_of_a_long_and_a_short_day() -> None:
    """A day has 48 half hours by the clock: the repeated hour shows its worse half, the missing one is outside."""
    use_zone("Europe/Berlin")
    for day, gap in ((date(2033, 10, 30), "2033-10-30 00:30+00:00"), (date(2033, 3, 27), "2033-03-26 23:30+00:00")):
        missing = datetime.fromisoformat(gap)
        start, end = moment_at(day), moment_at(day + timedelta(days=1))
        settings = RosterSettings.model_validate({"from": start.isoformat(), "to": end.isoformat()})
        shifts = (Shift("An", "CA", start, missing), Shift("An", "CA", missing + timedelta(minutes=30), end))
        roster = Roster.of((Person("An", "An"),), shifts)
        lane = [lane for lane in lanes(roster, event(), settings) if lane.role == "CA"]
        cells = next(line for line in chart(lane, "en", every_day=True) if f"{day:%d/%m}" in line)[-48:]
        assert len(cells) == 48
        if day.month == 10:
            assert cells == "█████·" + "█" * 42  # 02:30 is covered the first time only, or the second
        else:
            assert cells == "█·██  " + "█" * 42  # 02:00 does not exist


@pytest.mark.parametrize(("hours_", "found"), [(2.5, 1), (1.5, 0), (3, 0)], ids=["twice", "before", "after"])
def test_a_change_of_shift_in_the_repeated_hour_is_a_question(hours_: float, found: int) -> None:
    """A list has one 02:30: an hour without staff may hide in it, and a person decides."""
    use_zone("Europe/Berlin")
    day = date(2033, 10, 30)
    start, change, end = moment_at(day), clock_time(day, timedelta(hours=hours_)), moment_at(day + timedelta(days=1))
    settings = RosterSettings.model_validate({"from": start.isoformat(), "to": end.isoformat()})
    shifts = (Shift("An", "CA", start, change), Shift("Vy", "CA", change, end))
    report = check(Roster.of((Person("An", "An"), Person("Vy", "Vy")), shifts), event(), settings)
    twice = [one for one in report.findings if one.message.id == "roster:handover.twice"]
    assert [(one.severity, one.start, one.who) for one in twice] == [("warn", change, ("An", "Vy"))] * found


def test_the_calendar_of_a_person_names_the_zone_of_the_event(tmp_path: Path) -> None:
    """Times of a calendar file are of the zone, with its rules, and mean the moments of the roster."""
    use_zone("Europe/Berlin")
    night = between(date(2033, 10, 29), timedelta(hours=22), timedelta(hours=6))
    roster = Roster.of((Person("An", "An"),), (Shift("An", "CA", night.start, night.end),))
    (written,) = to_calendars(roster, event(), night.start).values()
    calendar = Calendar.from_ical(written)
    assert [found["TZID"] for found in calendar.walk("VTIMEZONE")] == ["Europe/Berlin"]
    (entry,) = calendar.walk("VEVENT")
    assert (entry.decoded("dtstart"), entry.decoded("dtend")) == (night.start, night.end)
    assert "DTSTART;TZID=Europe/Berlin:20331029T220000" in written.decode()


def test_a_kept_version_stays_valid_in_another_zone(tmp_path: Path) -> None:
    """The seal of a version is of its written times: a new zone of the event changes none of them."""
    path = ledger(tmp_path / "roster.xlsx", [HEAD, LINE])
    vietnamese = load_roster(path, event(), RosterSettings())
    shelf = Shelf(tmp_path)
    kept = shelf.keep(vietnamese, moment_at(date(2022, 4, 20)))
    assert "+07:00" in (tmp_path / ".eventready" / "rosters" / "0001.json").read_text(encoding="utf-8")
    use_zone("Europe/Berlin")
    (found,) = shelf.versions()
    assert found == dataclasses.replace(kept, roster=found.roster)
    assert found.roster == vietnamese
    assert shelf.changes(load_roster(path, event(), RosterSettings()))
