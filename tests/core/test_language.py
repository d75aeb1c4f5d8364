"""Numbers, dates and sentences in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.core.language import BLOT, Language, clean
from eventready.core.messages import text
from eventready.store.run_records import RunFinding

VI, EN = Language("vi"), Language("en")


@pytest.mark.parametrize(
    ("value", "vi", "en"),
    [
        (73.5, "73,5", "73.5"),
        (-16.8, "-16,8", "-16.8"),
        (70.0, "70", "70"),
        (65000, "65.000", "65,000"),
        (1234567.0, "1.234.567", "1,234,567"),
        (0.001, "0,001", "0.001"),
    ],
)
def test_numbers(value: float, vi: str, en: str) -> None:
    assert (VI.number(value), EN.number(value)) == (vi, en)


@pytest.mark.parametrize(
    ("ratio", "vi"), [(1.0, "100%"), (0.9999, "99,9%"), (0.0, "0%"), (0.644837, "64%"), (0.29, "29%"), (0.57, "57%")]
)
def test_only_all_of_it_is_a_hundred_percent(ratio: float, vi: str) -> None:
    assert VI.percent(ratio) == vi


@pytest.mark.parametrize(
    ("iso", "vi", "en"),
    [
        ("2022-04-25T07:00:00+07:00", "07:00, thứ Hai 25/04/2022", "07:00, Monday 25 Apr 2022"),
        ("2022-04-24T18:30:00+00:00", "01:30, thứ Hai 25/04/2022", "01:30, Monday 25 Apr 2022"),
        ("2022-05-01T23:59:00", "23:59, Chủ nhật 01/05/2022", "23:59, Sunday 1 May 2022"),
        ("no moment", "no moment", "no moment"),
        ("", "", ""),
    ],
)
def test_moments(iso: str, vi: str, en: str) -> None:
    assert (VI.moment(iso, weekday=True), EN.moment(iso, weekday=True)) == (vi, en)


def test_short_moments() -> None:
    assert VI.moment("2022-04-25T07:00:00+07:00") == "25/04/2022 07:00"
    assert EN.moment("2022-04-25T07:00:00+07:00") == "25 Apr 2022 07:00"


def finding(message_id: str, **params: Any) -> RunFinding:
    return worded(text(message_id, "en", **params), message_id, params)


def worded(message: str, message_id: str = "", params: Any = None) -> RunFinding:
    return RunFinding("cpu", "r1", "fail", "", message, message_id, params)


@pytest.mark.parametrize(
    ("output", "vi"),
    [
        (finding("checks:subject.down", subject="Gi0/1"), "Gi0/1 không hoạt động"),
        (
            finding("checks:memory.used", subject="memory Processor", value=91.5, limit=90),
            "Bộ nhớ Processor đã dùng 92% (ngưỡng 90%)",
        ),
        (
            finding("checks:bfd.not_up", subject="10.0.0.1", state="down"),
            "Phiên BFD đến 10.0.0.1 ở trạng thái không hoạt động, chưa thiết lập được",
        ),
        (finding("checks:subject.down", subject="Te\u0302n"), "Tên không hoạt động"),
        (worded("Without an id"), "Without an id"),
        (worded("Unknown", "checks:no.such", {}), "Unknown"),
    ],
)
def test_sentences(output: RunFinding, vi: str) -> None:
    assert VI.sentence(output) == vi
    assert EN.sentence(output) == clean(output.message)


@pytest.mark.parametrize(
    "params", [{}, {"subject": None}, {"value": {"a": 1}}, None], ids=["none", "null", "nested", "absent"]
)
def test_a_document_with_odd_parameters_is_still_reported(params: Any) -> None:
    assert VI.sentence(worded("the English sentence", "checks:subject.state", params)) == "the English sentence"


def test_a_document_cannot_reach_into_objects() -> None:
    evil = "{subject.__class__.__mro__}"
    assert VI.sentence(worded(evil, evil, {"subject": "x"})) == evil
    subject = VI.sentence(worded("", "checks:subject.down", {"subject": evil}))
    assert subject == f"{evil} không hoạt động"


@given(st.text(max_size=80))
def test_nothing_invisible_is_shown(text: str) -> None:
    shown = clean(text)
    assert shown.isprintable()
    assert "\n" not in shown


def test_direction_marks_and_escapes_are_blotted() -> None:
    assert clean("a\u202eb\x1b[31m\x00") == f"a{BLOT}b{BLOT}[31m{BLOT}"
