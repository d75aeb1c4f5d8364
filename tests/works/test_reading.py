"""Notices of providers: what is read, and a sentence for what is not."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eventready.core.errors import UsageError
from eventready.works.ical import read_ical
from eventready.works.mail import read_mail
from eventready.works.notice import MOST_LINES
from eventready.works.notice_files import NoticeFiles
from eventready.works.table import read_table
from eventready.workspace.settings.works import Work
from tests.works.notices import calendar, event, mail

NOW = datetime(2033, 7, 1, tzinfo=UTC)


def only(data: bytes, zone: str = "") -> Work:
    """The work of a calendar with a single one."""
    found = read_ical(data, "n.ics", ZoneInfo(zone) if zone else None)
    assert not found.problems
    (one,) = found.works
    return one


def refusal(data: bytes, zone: str | None = None) -> str:
    """The sentence about a calendar without a work."""
    found = read_ical(data, "n.ics", ZoneInfo(zone) if zone else None)
    assert not found.works
    (problem,) = found.problems
    return str(problem)


def test_a_notice_is_read_whole() -> None:
    found = only(calendar())
    assert (found.provider, found.account, found.id, found.uid) == (
        "carrier.example", "137.035999", "WO-1", "w1@carrier.example",
    )  # fmt: skip
    assert (found.status, found.impact, found.sequence) == ("tentative", "outage", 1)
    assert found.start == datetime(2033, 7, 29, 17, tzinfo=UTC)
    assert found.end == datetime(2033, 7, 29, 19, tzinfo=UTC)
    assert {one.id: found.impact_on(one) for one in found.objects} == {"CKT-A": "outage", "CKT-B": "reduced_redundancy"}


@pytest.mark.parametrize(
    ("written", "field", "value"),
    [
        (event(X_MAINTNOTE_IMPACT="SEVERE"), "impact", "outage"),
        (event(X_MAINTNOTE_IMPACT=None), "impact", "outage"),
        (event(X_MAINTNOTE_IMPACT=" no-impact "), "impact", "none"),
        (event(X_MAINTNOTE_STATUS="RE-SCHEDULED"), "status", "confirmed"),
        (event(X_MAINTNOTE_STATUS=None), "status", "confirmed"),
        (event(X_MAINTNOTE_STATUS=" COMPLETED", DTSTAMP="20330730T010000Z"), "status", "completed"),
        (event(X_MAINTNOTE_STATUS="CANCELLED", objects=False), "status", "cancelled"),
        (event("STATUS:CANCELLED", X_MAINTNOTE_STATUS=None), "status", "cancelled"),
        (event("STATUS:CANCELLED"), "status", "tentative"),
        (event(SEQUENCE=None), "sequence", 0),
        (event("DURATION:PT3H", DTEND=None), "end", datetime(2033, 7, 29, 20, tzinfo=UTC)),
        (event("X-MAINTNOTE-MAINTENANCE-ID;X-MAINTNOTE-PRECEDENCE=PRIMARY:WO-9"), "id", "WO-9"),
        (event(X_MAINTNOTE_MAINTENANCE_ID=None), "id", "w1@carrier.example"),
        (event(SUMMARY="<b>a</b>\\n\x1b[31mb\u202ec"), "summary", "<b>a</b> [31mb c"),
        (event(X_MAINTNOTE_ACCOUNT="a\\, b"), "account", "a, b"),
        (
            event("DTSTART;TZID=SE Asia Standard Time:20330730T000000", DTSTART=None), "start",
            datetime(2033, 7, 29, 17, tzinfo=UTC),
        ),
    ],
)  # fmt: skip
def test_words_and_times_of_others(written: str, field: str, value: object) -> None:
    assert getattr(only(calendar(written)), field) == value


def test_a_single_object_has_its_own_impact() -> None:
    found = only(calendar(event("X-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT=DEGRADED:CKT-A", objects=False)))
    assert [found.impact_on(one) for one in found.objects] == ["degraded"]


def test_a_floating_time_needs_a_zone() -> None:
    floating = calendar(event(DTSTART="20330730T000000", DTEND="20330730T020000"))
    assert "has no time zone" in refusal(floating)
    assert only(floating, "Asia/Ho_Chi_Minh").start == datetime(2033, 7, 29, 17, tzinfo=UTC)
    unknown = event("DTSTART;TZID=Nowhere/Land:20330730T000000", DTSTART=None)
    for zone in (None, "Asia/Ho_Chi_Minh"):
        assert "the time zone Nowhere/Land of DTSTART is not known" in refusal(calendar(unknown), zone)
    early = calendar(event(X_MAINTNOTE_STATUS="COMPLETED"))
    assert "completed before its begin" in refusal(early)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (calendar()[:-20], "cut off"),
        (calendar()[: calendar().index(b"END:VEVENT")], "cut off"),
        (b"", "no event"),
        (b"\xff\xfe\x00", "cannot be read"),
        (calendar(event("RRULE:FREQ=DAILY")), "the work repeats (RRULE)"),
        (calendar(event("RECURRENCE-ID:20330729T170000Z")), "the work repeats"),
        (calendar(event(DTEND="20330729T160000Z")), "must be after its begin"),
        (calendar(event(DTEND="20330729T170000Z")), "must be after its begin"),
        (calendar(event(DTEND=None)), "DTEND is missing"),
        (calendar(event(DTSTART=None)), "DTSTART is missing"),
        (calendar(event(DTSTART="00010101T000000Z")), "DTSTART is missing, or no date"),
        (calendar(event("DURATION:P99999D", DTEND=None)), "DURATION"),
        (calendar(event("DTSTART:20330729T180000Z")), "DTSTART occurs twice"),
        (calendar(event(DTSTART="tomorrow")), "a line of the event is broken (DTSTART)"),
        (calendar(event(SEQUENCE="three")), "broken (SEQUENCE)"),
        (calendar(event(SEQUENCE="-1")), "sequence"),
        (calendar(event("NO LINE")), "a line of the event is broken"),
        (calendar(event(X_MAINTNOTE_PROVIDER=None)), "X-MAINTNOTE-PROVIDER is missing"),
        (calendar(event(objects=False)), "no circuit is named"),
        (calendar(event(X_MAINTNOTE_MAINTENANCE_ID="W" * 130)), "is longer than"),
        (calendar(*[event()] * 501), "501 events"),
        (calendar(event("X-A:b" + "\r\nX-A:b" * MOST_LINES)), "a calendar may have"),
    ],
)
def test_a_bad_notice_is_refused_with_a_sentence(data: bytes, sentence: str) -> None:
    assert sentence in refusal(data)


def test_a_bad_event_costs_itself_alone() -> None:
    found = read_ical(calendar(event(), event(DTEND=None), event(UID="w2")), "n.ics")
    assert [work.uid for work in found.works] == ["w1@carrier.example", "w2"]
    assert [str(problem).partition(":")[0] for problem in found.problems] == ["n.ics, VEVENT 2"]


@pytest.mark.attack(family="works")
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"X" * 1_000_000, id="a-line"),
        pytest.param(b"BEGIN:VCALENDAR\r\n" + b"X:y\r\n" * 1_000_000, id="a-million-lines"),
        pytest.param(b"BEGIN:VEVENT\r\n" * 15_000, id="nested"),
        pytest.param(
            calendar(head="BEGIN:VTIMEZONE\r\nTZID:Own\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
                          "RRULE:FREQ=SECONDLY\r\nTZOFFSETFROM:+0700\r\nTZOFFSETTO:+0700\r\nEND:STANDARD\r\n"
                          "END:VTIMEZONE\r\n"),
            id="a-zone-of-its-own",
        ),
        pytest.param(calendar(event("SUMMARY:" + "a\r\n " * 15_000, SUMMARY=None)), id="folded"),
        pytest.param(calendar(event("X-A" + ";B=C" * 50_000 + ":d")), id="parameters"),
    ],
)  # fmt: skip
def test_hostile_calendars_end_soon(data: bytes) -> None:
    found = read_ical(data, "n.ics")
    assert len(found.works) + len(found.problems) == 1


def test_calendars_of_a_mail() -> None:
    found = read_mail(mail(calendar(), calendar(event(UID="w2")), calendar()), "n.eml")
    assert [work.uid for work in found.works] == ["w1@carrier.example", "w2"]
    assert found.works[0].source == "n.eml (NOC <noc@carrier.example>)"


@pytest.mark.parametrize(
    "data", [mail(), b"", b"\xff" * 100, b"Content-Type: multipart/mixed; boundary=a\n\n--a\n" * 500]
)
def test_a_mail_without_a_calendar_is_refused(data: bytes) -> None:
    assert "the mail has no calendar" in str(read_mail(data, "n.eml").problems[0])


def test_a_forwarded_mail_is_read(tmp_path: Path) -> None:
    outer = b'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: message/rfc822\n\n%s\n--b--\n'
    (tmp_path / "n.eml").write_bytes(outer % mail(calendar()))
    assert [work.id for work in NoticeFiles(NOW).read(tmp_path / "n.eml").works] == ["WO-1"]


TABLE = """Kế hoạch bảo dưỡng tháng 7
Mã phiếu;Nhà cung cấp;Bắt đầu;Kết thúc;Mã kênh;Ảnh hưởng;Trạng thái;Nội dung
P-1;vnx;29/07/2033 23:00;30/07/2033 02:00;CKT-A, CKT-B;mất dự phòng;dự kiến;Thay thẻ
P-1;vnx;29/07/2033 23:00;30/07/2033 02:00;CKT-C;gián đoạn;dự kiến;Thay thẻ
P-2;;2033-07-30T00:00+00:00;2033-07-30T01:00+00:00;CKT-D;lạ;;
P-3;vnx;30/07/2033 02:00;29/07/2033 02:00;CKT-A;;;
P-1;vnx;31/07/2033 23:00;01/08/2033 02:00;CKT-D;;dự kiến;
P-4;vnx;khuya;30/07/2033 02:00;;;;
"""


def test_works_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(TABLE, encoding="utf-8")
    found = read_table(path, NOW, "own")
    one, other = found.works
    assert (one.status, one.summary, one.start) == ("tentative", "Thay thẻ", datetime(2033, 7, 29, 16, tzinfo=UTC))
    assert [(each.id, one.impact_on(each)) for each in one.objects] == [
        ("CKT-A", "reduced_redundancy"), ("CKT-B", "reduced_redundancy"), ("CKT-C", "outage"),
    ]  # fmt: skip
    assert (other.provider, other.impact, other.status) == ("own", "outage", "confirmed")
    assert [str(problem) for problem in found.problems] == [
        "t.csv!A6: the work ends at 29/07/2033 02:00 and begins at 30/07/2033 02:00: its end must be after its begin.",
        "t.csv!A7: P-1 has other times or another state in a row above. Give each night an id of its own.",
        "t.csv!A8: 'khuya' is no date and time. Write 2033-07-29 17:00, with an offset (+07:00) for another zone than "
        "the event's.",
    ]  # fmt: skip


def test_a_time_of_a_changed_clock_is_refused_with_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "id;provider;from;to;objects\n"
        "P-1;x;2033-10-30 02:30;2033-10-30 05:00;C\n"
        "P-2;x;2033-03-27 02:30;2033-03-27 05:00;C\n",
        encoding="utf-8",
    )
    found = read_table(path, NOW, zone=ZoneInfo("Europe/Berlin"))
    assert not found.works
    twice, left_out = map(str, found.problems)
    assert twice.startswith("t.csv!A2: the clock shows 2033-10-30 02:30 twice that day. Ask the provider")
    assert left_out.startswith("t.csv!A3: the clock leaves 2033-03-27 02:30 out: it goes forward over that time. Ask")


@pytest.mark.parametrize(
    ("name", "sentence"), [("t.csv", "no table of works"), ("t.bin", "no notice"), ("f", "no notice")]
)
def test_other_files_are_no_notices(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "t.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "t.bin").write_bytes(b"\x00\x01")
    with pytest.raises(UsageError, match=sentence):
        NoticeFiles(NOW).read(tmp_path / name)


def test_a_folder_is_read_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.ics").write_bytes(calendar())
    (tmp_path / "b.eml").write_bytes(mail(calendar(event(UID="w2"))))
    (tmp_path / "c.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "d.txt").write_bytes(b"x")
    found = NoticeFiles(NOW).read(tmp_path)
    assert sorted(work.uid for work in found.works) == ["w1@carrier.example", "w2"]
    assert len(found.problems) == 1


@pytest.mark.parametrize(
    ("columns", "cells", "zone", "start"),
    [
        ("", "", None, 13 - 7),
        ("", "", "UTC", 13),
        (",time zone", ",UTC", None, 13),
        (",time zone", ",UTC", "Asia/Tokyo", 13),
    ],
    ids=["event", "given", "column", "column before given"],
)
def test_times_of_a_table_have_a_zone(columns: str, cells: str, zone: str | None, start: int, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        f"provider,id,from,to,circuits{columns}\nx,W1,2022-04-29 13:00,2022-04-29 15:00,CKT-A{cells}\n"
    )
    read = NoticeFiles(NOW, ZoneInfo(zone) if zone else None).read(tmp_path / "a.csv")
    assert [work.start for work in read.works] == [datetime(2022, 4, 29, start, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [("x,W1,2022-04-29 13:00,2022-04-29 15:00,,UTC", "no circuit is named"),
     ("x,W1,2022-04-29 13:00,2022-04-29 15:00,A,Mars", "Mars is no time zone")],
    ids=["no circuit", "zone"],
)  # fmt: skip
def test_a_row_of_unknown_harm_or_time_is_refused(row: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"provider,id,from,to,circuits,time zone\n{row}\n")
    read = NoticeFiles(NOW).read(tmp_path / "a.csv")
    assert not read.works
    assert sentence in str(read.problems[0])


@pytest.mark.parametrize(("charset", "kind"), [("utf-16", "text/calendar"), ("iso-8859-1", "application/ics")])
def test_a_mail_is_read_by_its_charset(charset: str, kind: str, tmp_path: Path) -> None:
    text = calendar(event(SUMMARY="Café")).decode()
    body = base64.encodebytes(text.encode(charset)).decode()
    head = f"From: noc@x.example\nContent-Type: {kind}; charset={charset}\nContent-Transfer-Encoding: base64\n\n"
    (tmp_path / "n.eml").write_text(head + body)
    assert [work.summary for work in NoticeFiles(NOW).read(tmp_path / "n.eml").works] == ["Café"]
