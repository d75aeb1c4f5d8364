"""Each of the nine rules: what breaks it, how it is said, and what does not break it."""

from __future__ import annotations

from typing import Any

import pytest

from eventready.roster.finding import RULES, RosterFinding, RosterReport
from eventready.roster.roster import ROLES, Leave, Person, Roster, Shift
from eventready.roster.rulebook.case import Submission
from eventready.roster.rules import RULEBOOK, check
from eventready.roster.settings import RosterSettings
from tests.roster.books import at, event, person, roster, shift
from tests.roster.vietnamese import VIETNAMESE


def vi(finding: RosterFinding) -> str:
    return finding.message.render("vi")


def en(finding: RosterFinding) -> str:
    return finding.message.render("en")


def judged(*shifts: Shift, people: tuple[Person, ...] = (), **settings: object) -> RosterReport:
    return check(roster(*shifts, people=people), event(), RosterSettings.model_validate(settings))


def reported(report: RosterReport, rule: int) -> list[str]:
    """What a rule says in English; the Vietnamese is held against its table on the way."""
    for finding in report.of(rule):
        assert vi(finding) == VIETNAMESE[en(finding)]
    return [f"{finding.severity}: {finding.message.render('en')}" for finding in report.of(rule)]


def whole(name: str, role: str, start: str = "29", end: str = "31", **more: object) -> Shift:
    return shift(name, role, start, end, **more)  # type: ignore[arg-type]  # a role by its code


def complete() -> list[Shift]:
    """Somebody in every role for the whole time: holds rule 1, and no law."""
    return [whole(f"{role} {role}", role) for role in ROLES]


def test_there_are_nine() -> None:
    assert set(RULES) == set(RULEBOOK) == set(range(1, 10))


# 1 coverage


def test_a_role_of_which_no_person_is_required_is_unmanned_where_no_person_is() -> None:
    others = [s for s in complete() if s.role != "CA"]
    free = {"CA": {"min": 0}}
    report = judged(*others, roles=free)
    assert (report.gaps, report.unmanned) == (judged(*complete()).gaps, ("CA",))
    assert judged(*complete(), roles=free).unmanned == ()
    assert judged(*others).unmanned == ()


def test_coverage_to_the_minute_across_midnight() -> None:
    others = [s for s in complete() if s.role != "CA"]
    report = judged(
        *others,
        shift("A", "CA", "28 22", "29 6"),
        shift("B", "CA", "29 6", "29 14"),
        shift("C", "CA", "29 14:20", "29 22"),
        shift("D", "CA", "29 22", "30 23:59"),
    )
    assert [(gap.role, gap.start, gap.end, gap.minutes, gap.have) for gap in report.gaps if not gap.venue] == [
        ("CA", at("29 14"), at("29 14:20"), 20, 0),
        ("CA", at("30 23:59"), at("31"), 1, 0),
    ]
    assert reported(report, 1) == [
        "error: Shift duty: nobody for 21 minutes: 14:00–14:20 29/04/2022; 23:59–24:00 30/04/2022."
    ]
    assert vi(report.of(1)[0]) == (
        "Trực ca: không có ai trong 21 phút: 14:00–14:20 29/04/2022; 23:59–24:00 30/04/2022."
    )
    assert not report.holds


def test_coverage_is_half_open() -> None:
    touching = [s for s in complete() if s.role != "CA"]
    report = judged(*touching, shift("A", "CA", "29", "30"), shift("B", "CA", "30", "31"))
    assert not report.of(1)


def test_coverage_counts_people_and_not_entries() -> None:
    report = judged(*complete(), whole("CA CA", "CA", place="elsewhere"), roles={"CA": {"min": 2}})
    assert reported(report, 1) == [
        "error: Shift duty: too few for 2,880 minutes, at the lowest 1 of 2: 00:00 29/04/2022 – 00:00 01/05/2022."
    ]
    assert not judged(*complete(), whole("X", "CA"), roles={"CA": {"min": 2}}).of(1)


