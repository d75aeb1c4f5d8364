"""Numbers and lengths of time in the forms that equipment prints."""

from __future__ import annotations

from typing import Any

import pytest

from eventready.facts.units import interval, number, rate, span


@pytest.mark.parametrize(
    ("text", "value"),
    [("98% idle", 2), ("12.5% free", 87.5), ("100% idle", 0), ("- Inf", -40), ("-Inf dBm", -40), ("-inf", -40)],
)
def test_number(text: str, value: float) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("29w6d 23:14", 29 * 604_800 + 6 * 86_400 + 23 * 3_600 + 14 * 60),
        ("9w2d 5:23:37", 9 * 604_800 + 2 * 86_400 + 5 * 3_600 + 23 * 60 + 37),
        ("154 days, 19:16", 154 * 86_400 + 19 * 3_600 + 16 * 60),
        ("4:19:10", 4 * 3_600 + 19 * 60 + 10),
    ],
)
def test_span(text: str, seconds: int) -> None:
    assert span(text) == seconds


@pytest.mark.parametrize(
    ("text", "value"),
    [("475 bytes/sec", 3_800), ("96 bits/sec", 96), ("1000000 kbps", 10**9), ("10G", 10**10), ("-", None)],
)
def test_rate(text: str, value: int | None) -> None:
    assert rate(text) == value


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1", 1), ("3.570", 3.57), (".200", 0.2), ("1 s", 1), ("200 msec", 0.2), ("3600 ms", 3.6), ("100cs", 1),
        ("3 secs", 3), ("unknown", None), ("0 ms", None),
    ],
)  # fmt: skip
def test_interval(text: str, seconds: float | None) -> None:
    assert interval(text) == seconds


@pytest.mark.parametrize("text", ["often", "1 min", "-1"])
def test_no_interval(text: str) -> None:
    with pytest.raises(ValueError, match="interval"):
        interval(text)


@pytest.mark.parametrize("text", ["12:33", "idle", "5w 12", "3d 4:5:6:7"])
def test_an_ambiguous_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="length of time"):
        span(text)


@pytest.mark.parametrize("text", ["idle", "% idle", "Inf"])
def test_no_number(text: Any) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        number(text)
