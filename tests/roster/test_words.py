"""Headers, duties, places, numbers, days and hours as people type them."""

from __future__ import annotations

import unicodedata
from datetime import date, time, timedelta

import pytest

from eventready.core.errors import WorkspaceError
from eventready.roster.reading.headers import field_of, role_of, venue_of
from eventready.roster.reading.text import (
    fold,
    normal_number,
    number_complaint,
    numbers_in,
    skill,
    tidy,
    without_address,
)
from eventready.roster.reading.when import Calendar, NotADay, hour, hours, looks_like_day, month_named
from tests.roster.books import event, naive

CALENDAR = Calendar(date(2022, 3, 1), date(2022, 5, 31))


@pytest.mark.parametrize(
    "header", ["Họ và tên", "HỌ VÀ TÊN", "ho va ten", "Ho Va Ten:", " Họ  và tên ", "họ tên", "HỌ TÊN (đầy đủ)"]
)
@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKD"])
def test_headers_in_any_spelling(header: str, form: str) -> None:
    assert field_of(unicodedata.normalize(form, header)) == "name"  # type: ignore[arg-type]  # a known form


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Số điện thoại (di động/cố định)", "phone"),
        ("SĐT", "phone"),
        ("Đơn vị", "unit"),
        ("Ca/Thời gian trực (từ–đến, ngày)", "time"),
        ("Nhiệm vụ (vai trò trực)", "role"),
        ("Ngày", "day"),
        ("Đến", "end"),
        ("Tổng số giờ", None),
        (29, None),
        ("x" * 500, None),
    ],
)
def test_headers(header: object, field: str | None) -> None:
    assert field_of(header) == field


@pytest.mark.parametrize(
    ("text", "duty"),
    [
        ("Trực lãnh đạo", ("LD", "")),
        ("I. TRỰC LÃNH ĐẠO", ("LD", "")),
        ("truc dieu hanh", ("DH", "")),
        ("ĐH", ("DH", "")),
        ("Trực ca", ("CA", "")),
        ("Ứng cứu thông tin", ("UC", "")),
        ("Trực vận hành viễn thông", ("VH", "VT")),
        ("Trực vận hành BC", ("VH", "BC")),
        ("Trực vận hành viễn thông, bưu chính", ("VH", "")),
        ("Bảo vệ", None),
        ("Cao Lãnh", None),
    ],
)
def test_duties(text: str, duty: object) -> None:
    assert role_of(text) == duty
    assert role_of(unicodedata.normalize("NFD", text)) == duty


@pytest.mark.parametrize(
    ("place", "venue"),
    [
        ("hall", "hall"),
        ("Trung tâm Hội nghị tỉnh", "hall"),
        ("TT Hội nghị tỉnh", "hall"),
        ("trung tam hoi nghi", "hall"),
        ("Ao Bà Om", "park"),
        ("Công viên Ao Bà Om, cổng A", "park"),
        ("NOC", ""),
        ("", ""),
    ],
)
def test_places(place: str, venue: str) -> None:
    assert venue_of(place, event()) == venue


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0912345678", "0912345678"),
        ("0912.345.678", "0912345678"),
        ("+84 912 345 678", "0912345678"),
        ("+84 (0)912 345 678", "0912345678"),
        ("84912345678", "0912345678"),
        (912345678, "0912345678"),
        ("02943.850852", "02943850852"),
        (2943850852, "02943850852"),
        ("01234567890", None),
        ("0212", None),
        ("0112345678", None),
        ("091234567", None),
        ("không có", None),
    ],
)
def test_numbers(typed: object, number: str | None) -> None:
    assert normal_number(typed) == number


def test_several_numbers_in_a_cell() -> None:
    assert numbers_in("0912 345 678 - 02943.850852\n0987654321/ 0333444555") == [
        "0912 345 678", "02943.850852", "0987654321", "0333444555",
    ]  # fmt: skip


def test_a_complaint_does_not_show_the_number() -> None:
    assert "eleven digits of before 2018" in number_complaint("01234567890").render("en")
    assert "34567" not in number_complaint("01234567890").render("en")
    assert "1234567" not in number_complaint("09123456789").render("en")