def test_being_on_call_counts_for_leaders_and_not_for_shifts() -> None:
    def on_call(role: str) -> RosterReport:
        others = [s for s in complete() if s.role != role]
        return judged(*others, whole("A", role, on_call=True))

    assert not on_call("LD").of(1)
    assert not on_call("UC").of(1)
    assert reported(on_call("CA"), 1)[0].startswith("error: Shift duty: nobody for 2,880 minutes")


def test_branches_are_held_apart() -> None:
    others = [s for s in complete() if s.role != "VH"]
    report = judged(*others, whole("A", "VH", branch="VT"), branches=["VT", "BC"])
    assert [(gap.branch, gap.minutes) for gap in report.gaps if not gap.venue] == [("BC", 2880)]
    assert "Trực vận hành bưu chính: không có ai trong 2.880 phút" in vi(report.of(1)[0])


def test_no_person_at_all() -> None:
    report = check(Roster((), ()), event())
    assert {gap.role for gap in report.gaps if not gap.venue} == set(ROLES)
    assert report.gap_minutes("LD") == 2880


# 2 overlaps


def test_two_places_at_once() -> None:
    report = judged(shift("A", "CA", "29 6", "29 14", place="NOC"), shift("A", "VH", "29 13", "29 20", cell="D7"))
    finding = report.of(2)[0]
    assert reported(report, 2) == [
        "error: A is in two places at once: Shift duty (NOC) and Operations duty, 13:00–14:00 29/04/2022."
    ]
    assert (finding.who, finding.where, finding.start, finding.end) == (("A",), "D7", at("29 13"), at("29 14"))
    assert vi(finding) == "A trực hai nơi cùng lúc: Trực ca (NOC) và Trực vận hành, 13:00–14:00 29/04/2022."


def test_listed_twice_and_inside_a_longer_one() -> None:
    assert "is listed twice" in reported(judged(whole("A", "CA"), whole("A", "CA")), 2)[0]
    inside = judged(
        shift("A", "CA", "29 6", "29 22"), shift("A", "VH", "29 7", "29 8"), shift("A", "VH", "29 20", "29 21")
    )
    assert len(inside.of(2)) == 2


def test_shifts_that_touch_do_not_overlap() -> None:
    assert not judged(shift("A", "CA", "29 6", "29 14"), shift("A", "VH", "29 14", "29 20")).of(2)


def test_leave() -> None:
    away = Leave("A", at("29"), at("30"))
    night_before = shift("A", "CA", "28 22", "29 6")
    free = Roster.of((person("A"),), (night_before,), (away,))
    assert not check(free, event()).of(2)
    busy = Roster.of((person("A"),), (night_before, shift("A", "CA", "29 22", "30 6")), (away,))
    assert reported(check(busy, event()), 2) == [
        "error: A is on leave on 29/04/2022 and has Shift duty at 22:00 29/04/2022."
    ]


def test_a_leader_is_not_the_only_emergency_response() -> None:
    leader = whole("A", "LD", on_call=True)
    alone = judged(leader, whole("A", "UC", on_call=True), shift("B", "UC", "29 12", "30"))
    assert reported(alone, 2) == [
        "error: The leader on duty is the only emergency response (A): 00:00–12:00 29/04/2022; 00:00–24:00 30/04/2022."
    ]
    assert not judged(leader, whole("A", "UC", on_call=True), whole("B", "UC")).of(2)
    assert "two places" in reported(judged(leader, whole("A", "UC")), 2)[0]


# 3 hours

SIX_DAYS = [*((f"{day} 6", f"{day} 14") for day in range(18, 23)), ("23 2", "23 10")]


