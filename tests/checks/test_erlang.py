"""Erlang B against published tables (traffic at a blocking), and its bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.checks.radio.erlang import blocking


@pytest.mark.parametrize(
    ("channels", "traffic", "expected"),
    [
        (1, 0.020, 0.02), (2, 0.223, 0.02), (6, 2.276, 0.02), (7, 2.501, 0.01), (10, 5.084, 0.02),
        (14, 8.200, 0.02), (15, 8.108, 0.01), (30, 24.802, 0.05), (44, 34.682, 0.02), (120, 115.771, 0.05),
        (10, 5, 0.018385), (20, 12, 0.009796), (30, 25, 0.052603), (27, 18.75, 0.015958), (29, 18.75, 0.006790),
    ],
)  # fmt: skip
def test_the_published_tables_are_met(channels: int, traffic: float, expected: float) -> None:
    assert blocking(channels, traffic) == pytest.approx(expected, rel=0.03)


@given(channels=st.integers(0, 300), traffic=st.floats(0.001, 1_000))
def test_a_share_that_falls_with_channels_and_grows_with_traffic(channels: int, traffic: float) -> None:
    share = blocking(channels, traffic)
    assert 0 <= share <= 1
    assert blocking(channels + 1, traffic) <= share <= blocking(channels, traffic * 1.1)


def test_without_traffic_nothing_is_lost_and_without_channels_everything() -> None:
    assert (blocking(4, 0), blocking(0, 1)) == (0, 1)
    with pytest.raises(ValueError, match="may be negative"):
        blocking(-1, 1)
