"""Formulas of capacity against published tables and worked examples, and their properties."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from eventready.network.capacity.amount import Amount, given, up, written
from eventready.network.capacity.formulas import (
    backhaul,
    blocking,
    data_rate,
    left_after_loss,
    lost,
    offered,
    radios_by_airtime,
    repeated,
    requests,
    traffic_channels,
    usable_rate,
)

#: Most traffic by channels, at 0.1, 0.5, 1, 2 and 5% of the calls lost.
TABLE = """
1 .001 .005 .010 .020 .053
2 .046 .105 .153 .223 .381
5 .762 1.132 1.361 1.657 2.218
6 1.146 1.622 1.909 2.276 2.960
7 1.579 2.157 2.501 2.935 3.738
10 3.092 3.961 4.461 5.084 6.216
14 5.446 6.663 7.352 8.200 9.730
15 6.077 7.376 8.108 9.010 10.633
20 9.411 11.092 12.031 13.182 15.249
22 10.812 12.635 13.651 14.896 17.132
29 15.930 18.218 19.487 21.039 23.833
30 16.684 19.034 20.337 21.932 24.802
44 27.641 30.797 32.543 34.682 38.557
60 40.795 44.757 46.950 49.644 54.566
100 75.242 80.910 84.064 87.972 95.240
120 92.964 99.382 102.964 107.419 115.771
"""
CELLS = [
    (int(line.split()[0]), loss, float(traffic))
    for line in TABLE.strip().splitlines()
    for loss, traffic in zip((0.001, 0.005, 0.01, 0.02, 0.05), line.split()[1:], strict=True)
]


def waiting(channels: int, traffic: float) -> float:
    """Erlang C: share of delayed calls; 1 for at least as much traffic as channels."""
    if traffic >= channels:
        return 1.0
    lost = blocking(channels, traffic)
    return channels * lost / (channels - traffic * (1 - lost))


def with_retries(channels: int, traffic: float, retries: float) -> float:
    """Extended Erlang B by halving: traffic with a share `retries` (below 1) of the lost calls made again."""
    low, high = traffic, traffic / (1 - retries)
    for _ in range(100):
        middle = (low + high) / 2
        enough = middle >= traffic + retries * middle * blocking(channels, middle)
        low, high = (low, middle) if enough else (middle, high)
    return high


def f(value: float) -> Amount:
    return given(value)


@pytest.mark.parametrize(("channels", "loss", "traffic"), CELLS)
def test_the_published_table_to_its_digits(channels: int, loss: float, traffic: float) -> None:
    assert blocking(channels, traffic - 0.0005) < loss < blocking(channels, traffic + 0.0005)


@pytest.mark.parametrize(
    ("found", "expected", "digits"),
    [
        (blocking(30, 25), 0.052603, 6), (blocking(10, 5), 0.018385, 6), (blocking(20, 12), 0.009796, 6),
        (blocking(3, 2.5), 0.28217, 5), (blocking(5, 2.5), 0.06973, 5), (blocking(6, 2.5), 0.02823, 5),
        (blocking(7, 2.5), 0.00998, 5), (blocking(27, 18.75), 0.0159585, 7), (blocking(29, 18.75), 0.006790, 6),
        (waiting(10, 5), 0.036105, 6), (waiting(15, 10), 0.102042, 6),
        (with_retries(10, 5, 0.5), 5.04875, 5), (blocking(10, with_retries(10, 5, 0.5)), 0.019312, 6),
        (with_retries(7, 3, 0.6), 3.04223, 5), (blocking(7, with_retries(7, 3, 0.6)), 0.023137, 6),
        (with_retries(30, 25, 0.7), 26.31257, 5), (blocking(30, with_retries(30, 25, 0.7)), 0.071263, 6),
        (offered(f(4500), f(1), f(90)).value, 112.5, 4), (offered(f(4500), f(1), f(90)).value / 6, 18.75, 4),
        (data_rate(f(5), f(10_000 * 0.45), f(1)).value, 50.0, 6), (data_rate(f(5), f(4500), f(1.5)).value, 75.0, 6),
        (usable_rate(f(20), f(0.8), f(0.7)).value, 11.2, 6), (75 / usable_rate(f(20), f(0.8), f(0.7)).value, 6.70, 2),
        (up(data_rate(f(5), f(4500), f(1.5)) / usable_rate(f(20), f(0.8), f(0.7))).value, 7, 0),
        (4500 * 0.4 / 185, 9.73, 2), (up(f(4500) * 0.4 / 185).value, 10, 0),
        (radios_by_airtime(f(100), f(3), f(50), f(0.8)).value, 7.5, 6),
        (up(radios_by_airtime(f(100), f(3), f(50), f(0.8))).value, 8, 0),
        (1000 * 0.7 * 0.63, 441, 6), (up(f(441) / 30).value, 15, 0), (round(441 * 0.43), 190, 0),
        (25_670 / 40_033, 0.6412, 4), (25_670 / 67_612, 0.3797, 4), (7_867_000 / 25_670, 306.5, 1),
        (30_605 / 48_845, 0.6266, 4), (30_605 / 70_081, 0.4367, 4), (13_060_000 / 30_605, 426.7, 1),
        (traffic_channels(f(2), f(1), f(0), f(0)).value, 14, 0),
        (traffic_channels(f(2), f(1), f(1), f(1)).value, 26, 0),
        (left_after_loss((f(10), f(10), f(1)), (f(10), f(2)), f(0.8)).value, 8.8, 6),
        (requests(f(600), f(2), f(60)).value, 20, 6),
        (backhaul(f(75), f(3), f(20), f(0.15)).value, 86.25, 6), (backhaul(f(75), f(6), f(20), f(0.1)).value, 132, 6),
    ],
)  # fmt: skip
def test_worked_examples_to_their_digits(found: float, expected: float, digits: int) -> None:
    assert round(found, digits) == expected


@drawn(channels=st.integers(0, 300), traffic=st.floats(0.001, 1_000))
def test_a_share_that_falls_with_channels_and_grows_with_traffic(channels: int, traffic: float) -> None:
    share = blocking(channels, traffic)
    assert 0 <= share <= 1
    assert blocking(channels + 1, traffic) <= share <= blocking(channels, traffic * 1.1)
    assert share <= waiting(channels, traffic) + 1e-12


@drawn(channels=st.integers(1, 100), traffic=st.floats(0, 2_000), retries=st.floats(0, 0.99))
def test_repeated_calls_are_counted_to_the_end(channels: int, traffic: float, retries: float) -> None:
    offered = repeated(f(channels), f(traffic), f(retries)).value
    assert offered == pytest.approx(with_retries(channels, traffic, retries), rel=1e-6)
    assert offered >= traffic


@pytest.mark.parametrize("traffic", [30, 31.5, 60, 30_000])
def test_where_every_lost_call_is_made_again_and_channels_are_too_few_nearly_all_are_lost(traffic: float) -> None:
    crowd = repeated(f(30), f(traffic), f(1))
    assert 0.98 < lost(f(30), crowd).value < 1


_FORMULAS: list[tuple[Callable[..., Amount], str]] = [
    (offered, "+++"), (data_rate, "+++"), (usable_rate, "+++"), (radios_by_airtime, "++--"), (requests, "++-"),
    (traffic_channels, "+--+"), (backhaul, "++++"), (lambda a, b, c: left_after_loss((a, b), (a, b), c), "+++"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "signs"), _FORMULAS)
@drawn(data=st.data())
def test_formulas_are_monotone_in_every_input(formula: Callable[..., Amount], signs: str, data: st.DataObject) -> None:
    figures = [data.draw(st.floats(2, 1_000)) for _ in signs]
    figures[0] = max(figures[0], figures[1] if "+--" in signs else 0)
    before = formula(*map(f, figures)).value
    for place, sign in enumerate(signs):
        after = formula(*(f(one * 1.5 if place == number else one) for number, one in enumerate(figures))).value
        slack = 1e-9 * max(1, abs(before))
        if formula is not traffic_channels or before >= 0:
            assert after >= before - slack if sign == "+" else after <= before + slack


def test_a_figure_knows_its_formula_and_the_lines_before_it() -> None:
    users, each = given(40, "users"), given(0.5, "each")
    traffic = (users * each + 1).named("traffic", "E")
    loss = lost(given(22, "channels"), traffic).named("loss")
    assert [line.name for line in loss.lines()] == ["channels", "users", "each", "traffic", "loss"]
    names = {"traffic": "users*each+1", "loss": "erlang_b(channels;traffic)"}
    for line in (traffic, loss):
        shown = written(line.formula, lambda one: one.name, lambda name, inner: f"{name}({';'.join(inner)})")
        assert shown == names[line.name]
    assert [line.name for line in repeated(given(7, "channels"), traffic, each).lines() if not line.hidden][
        -1
    ] == "retried"


def test_without_traffic_nothing_is_lost_and_without_channels_everything() -> None:
    assert (blocking(4, 0), blocking(0, 1), waiting(3, 3)) == (0, 1, 1)
    with pytest.raises(ValueError, match="may be negative"):
        blocking(-1, 1)
