"""Numbers are masked however they are written, and nothing else is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.clauses.attestations.form import hidden
from eventready.core.redaction.masking import mask, mask_text


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("0912345678", "0912***678"),
        ("+84912345678", "0912***678"),
        ("+84 912 345 678", "0912***678"),
        ("0084912345678", "0912***678"),
        ("84912345678", "0912***678"),
        ("+84 (0)912 345 678", "0912***678"),
        ("0912.345.678", "0912***678"),
        ("02943850852", "0294***852"),
        ("02943.850852", "0294***852"),
        ("113", "***"),
        ("", ""),
        ("chưa có", "***"),
    ],
)
def test_mask(number: str, masked: str) -> None:
    assert mask(number) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("gọi 0912345678 ngay", "gọi 0912***678 ngay"),
        ("gọi 0912.345.678.", "gọi 0912***678."),
        ("gọi 091 234 5678, 0987-654-321", "gọi 0912***678, 0987***321"),
        ("ĐT.0912345678", "ĐT.0912***678"),
        ("ĐT:0912345678;0987654321", "ĐT:0912***678;0987***321"),
        ("(0294) 3850852", "0294***852"),
        ("+84 912 345 678/+84987654321", "0912***678/0987***321"),
        ("0912\u00a0345\u00a0678", "0912***678"),
        ("số cũ 01234567890", "số cũ 0123***890"),
        # What is no number of a telephone stays.
        ("10.255.0.12, 192.0.2.1", "10.255.0.12, 192.0.2.1"),
        ("2022-04-25 07:00:00", "2022-04-25 07:00:00"),
        ("25/04/2022 07:00", "25/04/2022 07:00"),
        ("0012.3456.7890", "0012.3456.7890"),
        ("SC-20220429-01", "SC-20220429-01"),
        ("20220425-070000-a3f2", "20220425-070000-a3f2"),
        ("e3b0912345678c442", "e3b0912345678c442"),
        ("0.912345678", "0.912345678"),
        ("113, 114, 115", "113, 114, 115"),
    ],
)
def test_mask_text(text: str, masked: str) -> None:
    assert mask_text(text) == masked


NUMBERS = st.from_regex(r"0[35789][0-9]{8}", fullmatch=True)


@given(NUMBERS, st.sampled_from(["", " ", ".", "-"]), st.sampled_from(["", "gọi ", "(", "Ông A: "]))
def test_no_mobile_survives(number: str, separator: str, before: str) -> None:
    written = separator.join((number[:4], number[4:7], number[7:]))
    output = mask_text(f"{before}{written}, hết")
    assert number not in re.sub(r"\D", "", output)
    assert mask(number) in output


@given(st.text(max_size=200))
def test_masking_twice_is_masking_once(text: str) -> None:
    assert mask_text(mask_text(text)) == mask_text(text)


def test_what_was_typed_without_its_zero_is_hidden_in_messages() -> None:
    assert hidden("'number' must be text, not 912345678") == "'number' must be text, not 9123***678"