@pytest.mark.parametrize(
    ("value", "day"),
    [
        (naive(2022, 4, 29), date(2022, 4, 29)),
        (date(2022, 4, 29), date(2022, 4, 29)),
        ("29/04/2022", date(2022, 4, 29)),
        ("29/4", date(2022, 4, 29)),
        ("29.4.22", date(2022, 4, 29)),
        ("T6\n29/4", date(2022, 4, 29)),
        ("Ngày 29/04/2022", date(2022, 4, 29)),
        ("2022-04-29", date(2022, 4, 29)),
        (44680, date(2022, 4, 29)),
    ],
)
def test_days(value: object, day: date) -> None:
    assert CALENDAR.day(value) == day


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("29/04/2565", "Buddhist"),
        ("29/3 ÂL", "lunar"),
        ("29/3 âm lịch", "lunar"),
        ("29/04/2021", "outside the time of the event"),
        (naive(2023, 4, 29), "outside the time of the event"),
        ("31/04/2022", "not a day of the calendar"),
        ("04/29/2022", "month first"),
        (naive(1900, 1, 5), "number that is shown as a date"),
        ("C1", "is not a day"),
        (3, "is not a day"),
    ],
)
def test_days_of_another_calendar(value: object, complaint: str) -> None:
    with pytest.raises(NotADay) as error:
        CALENDAR.day(value)
    problem = WorkspaceError(error.value.what, do=error.value.do)
    assert complaint in problem.what
    assert problem.do.endswith(".")


def test_bare_days_under_a_month() -> None:
    assert month_named("Tháng 4/2022") == month_named("THANG 4 NAM 2022") == (4, 2022)
    assert CALENDAR.day(29, month=(4, 2022)) == CALENDAR.day("T6 29", month=(4, None)) == date(2022, 4, 29)


def test_what_does_not_look_like_a_day() -> None:
    assert not looks_like_day("Trực 24/24")
    assert not looks_like_day("07:00 29/4")
    assert not looks_like_day("C1")


@pytest.mark.parametrize(
    ("value", "minutes"),
    [("07:00", 420), ("7h", 420), ("7h30", 450), ("7g30", 450), ("24:00", 1440), (time(7, 30), 450), (0.5, 720),
     (timedelta(hours=6), 360), ("25:00", None), ("sáng", None), (7, None), ("7-8", None)],
)  # fmt: skip
def test_hours(value: object, minutes: int | None) -> None:
    at = hour(value)
    assert (None if at is None else int(at.total_seconds() // 60)) == minutes


def test_hours_in_a_text() -> None:
    assert hours("06h00 – 14h, ngày 29/04/2022") == [timedelta(hours=6), timedelta(hours=14)]
    for text in ("7h 30-19h 30", "7h30-19h30", "7h30/19h30", "07:30-19:30", "7h 30 . 19h 30"):
        assert hours(text) == [timedelta(hours=7, minutes=30), timedelta(hours=19, minutes=30)], text


def test_text() -> None:
    assert tidy("  Nguyễn\u00a0Văn\u200b \n An ") == "Nguyễn Văn An"
    assert tidy(unicodedata.normalize("NFD", "Ứng cứu")) == "Ứng cứu"
    assert fold("Đội Ứng cứu - TT") == "doi ung cuu tt"
    words = ("Vô tuyến", "NGUỒN", "Wi-Fi", "IP", "Quang")
    assert [skill(word) for word in words] == ["RAN", "power", "WiFi", "IP", "Quang"]


@pytest.mark.parametrize(
    "typed", ["Đ/c Trần Văn An", "đ/c Trần Văn An", "Đ/C. Trần Văn An", "đ.c Trần Văn An", "Đồng chí: Trần Văn An"]
)
def test_a_form_of_address_is_no_part_of_a_name(typed: str) -> None:
    assert without_address(typed) == "Trần Văn An"
    assert without_address("Đào Chí Công") == "Đào Chí Công"
