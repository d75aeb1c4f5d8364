"""Dates, numbers and headings as Vietnamese papers write them."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from eventready.papers.dates import bound, formal_date, long_moment, short_date, short_moment
from eventready.papers.material.material import Week
from eventready.papers.sections.writer import LETTERS, Outline, ascii_name, roman
from tests.zones import TZ


@pytest.mark.parametrize(("month", "output"), [(1, "01"), (2, "02"), (3, "3"), (4, "4"), (12, "12")])
def test_a_formal_date_pads_the_first_two_months(month: int, output: str) -> None:
    assert formal_date(date(2022, month, 10), "vi").split("\u00a0")[-4:] == ["tháng", output, "năm", "2022"]


def test_a_blank_day_is_left_to_the_office_and_the_date_never_breaks() -> None:
    output = formal_date(date(2022, 2, 7), "vi")
    assert output.split("\u00a0")[0] == "ngày"
    assert " " not in output
    assert output.endswith("tháng\u00a002\u00a0năm\u00a02022")
    assert "7" not in output


@pytest.mark.parametrize(("month", "output"), [(1, "Jan"), (4, "Apr"), (12, "Dec")])
def test_english_dates_name_the_month(month: int, output: str) -> None:
    day = date(2022, month, 7)
    assert short_date(day, "en").split("\u00a0") == ["7", output, "2022"]
    assert formal_date(day, "en").split("\u00a0")[-2:] == [output, "2022"]
    assert "7" not in formal_date(day, "en")


def test_moments_are_local_and_days_in_order() -> None:
    moment = datetime(2022, 4, 25, 7, 5, tzinfo=TZ)
    assert long_moment(moment, "vi").replace("\u00a0", " ") == "07 giờ 05 ngày 25/04/2022"
    assert short_moment(moment, "vi") == "07:05 25/04/2022"
    assert short_date(date(2022, 4, 5), "en") == "5\u00a0Apr\u00a02022"


def test_what_belongs_together_stays_on_a_line() -> None:
    output = bound("từ ngày 24 tháng 4 năm 2022, trực 24/24 giờ, xem Phụ lục II, Bảng 3 và trong 5 phút")
    assert output == (
        "từ ngày\u00a024\u00a0tháng\u00a04\u00a0năm\u00a02022, trực 24/24\u00a0giờ, xem Phụ lục\u00a0II, Bảng\u00a03 "
        "và trong 5\u00a0phút"
    )


def test_sections_clauses_and_points_are_numbered_by_the_vietnamese_alphabet() -> None:
    outline = Outline()
    made = [outline.section("một").text, outline.clause("hai").text]
    made += [outline.point("x").text for _ in range(7)]
    made += [outline.clause("ba").text, outline.point("x").text, outline.section("bốn").text, outline.clause("y").text]
    assert made == [
        "I. MỘT", "1. hai", "a) x", "b) x", "c) x", "d) x", "đ) x", "e) x", "g) x", "2. ba", "a) x", "II. BỐN", "1. y",
    ]  # fmt: skip
    assert not set("fjwz") & set(LETTERS)
    assert [roman(n) for n in (4, 9, 14, 19)] == ["IV", "IX", "XIV", "XIX"]


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (date(2022, 4, 25), date(2022, 4, 18), date(2022, 4, 24)),
        (date(2022, 4, 28), date(2022, 4, 18), date(2022, 4, 24)),
        (date(2022, 5, 1), date(2022, 4, 18), date(2022, 4, 24)),
        (date(2022, 5, 2), date(2022, 4, 25), date(2022, 5, 1)),
    ],
)
def test_a_report_looks_back_on_the_week_before_its_monday(day: date, first: date, last: date) -> None:
    week = Week.at(day)
    assert (week.first, week.last, week.next_last) == (first, last, date.fromordinal(week.due.toordinal() + 6))


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (date(2022, 4, 28), date(2022, 4, 22)),
        (date(2022, 4, 29), date(2022, 4, 29)),
        (date(2022, 5, 2), date(2022, 4, 29)),
    ],
)
def test_a_report_of_fridays(day: date, due: date) -> None:
    assert Week.at(day, 4).due == due


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Đảm bảo TTLL", "Dam-bao-TTLL"),
        ("../../etc/passwd", "etc-passwd"),
        ("R&D <x>", "R-D-x"),
        ("中文", "x"),
        ("", "x"),
    ],
)
def test_names_of_files_are_ascii_and_stay_in_their_folder(text: str, name: str) -> None:
    assert ascii_name(text) == name
