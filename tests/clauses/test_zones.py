"""Deadlines and the scheduler in zones with summer time: the hour of the clock on each day, elapsed time between."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.clauses.deadlines import deadlines
from eventready.core.timezone import local_time, moment_at, use_zone
from eventready.submission.timetable import jobs, next_moment
from eventready.workspace.settings.duties import resolve_deadline
from eventready.workspace.settings.event import Event, Window
from tests.zones import SUMMER_TIME

#: Weeks with a change of the clock in all of the zones.
_SPAN = {"day": "monday", "cut_off": "11:30", "latest": "12:00", "first": "2033-03-07", "last": "2033-11-28"}
zones = st.sampled_from((*SUMMER_TIME, "Asia/Ho_Chi_Minh"))
days = st.dates(date(2033, 3, 8), date(2033, 11, 27))


def _event(zone: str, **more: object) -> Event:
    """An event with weekly reports over both changes of the clock; its zone is in use."""
    use_zone(zone)
    return Event.model_validate({
        "id": "fair", "name": "Fair", "zone": zone, "weekly_report": _SPAN,
        "recipient": {"name": "Office", "email": "office@example.org"},
        "venues": [{"id": "hall", "name": "Hall", "services": ["mobile"]}],
        "windows": [{"kind": "event", "from": "2033-10-28 20:00", "to": "2033-10-31 06:00"}], **more,
    })  # fmt: skip


@pytest.mark.parametrize("zone", SUMMER_TIME)
def test_weekly_reports_are_due_at_the_hour_of_the_clock(zone: str) -> None:
    """Each report is due at 11:30 by the clock of its day, and announced at 08:00."""
    found = deadlines(_event(zone), (), (), moment_at(date(2033, 3, 1)))
    reports = [one for one in found if one.kind == "weekly_report"]
    assert len(reports) == 39
    for one in reports:
        assert (one.due.time(), one.latest.time(), one.warn.time()) == (time(11, 30), time(12), time(8))
        assert all(moment == local_time(moment.astimezone(UTC)) for moment in (one.due, one.latest, one.warn))
    elapsed = {later.due - one.due for one, later in pairwise(reports)}
    week = timedelta(days=7)
    assert elapsed <= {week + timedelta(minutes=minutes) for minutes in (-60, -30, 0, 30, 60)}


@given(zones, days, st.integers(0, 24 * 60))
def test_the_scheduler_audits_each_day_at_its_hour(zone: str, day: date, minutes: int) -> None:
    """The last daily audit is that of the last time the clock showed 06:00; the next job is at most a day ahead."""
    event = _event(zone)
    now = moment_at(day) + timedelta(minutes=minutes)
    due = deadlines(event, (), (), now)
    (audit,) = [job.id for job in jobs(event, due, (), (), now) if job.kind == "audit"]
    at = moment_at(date.fromisoformat(audit.removeprefix("audit-")), event.schedule.audit)
    assert at <= now < moment_at(local_time(at).date() + timedelta(days=1), event.schedule.audit)
    following = next_moment(event, due, now)
    assert now < following <= moment_at(local_time(now).date() + timedelta(days=1), event.schedule.audit)


@given(zones, st.integers(-200, 20))
def test_a_deadline_before_the_opening_is_at_the_end_of_its_day(zone: str, days: int) -> None:
    """T-14 counts days of the calendar, whatever hours they have."""
    use_zone(zone)
    window = Window.model_validate({"kind": "event", "from": "2033-10-28 20:00", "to": "2033-10-31 06:00"})
    due = resolve_deadline(f"T{days:+d} 09:15" if days else "T 09:15", [window])
    assert isinstance(due, datetime)
    assert (due.date(), due.time()) == (date(2033, 10, 28) + timedelta(days=days), time(9, 15))