@pytest.mark.parametrize(
    ("shifts", "settings", "findings"),
    [
        ([("29 6", "29 14"), ("30 6", "30 14")], {}, []),
        ([("29 6", "29 14"), ("30 1:30", "30 9")], {}, [
            "error: A: rests only 11 hours 30 minutes between two shifts (14:00 29/04/2022 – 01:30 30/04/2022), "
            "less than 12 hours."]),
        ([("29 7", "29 19")], {}, ["warn: A: works 12 hours on end (07:00–19:00 29/04/2022), over 8 hours."]),
        ([("29 7", "29 19"), ("30 7", "30 19")], {"twelve_hour_shifts": True}, []),
        ([("29 7", "29 14"), ("29 14", "29 20")], {"twelve_hour_shifts": True}, [
            "error: A: works 13 hours on end (07:00–20:00 29/04/2022), over 12 hours."]),
        ([("29 0", "29 7"), ("29 18", "30 0")], {"rest": 10}, [
            "error: A: works 13 hours on 29/04/2022, more than 12 hours."]),
        ([(f"{day} 6", f"{day} 14") for day in range(18, 24)], {}, []),
        ([(f"{day} 6", f"{day} 14") for day in range(18, 25)], {}, [
            "warn: A: works 56 hours in the week of 18/04/2022, 8 hours overtime.",
            "warn: A: has no 24 hours of rest in one piece in seven days (06:00 18/04/2022 – 14:00 24/04/2022)."]),
        ([*SIX_DAYS, ("23 22", "24 6")], {"week": 60}, []),
        ([*SIX_DAYS, ("23 22:01", "24 6:01")], {"week": 60}, [
            "warn: A: has no 24 hours of rest in one piece in seven days (06:00 18/04/2022 – 06:01 24/04/2022)."]),
        ([("24 22", "25 6")] + [(f"{day} 22", f"{day + 1} 6") for day in range(26, 31)], {}, []),
    ],
)  # fmt: skip
def test_hours(shifts: list[tuple[str, str]], settings: dict[str, object], findings: list[str]) -> None:
    report = judged(*(shift("A", "CA", start, end) for start, end in shifts), hours=settings)
    assert reported(report, 3) == findings


def test_being_on_call_is_not_work() -> None:
    assert not judged(whole("A", "LD", "20", "31", on_call=True), shift("A", "LD", "31 6", "31 14")).of(3)


def test_hours_in_vietnamese() -> None:
    report = judged(shift("A", "CA", "29 6", "29 14"), shift("A", "CA", "29 22", "30 6"))
    assert vi(report.of(3)[0]) == "A: chỉ nghỉ 8 giờ giữa hai ca (14:00–22:00 29/04/2022), ít hơn 12 giờ."


# 4 phones


@pytest.mark.parametrize(
    ("role", "phones", "findings"),
    [
        ("CA", ("0912345678",), []),
        ("LD", ("0912345678", "02943850852"), []),
        ("LD", ("0912345678",), ["error: A (leadership duty) needs 2 numbers and has 1."]),
        ("DH", ("0912345678", "0912345678"), ["error: A (operations command) needs 2 numbers and has 1."]),
        ("CA", ("02943850852",), ["error: A has no mobile number."]),
        ("CA", (), ["error: A has no mobile number."]),
        ("CA", ("0912345678", "01234567890"), ["error: A has a number that is no telephone number (0123***890)."]),
    ],
)
def test_phones(role: str, phones: tuple[str, ...], findings: list[str]) -> None:
    assert reported(judged(whole("A", role), people=(Person("A", "A", phones=phones),)), 4) == findings


def test_phones_are_requested_of_the_reserve_and_of_no_person_else() -> None:
    people = (Person("A", "A", reserve=("CA",)), Person("B", "B"))
    assert reported(judged(people=people), 4) == ["error: A has no mobile number."]


def test_shared_numbers_are_masked() -> None:
    people = (Person("A", "A", phones=("0912345678",)), Person("B", "B", phones=("0912345678",)))
    report = judged(whole("A", "CA"), whole("B", "CA"), people=people)
    assert reported(report, 4) == ["warn: The number 0912***678 is given for A and B."]
    assert vi(report.of(4)[0]) == "Số 0912***678 ghi cho A và B."


