"""What is handed on: the formal list, the spreadsheet, calendars, and the chart on the terminal."""

from __future__ import annotations

import io
from datetime import timedelta

from icalendar import Calendar
from openpyxl import load_workbook

from eventready.core.messages import term
from eventready.roster.exports.calendar import to_calendars
from eventready.roster.exports.chart import chart, lanes
from eventready.roster.exports.spreadsheet import to_xlsx
from eventready.roster.exports.table import COLUMNS, rows
from eventready.roster.roster import Person, Roster
from eventready.roster.settings import RosterSettings
from tests.roster.books import at, event, roster, shift
from tests.zones import TZ

AN = Person("VT01", "Nguyễn Văn An", "Kỹ sư", "NOC", ("0912345678", "02943850852"))
HOSTILE = Person("VT02", "=cmd|R&D <x>", "@SUM(1)", "+1", ("0987654321",))
ROSTER = roster(
    shift("VT01", "CA", "29 22", "30 6", place="NOC", code="C3"),
    shift("VT01", "LD", "28", "29", on_call=True, code="OC"),
    shift("VT02", "VH", "29 6", "29 14", branch="BC", note="=1+1"),
    people=(AN, HOSTILE),
).called("3")


def test_the_formal_list() -> None:
    assert [term("roster:column", key, "vi") for key in COLUMNS] == [
        "STT", "Họ và tên", "Chức vụ", "Đơn vị", "Nhiệm vụ (vai trò trực)", "Ca/Thời gian trực (từ–đến, ngày)",
        "Địa điểm", "Số điện thoại (di động/cố định)", "Ghi chú",
    ]  # fmt: skip
    found = rows(ROSTER)
    assert [row["role"] for row in found] == ["LD", "CA", "VH"]
    assert found[0]["time"] == "OC, 00:00–24:00 ngày 28/04/2022, sẵn sàng tại nhà"
    assert found[1]["time"] == "C3, 22:00 ngày 29/04/2022 – 06:00 ngày 30/04/2022"
    assert (found[2]["number"], found[2]["task"]) == ("3", "Trực vận hành bưu chính")
    assert found[1]["phones"] == "0912345678 / 02943850852"
    assert rows(ROSTER, "en")[1]["time"] == "C3, 22:00 on 29/04/2022 – 06:00 on 30/04/2022"


def test_the_spreadsheet_computes_nothing_and_is_the_same_every_time() -> None:
    data = to_xlsx(ROSTER, event())
    assert data == to_xlsx(ROSTER, event())
    workbook = load_workbook(io.BytesIO(data))
    cells = [
        cell for sheet in workbook.worksheets for line in sheet.iter_rows() for cell in line if cell.value is not None
    ]
    assert {cell.data_type for cell in cells} == {"s"}
    values = {cell.value for cell in cells}
    assert {"=cmd|R&D <x>", "@SUM(1)", "+1", "=1+1", "0912345678 / 02943850852"} <= values
    assert "DANH SÁCH TRỰC\nHội chợ" in values


def test_a_calendar_per_person() -> None:
    files = to_calendars(ROSTER, event(), at("26 7"))
    assert set(files) == {"vt01.ics", "vt02.ics"}
    calendar = Calendar.from_ical(files["vt01.ics"].decode())
    assert calendar["X-WR-CALNAME"] == "Lịch trực - Nguyễn Văn An"
    assert [zone["TZID"] for zone in calendar.walk("VTIMEZONE")] == ["Asia/Ho_Chi_Minh"]
    entries = {str(entry["SUMMARY"]): entry for entry in calendar.walk("VEVENT")}
    assert set(entries) == {"Trực ca (C3)", "Trực lãnh đạo (OC) - sẵn sàng tại nhà"}
    night = entries["Trực ca (C3)"]
    start, end = night.decoded("DTSTART"), night.decoded("DTEND")
    assert (start, end - start) == (at("29 22"), timedelta(hours=8))
    assert start.tzinfo.key == TZ.key
    assert (str(night["LOCATION"]), str(night["SEQUENCE"])) == ("NOC", "3")
    assert not any(number.encode() in b"".join(files.values()) for number in (*AN.phones, *HOSTILE.phones))


def test_calendars_keep_their_names_and_entries_apart() -> None:
    people = (Person("Đỗ An", "Đỗ An"), Person("Do An", "Do An"), Person("..", "..", phones=()))
    found = roster(*(shift(p.id, "CA", "29", "30") for p in people), people=people)
    files = to_calendars(found, event(), at("26"))
    assert set(files) == {"do-an.ics", "do-an-2.ics", "truc.ics"}
    ids = [str(entry["UID"]) for data in files.values() for entry in Calendar.from_ical(data.decode()).walk("VEVENT")]
    assert len(set(ids)) == 3
    later = to_calendars(found.called("9"), event(), at("27"))
    assert ids == [str(e["UID"]) for data in later.values() for e in Calendar.from_ical(data.decode()).walk("VEVENT")]


def _chart(
    found: Roster, lang: str = "vi", *, every_day: bool = False, period: tuple[str, ...] = (), **settings: object
) -> list[str]:
    given = {**settings, **dict(zip(("from", "to"), period, strict=False))}
    drawn = lanes(found, event(), RosterSettings.model_validate(given))
    return list(chart([lane for lane in drawn if lane.role == "CA"], lang, every_day=every_day))


def test_the_chart_shows_where_no_person_is() -> None:
    lines = _chart(roster(shift("A", "CA", "29", "29 6"), shift("B", "CA", "29 8:10", "31")))
    assert lines[0] == "Trực ca (CA): có khoảng trống"
    assert lines[1].index("6") == lines[2].index("·")
    assert lines[2] == "T6 29/04   " + "█" * 12 + "····▒" + "█" * 31
    assert len(lines) == 3


def test_the_chart_of_a_full_duty_is_a_line() -> None:
    full = roster(shift("A", "CA", "29", "31"))
    assert _chart(full) == ["Trực ca (CA): đủ 24/24, 00:00 29/04/2022 – 00:00 01/05/2022"]
    assert [line[11:] for line in _chart(full, "en", every_day=True)[2:]] == ["█" * 48] * 2


def test_the_chart_tells_few_from_none_and_outside() -> None:
    lines = _chart(
        roster(shift("A", "CA", "29", "30 12")),
        roles={"CA": {"min": 2}},
        period=("2022-04-29 12:00", "2022-04-30 18:00"),
    )
    assert lines[2][11:] == " " * 24 + "▓" * 24
    assert lines[3][11:] == "▓" * 24 + "·" * 12 + " " * 12
