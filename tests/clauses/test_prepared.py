"""Deadlines of a workspace prepared late: moved, announced, and late only after the moved moment."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eventready.clauses.announcement import Announcement, announcement_of
from eventready.clauses.deadlines import Deadline, deadlines
from eventready.clauses.proof import state_of
from eventready.core.timezone import DEFAULT, local_time, moment_at, use_zone
from eventready.delivery.mail.delivery_log import SentDocument
from eventready.roster.roster import Roster
from eventready.roster.rulebook.case import Submission
from eventready.roster.rules import check
from eventready.submission.timetable import jobs
from eventready.workspace.examples.new_workspace import NewEvent, NewVenue, render_files
from eventready.workspace.settings.duties import Duty, load_duties
from eventready.workspace.settings.event import Event, load_event
from eventready.workspace.workspace import load_workspace
from tests.clauses.conftest import moment
from tests.shared import called
from tests.zones import SUMMER_TIME, TZ

OPENING = datetime(2027, 4, 29, 19, 30, tzinfo=TZ)
ENDING = OPENING + timedelta(hours=4)

Call = Callable[..., tuple[int, str, str]]
Made = tuple[Event, tuple[Duty, ...]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    return partial(called, capsys)


def made(
    folder: Path,
    prepared: datetime,
    opening: datetime = OPENING,
    ending: datetime | None = None,
    zone: str = DEFAULT,
) -> Made:
    """Event and clauses of a new workspace."""
    new = NewEvent(
        "Fair",
        "An Giang",
        opening,
        ending or opening + timedelta(hours=4),
        (NewVenue("a", "A"),),
        prepared=prepared,
        zone=zone,
    )
    (folder / "inventory").mkdir(parents=True, exist_ok=True)
    for path, text in render_files(new).items():
        (folder / path).write_text(text, encoding="utf-8")
    event = load_event(folder / "inventory" / "event.yaml")
    path = folder / "inventory" / "duties.yaml"
    return event, load_duties(path, windows=event.windows, venues=event.venue_ids).duties


def named(
    event: Event, duties: tuple[Duty, ...], now: datetime, *sent: SentDocument, **more: Any
) -> dict[str, Deadline]:
    return {one.id: one for one in deadlines(event, duties, sent, now, **more)}


def refuse_late(folder: Path, prepared: datetime, opening: datetime, ending: datetime, zone: str = DEFAULT) -> None:
    """Assert that no deadline is late at the preparation, and that a report comes before the end."""
    event, duties = made(folder, prepared, opening, ending, zone)
    found = named(event, duties, prepared)
    assert [one.id for one in found.values() if one.late] == []
    assert all(not state_of(duty, (), event, prepared).late for duty in duties)
    reports = [one for one in found.values() if one.kind == "weekly_report"]
    assert any(one.due <= ending for one in reports)
    if ending > prepared:
        assert prepared < reports[0].due <= ending
        assert reports[0].due <= opening or opening <= prepared
        assert all(one.due <= ending for one in found.values() if one.was)


@pytest.mark.parametrize("weekday", range(7))
@pytest.mark.parametrize("hour", [0, 11, 23])
def test_no_deadline_of_an_event_in_up_to_60_days_is_late_at_the_preparation(
    tmp_path: Path, weekday: int, hour: int
) -> None:
    prepared = datetime(2027, 4, 5 + weekday, hour, 45, 31, tzinfo=TZ)
    for days in range(61):
        opening = prepared.replace(hour=19, minute=30, second=0) + timedelta(days=days)
        refuse_late(tmp_path, prepared, opening, opening + timedelta(hours=4))


@given(
    second=st.integers(0, 7 * 86400),
    ahead=st.integers(-48 * 60, 60 * 24 * 60),
    lasting=st.integers(2, 60 * 24 * 100),
)
@example(60, 0, 2)
@example(100, 1, 2)
def test_no_deadline_of_any_event_is_late_at_the_preparation(
    tmp_path_factory: pytest.TempPathFactory, second: int, ahead: int, lasting: int
) -> None:
    """Also of an event in progress or over."""
    now = datetime(2027, 4, 5, tzinfo=TZ) + timedelta(seconds=second)
    opening = now + timedelta(minutes=ahead)
    refuse_late(tmp_path_factory.mktemp("w"), now, opening, opening + timedelta(minutes=lasting))


@pytest.mark.parametrize("zone", SUMMER_TIME)
def test_no_deadline_is_late_over_a_change_of_the_clock(tmp_path: Path, zone: str) -> None:
    use_zone(zone)
    for month, hours in ((3, 4), (10, 40), (12, 100)):
        for day in range(31):
            prepared = local_time(datetime(2011, month, 1, 4, 30, tzinfo=UTC) + timedelta(days=day))
            opening = moment_at(prepared.date() + timedelta(days=day % 9), time(19, 30))
            refuse_late(tmp_path, prepared, opening, opening + timedelta(hours=hours), zone)


@pytest.mark.parametrize(
    ("prepared", "day", "first", "latest"),
    [
        ("2027-04-24 15:00", "monday", "2027-04-26", "12:00"),
        ("2027-04-26 11:29", "monday", "2027-04-26", "12:00"),
        ("2027-04-26 11:30", "wednesday", "2027-04-28", "12:00"),
        ("2027-04-28 11:30", "thursday", "2027-04-29", "12:00"),
        ("2027-04-29 15:00", "thursday", "2027-04-29", "19:30"),
        ("2027-04-29 20:00", "thursday", "2027-04-29", "23:30"),
        ("2027-05-02 10:00", "monday", "2027-04-19", "12:00"),
    ],
)
def test_the_first_weekly_report_comes_before_the_opening(
    tmp_path: Path, prepared: str, day: str, first: str, latest: str
) -> None:
    event, _ = made(tmp_path, moment(prepared))
    plan = event.weekly_report
    assert plan is not None
    assert (plan.day, f"{plan.first}", f"{plan.latest:%H:%M}") == (day, first, latest)
    text = (tmp_path / "inventory" / "duties.yaml").read_text(encoding="utf-8")
    assert f"due: every {day} {latest}" in text


def test_a_past_deadline_is_moved_by_a_day_and_late_after_it(tmp_path: Path) -> None:
    event, duties = made(tmp_path, moment("2027-04-24 15:00"))
    clause = named(event, duties, moment("2027-04-24 15:00"))["clause-1"]
    assert (clause.status, clause.due, clause.was) == ("near", moment("2027-04-25 15:00"), moment("2027-04-22 23:59"))
    assert clause.note is not None
    assert "was due 22/04/2027 23:59, before this workspace was prepared" in clause.note.render("en")
    assert "hạn cũ 22/04/2027 23:59, trước khi không gian làm việc này được lập" in clause.note.render("vi")
    after = moment("2027-04-25 15:01")
    assert {name for name, one in named(event, duties, after).items() if one.late} == {"clause-1", "test-audit-1"}
    assert state_of(duties[0], (), event, after).late
    assert not state_of(duties[0], (), event, moment("2027-04-25 15:00")).late


def test_an_audit_until_the_moved_moment_proves_a_test(tmp_path: Path) -> None:
    event, duties = made(tmp_path, moment("2027-04-24 15:00"))
    for at, status in (("2027-04-25 14:00", "done"), ("2027-04-25 15:01", "done_late")):
        found = named(event, duties, moment("2027-04-27"), audits=[moment(at)])
        assert found["test-audit-1"].status == status


def test_the_audit_of_a_moved_test_is_scheduled(tmp_path: Path) -> None:
    now = moment("2027-04-24 15:00")
    event, _ = made(tmp_path, now)
    today = {"start": moment("2027-04-24 07:00"), "due": moment("2027-04-24 10:00")}
    event = event.model_copy(update={"tests": (event.tests[0].model_copy(update=today),)})
    for prepared, scheduled in ((now, True), (None, False)):
        found = jobs(event.model_copy(update={"prepared": prepared}), (), (), (), now)
        assert ("audit-for-audit-1" in {name for job in found for name in job.covers}) is scheduled


def test_the_duty_list_is_on_time_until_the_moved_moment(tmp_path: Path) -> None:
    event, duties = made(tmp_path, moment("2027-04-28 15:00"))
    for at, status in (("2027-04-29 14:59", "done"), ("2027-04-29 15:01", "done_late")):
        found = named(event, duties, moment("2027-04-29 18:00"), SentDocument("duty-list", moment(at)))
        assert found["duty-list"].status == status
    for at, late in (("2027-04-29 14:59", False), ("2027-04-29 15:01", True)):
        report = check(Roster(shifts=(), people=()), event, moment=moment(at), sent=Submission())
        assert [one.severity == "error" for one in report.findings if one.rule == 7] == [late]


def test_the_opening_and_the_end_bound_the_moved_moment(tmp_path: Path) -> None:
    for number, (prepared, due) in enumerate(
        [("2027-04-29 15:00", OPENING), ("2027-04-29 19:30", ENDING), ("2027-04-29 20:00", ENDING)]
    ):
        event, _ = made(tmp_path / str(number), moment(prepared))
        assert event.owed(moment("2027-04-22 23:59")) == due


def test_without_a_preparation_all_stays_as_computed(tmp_path: Path) -> None:
    made(tmp_path, moment("2027-04-24 15:00"))
    path = tmp_path / "inventory" / "event.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("prepared: 2027", "# 2027"), encoding="utf-8")
    event = load_event(path)
    assert event.prepared is None
    duties = load_duties(path.with_name("duties.yaml"), windows=event.windows, venues=event.venue_ids).duties
    found = named(event, duties, moment("2027-04-24 15:00"))
    assert {name for name, one in found.items() if one.late} == {"clause-1", "test-audit-1"}
    assert all(one.was is None for one in found.values())


def test_reports_of_before_are_over_where_a_later_one_comes_before_the_end(tmp_path: Path) -> None:
    """Without a later one the last of them is moved."""
    event, duties = made(tmp_path, moment("2027-03-01 08:00"))
    for prepared, expected in (
        ("2027-04-14 09:00", {"weekly-2027-04-12": "over", "weekly-2027-04-19": "open"}),
        ("2027-04-27 09:00", {"weekly-2027-04-19": "over", "weekly-2027-04-26": "near", "weekly-2027-05-03": "open"}),
    ):
        late = event.model_copy(update={"prepared": moment(prepared)})
        found = named(late, duties, moment(prepared))
        assert {name: found[name].status for name in expected} == expected
    assert found["weekly-2027-04-26"].due == moment("2027-04-28 09:00")
    late_report = SentDocument("weekly-report", moment("2027-04-28 08:00"), moment("2027-04-26").date())
    assert named(late, duties, moment("2027-04-28 10:00"), late_report)["weekly-2027-04-26"].status == "done"
    assert named(late, duties, moment("2027-04-28 10:00"))["weekly-2027-04-26"].status == "late"


def words(announcement: Announcement) -> str:
    return "\n".join(sentence.render("en") for sentence in announcement.sentences)


def test_the_announcement_names_what_is_past_near_and_in_force(tmp_path: Path) -> None:
    prepared = moment("2027-04-25 15:00")
    event, duties = made(tmp_path / "a", prepared)
    found = announcement_of(event, duties, prepared, "workspace")
    names = {one.id for one in found.deadlines}
    assert names == {"clause-1", "clause-2", "test-audit-1", "freeze-1", "weekly-2027-04-26"}
    assert "Change freeze begins at 26/04/2027 00:00 and ends at 01/05/2027 00:00: make the changes before." in words(
        found
    )
    assert "First full audit: was due at 21/04/2027 23:59, before this workspace was prepared. Do it now, by" in words(
        found
    )
    event, duties = made(tmp_path / "b", moment("2027-04-26 00:00"))
    found = announcement_of(event, duties, moment("2027-04-26 00:00"), "workspace")
    assert "Change freeze has been in force since 26/04/2027 00:00, until 01/05/2027 00:00" in words(found)
    early, duties = made(tmp_path / "c", moment("2027-03-01 08:00"))
    found = announcement_of(early, duties, moment("2027-03-01 08:00"), "workspace")
    assert [one.kind for one in found.deadlines] == ["weekly_report"]


INIT = ("--event", "Fair", "--province", "An Giang", "--opening", "2027-04-29 19:30", "--venue", "a=A")


def test_init_announces_in_sentences_and_in_json(call: Call, tmp_path: Path) -> None:
    code, _, err = call("--now", "2027-04-24 15:00", "init", str(tmp_path / "w"), *INIT)
    text = " ".join(err.split())
    assert code == 0
    assert "was due at 22/04/2027 23:59, before this workspace was prepared. Do it now, by 25/04/2027 15:00" in text
    assert "Change freeze begins at 26/04/2027 00:00" in text
    code, out, _ = call("--now", "2027-04-24 15:00", "-o", "json", "init", str(tmp_path / "x"), *INIT)
    document = json.loads(out)
    assert {one["id"]: one["was"] for one in document["deadlines"]} == {
        "clause-1": "2027-04-22T23:59+07:00", "test-audit-1": "2027-04-21T23:59+07:00", "freeze-1": None,
    }  # fmt: skip
    assert len(document["notices"]) == 3
    assert call("--now", "2027-04-24 15:01", "-w", str(tmp_path / "x"), "duties", "deadlines")[0] == 0
    assert call("--now", "2027-04-25 15:02", "-w", str(tmp_path / "x"), "duties", "deadlines")[0] == 8
    code, out, _ = call("-o", "json", "init", str(tmp_path / "y"), "--example")
    assert (code, json.loads(out)["deadlines"], json.loads(out)["notices"]) == (0, [], [])


def test_init_after_the_event_says_so(call: Call, tmp_path: Path) -> None:
    code, _, err = call("--now", "2027-05-02 10:00", "init", str(tmp_path / "w"), *INIT)
    assert code == 0
    assert "The event ended at 29/04/2027 23:30, before this workspace was prepared" in " ".join(err.split())
    assert call("--now", "2027-05-02 10:01", "-w", str(tmp_path / "w"), "duties", "deadlines")[0] == 0
    assert call("--now", "2027-05-02 10:01", "-w", str(tmp_path / "w"), "duties")[0] == 0
    assert call("--now", "2027-04-27 10:00", "-w", str(tmp_path / "w"), "duties", "deadlines")[0] == 8


def test_a_kit_announces_and_an_operator_has_a_day(call: Call, tmp_path: Path) -> None:
    folder, kit = tmp_path / "department", tmp_path / "kit.json"
    answers = (*INIT, "--enterprise", "Department")
    assert call("--now", "2027-03-01 08:00", "init", str(folder), *answers)[0] == 0
    assert call("-w", str(folder), "department", "keygen")[0] == 0
    made_kit = ("-w", str(folder), "department", "kit", "--out", str(kit), "--recipient-email", "d@example.vn")
    code, out, _ = call("--now", "2027-04-24 15:00", "-o", "json", *made_kit)
    document = json.loads(out)
    assert code == 0
    assert {"clause-1", "test-audit-1", "freeze-1"} < {one["id"] for one in document["deadlines"]}
    kit.unlink()
    code, _, err = call("--now", "2027-04-24 15:00", *made_kit)
    text = " ".join(err.split())
    assert (
        "was due at 22/04/2027 23:59, before this kit. Each operator has a day for it after its `eventready init`"
        in text
    )
    assert "Change freeze begins at 26/04/2027 00:00" in text
    key = document["key"]
    words = ("init", str(tmp_path / "own"), "--from", str(kit), "--fingerprint", key, "--enterprise", "Alpha")
    code, _, err = call("--now", "2027-04-25 10:00", *words)
    assert (code, "Do it now, by 26/04/2027 10:00 at the latest." in " ".join(err.split())) == (0, True), err
    assert load_workspace(tmp_path / "own").event.prepared == moment("2027-04-25 10:00")
    assert call("--now", "2027-04-25 10:01", "-w", str(tmp_path / "own"), "duties", "deadlines")[0] == 0
    code, _, err = call(
        "--now", "2027-05-02 10:00", *made_kit[:-4], "--out", str(tmp_path / "late.json"), *made_kit[-2:]
    )
    assert "The event ended at 29/04/2027 23:30: with this kit only exercises are possible" in " ".join(err.split()), (
        err
    )


def test_papers_name_the_moved_moment(call: Call, tmp_path: Path) -> None:
    folder, out = tmp_path / "w", tmp_path / "out"
    assert call("--now", "2027-04-24 15:00", "init", str(folder), *INIT)[0] == 0
    for kind in ("weekly", "plan"):
        made_paper = ("report", kind, "--rehearsal", "--format", "md", "--lang", "en", "--out", str(out))
        assert call("--now", "2027-04-24 15:05", "-w", str(folder), *made_paper)[0] == 0
    (weekly,), (plan,) = out.glob("weekly*.md"), out.glob("plan*.md")
    text = weekly.read_text(encoding="utf-8").replace("\u00a0", " ")
    assert "Inspect and maintain the network equipment that serves the event \\(due 25 Apr 2027" in text
    text = plan.read_text(encoding="utf-8").replace("\u00a0", " ")
    assert "15:00 25 Apr 2027 | First full audit |" in text
    assert "22 Apr 2027" not in text


def test_the_preparation_is_written_in_the_zone_of_the_event(call: Call, tmp_path: Path) -> None:
    folder, kit = tmp_path / "w", tmp_path / "kit.json"
    answers = (*INIT, "--zone", "Europe/Berlin", "--enterprise", "Department")
    code, _, err = call("--now", "2027-04-24 15:00", "init", str(folder), *answers)
    assert (code, "by 25/04/2027 15:00 at the latest" in " ".join(err.split())) == (0, True), err
    assert "prepared: 2027-04-24 15:00\n" in (folder / "inventory" / "event.yaml").read_text(encoding="utf-8")
    assert call("-w", str(folder), "department", "keygen")[0] == 0
    made_kit = ("department", "kit", "--out", str(kit), "--recipient-email", "d@example.vn")
    key = json.loads(call("--now", "2027-04-24 16:00", "-w", str(folder), "-o", "json", *made_kit)[1])["key"]
    words = ("init", str(tmp_path / "own"), "--from", str(kit), "--fingerprint", key, "--enterprise", "Alpha")
    assert call("--now", "2027-04-25T10:00+02:00", *words)[0] == 0
    text = (tmp_path / "own" / "inventory" / "event.yaml").read_text(encoding="utf-8")
    assert "prepared: 2027-04-25 10:00\n" in text
    assert call("--now", "2027-04-25 10:01", "-w", str(tmp_path / "own"), "duties", "deadlines")[0] == 0