def test_another_person_who_is_not_in_the_list() -> None:
    report = check(Roster((), (whole("A", "CA"),)), event())
    assert reported(report, 4) == ["error: A is on duty and not in the list."]


# 5 handover


def test_handover() -> None:
    brief = judged(
        shift("A", "CA", "29", "29 12"), shift("B", "CA", "29 11:50", "30"), shift("C", "CA", "29 23:45", "31")
    )
    assert reported(brief, 5) == [
        "info: Shift duty: in 1 change of shift the two are not together for 15 minutes (at 12:00)."
    ]
    alone = judged(shift("A", "CA", "29", "29 12"), shift("B", "CA", "29 13", "31"))
    assert reported(alone, 5) == ["warn: Shift duty: at the end of 1 shift nobody takes over (12:00 29/04/2022; A)."]
    assert not judged(shift("A", "CA", "29", "29 12"), shift("B", "CA", "29", "31")).of(5)
    assert not judged(shift("A", "CA", "29", "29 12"), shift("A", "CA", "29 12", "31")).of(5)
    assert not judged(shift("A", "CA", "29", "30"), shift("B", "CA", "30", "31"), handover_minutes=0).of(5)
    assert not judged(shift("A", "UC", "29", "29 12"), shift("B", "LD", "29", "29 12")).of(5)


# 6 teams


def test_teams_at_the_venues() -> None:
    people = [
        shift("A", "UC", "29 17", "30 1", venue="hall"), shift("B", "VH", "29 20", "29 22", venue="hall"),
        shift("C", "UC", "29 7", "30 7", venue="park", on_call=True), shift("D", "VH", "29 17", "30 1", venue="park"),
    ]  # fmt: skip
    report = judged(*people, whole("L", "LD", on_call=True))
    assert reported(report, 6) == [
        "error: Great Hall: operations duty is short for 120 minutes (Night): 19:00–20:00 29/04/2022; "
        "22:00–23:00 29/04/2022."
    ]
    assert [(gap.venue, gap.role, gap.minutes) for gap in report.gaps if gap.venue] == [("hall", "VH", 60)] * 2
    assert report.of(6)[0].where == "hall"
    assert (
        report.of(6)[0]
        .message.render("vi")
        .startswith("Trung tâm Hội nghị tỉnh: trực vận hành thiếu người trong 120 phút (Night)")
    )


def test_approvers() -> None:
    def approved(**more: object) -> list[str]:
        found = judged(*(s for s in complete() if s.role not in ("LD", "DH")), **more)  # type: ignore[arg-type]  # settings
        return [text for text in reported(found, 6) if "approve" in text]

    assert approved() == [
        "error: Nobody on duty may approve an emergency change for 2,880 minutes: 00:00 29/04/2022 – 00:00 01/05/2022."
    ]
    assert approved(authorise=["CA"]) == []
    assert approved(people=(person("CA CA", may_authorise=True),)) == []


def test_no_window_of_the_event_is_reported() -> None:
    quiet = event(windows=[{"kind": "freeze", "from": "2022-04-29 00:00", "to": "2022-05-01 00:00"}])
    assert 6 in check(roster(*complete()), quiet).unchecked


@pytest.mark.parametrize("venues", [["hall"], ["hall", "park"], None])
def test_a_window_demands_teams_at_its_venues_only(venues: list[str] | None) -> None:
    night = {"kind": "event", "from": "2022-04-29 19:00", "to": "2022-04-29 23:00"}
    found = check(roster(), event(windows=[{**night, **({"venues": venues} if venues else {})}]))
    assert {gap.venue for gap in found.gaps if gap.venue} == {*(venues or ("hall", "park"))}


# 7 submission


