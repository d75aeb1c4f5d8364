"""What is due when, with holidays and the days given for them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar as Ics

from eventready.clauses.calendar import Calendar
from eventready.clauses.deadlines import Deadline, deadlines, weekly
from eventready.clauses.ics import to_ics, write_ics
from eventready.core.errors import UsageError
from eventready.delivery.mail.delivery_log import SentDocument
from eventready.incidents.incident import Incident
from eventready.workspace.settings.event import DaysOff, Event
from eventready.workspace.workspace import Workspace
from tests.clauses.conftest import duty, moment
from tests.zones import TZ

NOW = moment("2022-04-25 07:00")


def one(event: Event, name: str, now: datetime = NOW, *sent: SentDocument, **more: Any) -> Deadline:
    """The deadline of a name."""
    found = deadlines(event, (), sent, now, **more)
    return next(deadline for deadline in found if deadline.id == name)


@pytest.mark.parametrize(
    ("monday", "warned"),
    [
        ("2022-04-04", "2022-04-01"),
        ("2022-04-11", "2022-04-08"),  # the Hùng Kings' day fell on a Sunday: this Monday is given for it
        ("2022-04-18", "2022-04-15"),
        ("2022-05-02", "2022-04-29"),  # given for 30 April, a Saturday
        ("2022-05-09", "2022-05-06"),
    ],
)
def test_mondays_are_warned_of_on_the_last_working_day_before(workspace: Workspace, monday: str, warned: str) -> None:
    found = one(workspace.event, f"weekly-{monday}")
    assert found.due == moment(f"{monday} 11:30")
    assert found.latest == moment(f"{monday} 12:00")
    assert found.warn == moment(f"{warned} 08:00")
    holiday = monday in ("2022-04-11", "2022-05-02")
    note = found.note.render("vi") if found.note else ""
    assert ("vẫn phải báo cáo" in note) is holiday
    assert (f"ngày làm việc cuối {moment(warned):%d/%m/%Y}" in note) is holiday


def test_after_two_days_off_the_report_is_warned_of_before_both() -> None:
    """2 and 3 May 2022 are given for 30 April and 1 May: the working day before 4 May is 29 April."""
    calendar = Calendar()
    assert calendar.off(date(2022, 5, 3))
    assert calendar.working_day_before(date(2022, 5, 4)) == date(2022, 4, 29)


def test_a_workspace_adds_and_removes_days() -> None:
    calendar = Calendar(DaysOff(add=(date(2022, 4, 29),), remove=(date(2022, 4, 30), date(2022, 4, 11))))
    assert calendar.off(date(2022, 4, 11)) is None
    assert calendar.off(date(2022, 4, 29)) is not None
    assert calendar.working_day_before(date(2022, 5, 2)) == date(2022, 4, 30)
    assert Calendar(DaysOff(add=(date(2022, 4, 29),))).working_day_before(date(2022, 5, 2)) == date(2022, 4, 28)


@pytest.mark.parametrize(
    ("now", "status"),
    [
        ("2022-04-22 07:59", "open"),
        ("2022-04-22 08:00", "near"),
        ("2022-04-25 11:30", "near"),
        ("2022-04-25 11:31", "due"),
        ("2022-04-25 12:00", "due"),
        ("2022-04-25 12:01", "late"),
    ],
)
def test_a_monday_hour_by_hour(workspace: Workspace, now: str, status: str) -> None:
    assert one(workspace.event, "weekly-2022-04-25", moment(now)).status == status


@pytest.mark.parametrize(
    ("at", "due", "status"),
    [
        ("2022-04-25 11:59", "2022-04-25", "done"),
        ("2022-04-25 12:01", "2022-04-25", "done_late"),
        ("2022-04-22 16:00", None, "done"),  # on Friday, for the Monday to come
        ("2022-04-26 09:00", None, "done_late"),
        ("2022-04-25 11:00", "2022-04-18", "late"),  # that was last week's
    ],
)
def test_a_report_that_was_sent(workspace: Workspace, at: str, due: str | None, status: str) -> None:
    paper = SentDocument("weekly-report", moment(at), date.fromisoformat(due) if due else None)
    assert one(workspace.event, "weekly-2022-04-25", moment("2022-04-27 08:00"), paper).status == status


def test_sent_again_the_first_counts(workspace: Workspace) -> None:
    due = date(2022, 4, 25)
    papers = [SentDocument("weekly-report", moment(f"2022-04-25 {hour}"), due) for hour in ("11:00", "15:00")]
    for order in (papers, papers[::-1]):
        assert one(workspace.event, "weekly-2022-04-25", moment("2022-04-27"), *order).status == "done"


@pytest.mark.parametrize(
    ("sent", "now", "status"),
    [
        (None, "2022-04-21 08:00", "open"),
        (None, "2022-04-22 08:00", "near"),
        (None, "2022-04-27 23:59", "near"),
        (None, "2022-04-28 00:00", "late"),
        ("2022-04-27 23:59", "2022-04-29", "done"),
        ("2022-04-28 00:00", "2022-04-29", "done_late"),  # "trước ngày 28/4": strictly before
    ],
)
def test_the_duty_list(workspace: Workspace, sent: str | None, now: str, status: str) -> None:
    papers = [SentDocument("duty-list", moment(sent))] if sent else []
    assert one(workspace.event, "duty-list", moment(now), *papers).status == status


@pytest.mark.parametrize(
    ("now", "status"),
    [("2022-04-20", "open"), ("2022-04-25", "near"), ("2022-04-26 00:00", "in_force"), ("2022-05-02 00:00", "over")],
)
def test_the_freeze(workspace: Workspace, now: str, status: str) -> None:
    assert one(workspace.event, "freeze-1", moment(now)).status == status


@pytest.mark.parametrize(
    ("audits", "status"),
    [((), "late"), (("2022-04-14 23:00",), "late"), (("2022-04-20",), "done"), (("2022-04-23",), "done_late")],
)
def test_an_audit_in_its_time_proves_a_test(workspace: Workspace, audits: tuple[str, ...], status: str) -> None:
    found = one(workspace.event, "test-audit-1", audits=[moment(audit) for audit in audits])
    assert found.status == status


def test_a_clause_proves_a_test(workspace: Workspace) -> None:
    later = moment("2022-04-26 08:00")
    assert one(workspace.event, "test-drill", later).status == "late"
    assert one(workspace.event, "test-drill", later, done=["1.2g"]).status == "done"


def test_clauses_and_whose_they_are(workspace: Workspace) -> None:
    found = {
        d.id: d for d in deadlines(workspace.event, workspace.duties, (), NOW, done=["1.2a"]) if d.kind == "clause"
    }
    assert list(found) == ["clause-1.1a", "clause-1.2a", "clause-1.2g", "clause-4.b", "clause-1.3a", "clause-1.1d"]
    assert (found["clause-1.1a"].status, found["clause-1.2a"].status) == ("late", "done")
    assert found["clause-1.1a"].owner == "Kế hoạch"
    postal = workspace.event.model_copy(update={"operator": "postal"})
    assert [d.id for d in deadlines(postal, workspace.duties, (), NOW) if d.kind == "clause"] == ["clause-4.b"]


def test_notices_of_an_incident(workspace: Workspace) -> None:
    incident = Incident("SC-1", NOW, NOW, "hall", "Hall", ("mobile",), "outage", "Mất điện", "A")
    found = deadlines(workspace.event, (), (), moment("2022-04-25 07:31"), incidents=(incident,))
    notices = [d for d in found if d.kind == "incident"]
    assert len(notices) == 6
    assert [d.id for d in notices if d.late] == ["SC-1-first-department", "SC-1-first-police"]


def test_an_event_without_reports_has_none(workspace: Workspace) -> None:
    event = workspace.event.model_copy(update={"weekly_report": None, "duty_list_before": None, "tests": ()})
    assert [d.kind for d in deadlines(event, (), (), NOW)] == ["freeze"]


MOMENTS = st.datetimes(datetime(2022, 3, 1), datetime(2022, 6, 1)).map(lambda found: found.replace(tzinfo=TZ))  # noqa: DTZ001
PAPERS = st.builds(SentDocument, st.sampled_from(["weekly-report", "duty-list"]), MOMENTS)


@pytest.fixture(scope="module")
def event() -> Event:
    """The event without its folder."""
    import yaml

    from tests.clauses.conftest import EVENT

    class Plain(yaml.SafeLoader):
        """Times stay text, as our own reader has them."""

    Plain.yaml_implicit_resolvers = {}
    return Event.model_validate(yaml.load(EVENT, Plain))


@given(MOMENTS, st.lists(PAPERS, max_size=5))
def test_deadlines_are_in_order_and_warned_of_before_they_are_due(
    event: Event, now: datetime, sent: list[SentDocument]
) -> None:
    found = deadlines(event, [duty(checks=("cpu",), due="2022-04-26 23:59")], sent, now)
    assert [d.due for d in found] == sorted(d.due for d in found)
    assert len({d.id for d in found}) == len(found)
    for deadline in found:
        assert deadline.warn <= deadline.due <= deadline.latest
        assert not deadline.late or now > deadline.latest


@given(MOMENTS, st.lists(PAPERS, max_size=4), PAPERS)
def test_sending_more_makes_nothing_late(
    event: Event, now: datetime, sent: list[SentDocument], more: SentDocument
) -> None:
    before = {d.id for d in weekly(event, sent, now) if d.late}
    after = {d.id for d in weekly(event, [*sent, more], now) if d.late}
    assert after <= before


@given(MOMENTS, st.integers(0, 40))
def test_time_alone_never_repairs_what_is_late(event: Event, now: datetime, days: int) -> None:
    before = {d.id for d in deadlines(event, (), (), now) if d.late}
    after = {d.id for d in deadlines(event, (), (), now + timedelta(days=days)) if d.late}
    assert before <= after


@given(st.dates(date(2022, 1, 1), date(2022, 12, 31)))
def test_the_working_day_before_is_one(day: date) -> None:
    calendar = Calendar()
    found = calendar.working_day_before(day)
    assert found < day
    assert calendar.off(found) is None
    between = [found + timedelta(days=n) for n in range(1, (day - found).days)]
    assert all(calendar.off(one) for one in between)


def test_calendar_file(workspace: Workspace) -> None:
    found = deadlines(workspace.event, workspace.duties, (), NOW)
    made = to_ics(found, workspace.event, NOW)
    assert made == to_ics(found, workspace.event, NOW)
    assert b"TRIGGER;VALUE=DATE-TIME:" in made
    assert b"TRIGGER:" not in made
    entries: dict[str, Any] = {str(entry["uid"]): entry for entry in Ics.from_ical(made).walk("VEVENT")}
    assert len(entries) == len(found)
    monday = entries["weekly-2022-05-02@le-30.eventready"]
    assert str(monday["summary"]) == "Báo cáo tuần, thứ Hai 02/05/2022"
    assert (monday["dtstart"].dt, monday["dtend"].dt) == (moment("2022-05-02 11:15"), moment("2022-05-02 12:00"))
    assert [alarm["trigger"].dt for alarm in monday.walk("VALARM")] == [moment("2022-04-29 08:00")]
    freeze = entries["freeze-1@le-30.eventready"]
    assert (freeze["dtstart"].dt, freeze["dtend"].dt) == (moment("2022-04-26 00:00"), moment("2022-05-02 00:00"))
    assert b"\r\n" in made
    assert workspace.event.name_vi
    for lang, name in (("vi", workspace.event.name_vi), ("en", workspace.event.name)):
        assert str(Ics.from_ical(to_ics(found, workspace.event, NOW, lang))["x-wr-calname"]) == name


def test_a_freeze_at_some_venues_has_their_names_as_its_location(workspace: Workspace) -> None:
    event = workspace.event
    names = event.venue_ids[:2]
    windows = [one.model_copy(update={"venues": names if one.kind == "freeze" else ()}) for one in event.windows]
    for placed, expected in ((event, None), (event.model_copy(update={"windows": windows}), names)):
        made = to_ics(deadlines(placed, (), (), NOW), placed, NOW)
        entries = {str(one["uid"]): one for one in Ics.from_ical(made).walk("VEVENT")}
        location = ", ".join(event.venue(name).title.render("vi") for name in expected) if expected else None
        assert entries[f"freeze-1@{event.id}.eventready"].get("location") == location
        assert [uid for uid, one in entries.items() if "location" in one] == [
            uid for uid in entries if expected and uid.startswith("freeze-")
        ]


def test_a_calendar_that_cannot_be_written(workspace: Workspace) -> None:
    inside = workspace.path / "inventory" / "event.yaml" / "lich.ics"
    for path in (workspace.path, inside):
        with pytest.raises(UsageError, match="the calendar cannot be written") as caught:
            write_ics(path, b"x")
    assert caught.value.render("vi").endswith("Hãy nêu tệp khác.")
    kept = workspace.path / "lich.ics"
    write_ics(kept, b"one")
    write_ics(kept, b"two")
    assert kept.read_bytes() == b"two"
    assert [path.name for path in workspace.path.iterdir() if path.name.endswith(".part")] == []
