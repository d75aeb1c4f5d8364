"""Numbers, dates and sentences in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.core.language import BLOT, Language, clean
from eventready.core.messages import text
from eventready.papers.material.excerpt import LINES, WIDTH, excerpt
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
    ("ratio", "vi"), [(1.0, "100%"), (0.9999, "99,9%"), (0.0, "0%"), (2 / 3, "66,6%"), (0.29, "29%"), (0.57, "57%")]
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
    return told(text(message_id, "en", **params), message_id, params)


def told(message: str, message_id: str = "", params: Any = None) -> RunFinding:
    return RunFinding("cpu", "r1", "fail", "", message, message_id, params)


@pytest.mark.parametrize(
    ("output", "vi"),
    [
        (finding("checks:subject.down", subject="Gi0/1"), "Gi0/1 không hoạt động"),
        (
            finding("checks:memory.used", subject="memory Processor", value=91.5, limit=90),
            "Bộ nhớ Processor đã dùng 91,5% (ngưỡng 90%)",
        ),
        (
            finding("checks:bfd.not_up", subject="10.0.0.1", state="down"),
            "Phiên BFD đến 10.0.0.1 ở trạng thái không hoạt động, chưa thiết lập được",
        ),
        (finding("checks:subject.down", subject="Te\u0302n"), "Tên không hoạt động"),
        (told("Without an id"), "Without an id"),
        (told("Unknown", "checks:no.such", {}), "Unknown"),
    ],
)
def test_sentences(output: RunFinding, vi: str) -> None:
    assert VI.sentence(output) == vi
    assert EN.sentence(output) == clean(output.message)


@pytest.mark.parametrize(
    "params", [{}, {"subject": None}, {"value": {"a": 1}}, None], ids=["none", "null", "nested", "absent"]
)
def test_a_document_with_odd_parameters_is_still_reported(params: Any) -> None:
    assert VI.sentence(told("the English sentence", "checks:subject.state", params)) == "the English sentence"


def test_a_document_cannot_reach_into_objects() -> None:
    evil = "{subject.__class__.__mro__}"
    assert VI.sentence(told(evil, evil, {"subject": "x"})) == evil
    subject = VI.sentence(told("", "checks:subject.down", {"subject": evil}))
    assert subject == f"{evil} không hoạt động"


@given(st.text(max_size=80))
def test_nothing_invisible_is_shown(text: str) -> None:
    shown = clean(text)
    assert shown.isprintable()
    assert "\n" not in shown


def test_direction_marks_and_escapes_are_blotted() -> None:
    assert clean("a\u202eb\x1b[31m\x00") == f"a{BLOT}b{BLOT}[31m{BLOT}"


def test_excerpt_names_the_subject() -> None:
    text = "\n".join(f"Te0/0/{n}  up" for n in range(500))
    shown, cut = excerpt(text, ["Te0/0/250"], VI)
    assert "Te0/0/250  up" in shown
    assert shown.startswith("Te0/0/0  up")
    assert cut
    assert "lược" in shown
    assert "Te0/0/100" not in shown


def test_excerpt_shows_the_head_and_a_line_on_each_side() -> None:
    text = "\n".join(f"Te0/0/{n}" for n in range(40))
    gap = "  ⋯ {} lines left out"
    assert excerpt(text, ["Te0/0/20"], EN)[0].splitlines() == [
        "Te0/0/0", "Te0/0/1", "Te0/0/2", "Te0/0/3", gap.format(15),
        "Te0/0/19", "Te0/0/20", "Te0/0/21", gap.format(18),
    ]  # fmt: skip
    whole = "\n".join(text.splitlines()[:30])
    assert excerpt(whole, ["Te0/0/20"], EN) == (whole, False)


def test_excerpt_of_short_long_and_odd_texts() -> None:
    assert excerpt("one\ntwo", ["x"], EN) == ("one\ntwo", False)
    assert excerpt("", ["x"], EN) == ("", False)
    wide, cut = excerpt("x" * 1_000_000, [], EN)
    assert len(wide) < WIDTH + 10
    assert cut


@given(st.text(max_size=3000), st.lists(st.text(max_size=20), max_size=5))
def test_excerpt_is_bounded_whatever_comes(text: str, subjects: list[str]) -> None:
    shown, _ = excerpt(text, subjects, EN)
    assert shown.count("\n") <= 2 * LINES + 1