@pytest.mark.parametrize(
    ("moment", "sent", "findings"),
    [
        ("20", Submission(), ["info: The duty list has not been sent: it is due before 00:00 28/04/2022."]),
        ("26", Submission(), ["warn: The duty list has not been sent: it is due before 00:00 28/04/2022."]),
        ("27 23:59", Submission(), ["warn: The duty list has not been sent: it is due before 00:00 28/04/2022."]),
        ("28", Submission(), [
            "error: The duty list has not been sent and is late: it is due before 00:00 28/04/2022."]),
        ("29", Submission(at("27 23:59"), at("27 23:59"), same=True), []),
        ("29", Submission(at("28"), at("28"), same=True), [
            "error: The duty list was sent at 00:00 28/04/2022, after the deadline (00:00 28/04/2022)."]),
        ("27", Submission(at("25"), at("26"), same=False), [
            "warn: The duty list has changed since it was sent at 00:00 26/04/2022: send the new version."]),
        ("28", Submission(at("25"), at("26"), same=False), [
            "error: The duty list has changed since it was sent at 00:00 26/04/2022: send the new version."]),
    ],
)  # fmt: skip
def test_submission(moment: str, sent: Submission, findings: list[str]) -> None:
    report = check(roster(*complete()), event(), moment=at(moment), sent=sent)
    assert reported(report, 7) == findings
    assert 7 not in report.unchecked


def test_submission_that_was_not_looked_at_is_reported() -> None:
    assert 7 in check(roster(*complete()), event()).unchecked
    assert 7 in check(roster(*complete()), event(duty_list_before=None), moment=at("29"), sent=Submission()).unchecked


# 8 reserve


def test_reserve() -> None:
    everybody: dict[str, Any] = {"roles": {role: {"reserve": 0} for role in ROLES if role != "CA"}}
    assert reported(judged(**everybody), 8) == ["warn: Shift duty: nobody stands by."]
    spare = person("S", reserve=("CA",))
    assert not judged(people=(spare,), **everybody).of(8)
    busy = judged(shift("S", "VH", "29 6", "29 14"), people=(spare,), **everybody)
    assert reported(busy, 8) == [
        "warn: Shift duty: those who stand by (S) are taken for 480 minutes: 06:00–14:00 29/04/2022."
    ]
    away = Roster.of((spare,), (), (Leave("S", at("29"), at("30")),))
    assert "taken for 1,440 minutes" in reported(check(away, event(), RosterSettings.model_validate(everybody)), 8)[0]


# 9 skills


def test_skills_of_all_and_of_a_role() -> None:
    people = (person("A", skills=("RAN",)), person("B", skills=("IP",)))
    shifts = (shift("A", "CA", "29", "30"), whole("B", "VH"))
    report = judged(*shifts, people=people, skills=["vô tuyến", "IP"], roles={"CA": {"skills": ["IP"]}})
    assert reported(report, 9) == [
        "warn: Shift duty: nobody knows IP for 2,880 minutes: 00:00 29/04/2022 – 00:00 01/05/2022.",
        "warn: On duty: nobody knows RAN for 1,440 minutes: 00:00–24:00 30/04/2022.",
    ]


# all


def test_errors_come_first() -> None:
    order = [(finding.severity, finding.rule) for finding in judged(whole("A", "CA")).findings]
    assert order == sorted(order, key=lambda pair: (("error", "warn", "info").index(pair[0]), pair[1]))


def test_every_sentence_is_a_sentence_in_both_languages() -> None:
    report = check(
        roster(whole("A", "CA"), whole("A", "UC"), shift("A", "VH", "29 1", "29 5")),
        event(),
        moment=at("29"),
        sent=Submission(),
    )
    for finding in report.findings:
        assert vi(finding).endswith("."), finding
        assert en(finding).endswith("."), finding
        assert vi(finding) != en(finding)


def test_plain() -> None:
    document = judged(whole("A", "CA")).to_dict()
    assert document["holds"] is False
    assert document["gaps"][0]["start"] == "2022-04-29T00:00+07:00"
    assert {"rule", "severity", "who", "start", "end", "where", "vi", "en", "message_id"} == set(
        document["findings"][0]
    )
    assert isinstance(judged().findings[0], RosterFinding)
