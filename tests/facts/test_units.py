"""Numbers and lengths of time in the forms that equipment prints."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from eventready.facts.catalogue import CATALOGUE
from eventready.facts.records import Cpu, Interface, Memory, Optic, TimeSync
from eventready.facts.units import interval, number, rate, span, ssid


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


@pytest.mark.parametrize("text", ["idle", "% idle", "Inf", "1024k", "31 K", "2M"])
def test_no_number(text: Any) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        number(text)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), "1e999"])
def test_no_record_takes_an_infinite_figure_or_none(value: Any) -> None:
    for record in {kind.record for kind in CATALOGUE.values()}:
        for name, field in record.model_fields.items():
            if field.annotation in (float, float | None):
                with pytest.raises(ValidationError, match=name):
                    record.model_validate({name: value})
    with pytest.raises(ValidationError):
        TimeSync.model_validate({"synchronised": True, "offset_ms": value})


@pytest.mark.parametrize(
    ("record", "row"),
    [
        (Cpu, {"five_minutes": "-1%"}),
        (Memory, {"used_percent": -1}),
        (Interface, {"name": "e1", "admin": "up", "oper": "up", "in_percent": -0.1}),
        (Interface, {"name": "e1", "admin": "up", "oper": "up", "in_bps": -8}),
        (Interface, {"name": "e1", "admin": "up", "oper": "up", "in_errors": "-3"}),
    ],
)
def test_no_record_takes_less_than_nothing(record: Any, row: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        record.model_validate(row)


def test_light_may_be_below_zero() -> None:
    assert Optic.model_validate({"interface": "e1", "rx_dbm": "-3.2 dBm"}).rx_dbm == -3.2


def test_more_free_bytes_than_there_are_give_no_percent() -> None:
    assert Memory(total_bytes=100, free_bytes=20).percent == 80
    assert Memory(total_bytes=100, free_bytes=120).percent is None


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        (r"H\xe1\xbb\x99i ngh\xe1\xbb\x8b", "Hội nghị"),
        (r"Kh\xc3\xa1ch \"VIP\"", 'Khách "VIP"'),
        (r"a\\b", r"a\b"),
        (r"a\x5cb", r"a\b"),
        (r"\\xe1", r"\xe1"),
        (r"\xff\xfe", r"\xff\xfe"),
        (r"a\x00", r"a\x00"),
        ("plain", "plain"),
    ],
)
def test_an_escaped_ssid(printed: str, name: str) -> None:
    assert ssid(printed) == name
