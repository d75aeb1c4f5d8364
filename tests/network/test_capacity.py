"""Balances of the four venues: additions that close gaps, monotone in every figure, silent devices named."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.core.messages import term
from eventready.network.capacity.balance import Balance, additions
from eventready.workspace.devices.capacity import DEFAULTS, CapacityFile
from eventready.workspace.settings.risk import RiskGroup
from tests.network.four_venues import CAPACITY, SETTING, Network, Rows, access, figure, four_venues, stations

NETWORK = four_venues()


def balances(capacity: CapacityFile = CAPACITY, **instead: Rows) -> dict[str, Balance]:
    """Balances with other rows of some devices."""
    network = Network()
    network.devices = NETWORK.devices
    network.rows = {**NETWORK.rows, **{name.replace("_", "-"): rows for name, rows in instead.items()}}
    return network.balances(capacity)


@pytest.mark.parametrize(
    ("subject", "ways"),
    [
        ("harbour-1 up1 + harbour-1 up2 + harbour-2 up", [("links", 1)]),
        ("stadium_b SDCCH", [("sdcch", 1), ("mobile_bts", 4)]),
        ("hall_1", [("radios", 2)]),
        ("stadium_a TCH", []),
    ],
)
def test_the_fewest_additions_close_a_gap_and_fewer_do_not(subject: str, ways: list[tuple[str, int]]) -> None:
    balance = balances()[subject]
    named = additions(balance) if balance.status != "enough" else ()
    assert [(one.way, one.number) for one in named] == ways
    for way, number in ways:
        assert balance.ways[way](number).status == "enough"
        assert number == 1 or balance.ways[way](number - 1).status != "enough"


def test_more_demand_and_less_supply_never_help() -> None:
    before = balances()
    for one in before.values():
        for again in one.ways.values():
            assert again(1).use <= one.use + 1e-12
            assert again(4).use <= again(2).use + 1e-12


@pytest.mark.slow
@given(
    name=st.sampled_from(
        [
            "people",
            "subscribers",
            "bhca",
            "holding_s",
            "signalling_me",
            "retries",
            "surge",
            "data_mb",
            "active",
            "take",
            "concurrent",
            "client_mbps",
        ]
    ),
    low=st.floats(0.1, 1),
    more=st.floats(1, 9),
)
def test_more_of_any_figure_of_the_demand_never_lightens_a_load(name: str, low: float, more: float) -> None:
    shares = {"subscribers", "retries", "active", "take", "concurrent"}

    def wanted(value: float) -> CapacityFile:
        figures = {
            "people": figure(int(100 * value)), "surge": figure(1 + value), "bhca": figure(value),
            "holding_s": figure(60 * value), "signalling_me": figure(4 * value), "data_mb": figure(10 * value),
            "client_mbps": figure(value), **{share: figure(value) for share in shares},
        }  # fmt: skip
        document = CAPACITY.model_dump(mode="json", exclude_none=True)
        for demand in document["demand"]:
            demand[name] = figures[name]
        return CapacityFile.model_validate(document)

    before = balances(wanted(low))
    after = balances(wanted(min(1, low * more) if name in shares else low * more))
    assert all(after[subject].crowd.value >= one.crowd.value - 1e-9 for subject, one in before.items())


@pytest.mark.slow
def test_a_group_of_thousands_of_links_is_computed_written_and_solved() -> None:
    """Formulas fit the cells of a workbook; an absurd demand has no way, and says so at once."""
    network = Network()
    network.device("core", "switch", "any", ["hall"], uplinks=["out"])
    for number in range(2000):
        network.device(f"edge-{number}", "switch", "any", ["hall"])
        network.cable("core", f"p{number}", f"edge-{number}", "up", rate="1G")
    fixed = {"venue": "hall", "window": "opening", "service": "fixed", "people": figure(10)}
    one = network.balances(CapacityFile.model_validate({"demand": [{**fixed, "mbps": figure(1e9)}]}))
    name = next(name for name in one if name.startswith("edge-0 up + edge-1 up"))
    assert name.endswith(" + …")
    assert one[name].limit.value == pytest.approx(1999 * 1000 * 0.8)
    assert all(len(line.formula) < 250 for line in one[name].limit.lines())
    assert [way.way for way in additions(one[name])] == []
    some = network.balances(CapacityFile.model_validate({"demand": [{**fixed, "mbps": figure(2e6)}]}))[name]
    assert [(way.way, way.number) for way in additions(some)] == [("links", 1751)]


@pytest.mark.slow
def test_thousands_of_circuits_fit_the_cells_of_a_workbook() -> None:
    network = Network()
    supply = [
        {"kind": "circuits", "device": f"edge-{number % 300}", "name": f"p{number}", "venues": ["hall"], "channels": 1}
        for number in range(2000)
    ]
    for number in range(300):
        network.device(f"edge-{number}", "switch", "any", ["hall"])
    fixed = {"venue": "hall", "window": "opening", "service": "fixed", "people": figure(10), "lines": figure(100)}
    document = {"demand": [fixed], "supply": [{**one, "source": "s"} for one in supply]}
    ((name, one),) = network.balances(CapacityFile.model_validate(document)).items()
    assert len(name) < 200
    assert one.details["channels"].value == 1993
    assert all(len(line.formula) < 250 for line in one.details["channels"].lines())


@given(
    cables=st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(1, 9)).filter(lambda one: one[0] != one[1]),
        min_size=1, max_size=6,
    ),
    duct=st.sets(st.integers(0, 5), min_size=1),
)  # fmt: skip
def test_what_is_left_is_that_of_the_worst_failure(cables: list[tuple[int, int, int]], duct: set[int]) -> None:
    """Against brute force: each switch, each cable and a duct of some cables fails in turn."""
    network = Network()
    for number in range(5):
        network.device(f"s{number}", "switch", "any", ["hall"], uplinks=() if number else ("out",))
    for number, (one, other, rate) in enumerate(cables):
        network.cable(f"s{one}", f"p{number}", f"s{other}", f"p{number}", rate=f"{rate}G")
    ends = {number: {f"s{one}", f"s{other}"} for number, (one, other, _rate) in enumerate(cables)}
    members = tuple(f"s{cables[number][0]}:p{number}" for number in duct if number in ends) or ("s0",)
    fixed = {"venue": "hall", "window": "opening", "service": "fixed", "people": figure(1), "mbps": figure(1)}
    setting = replace(SETTING, risks=(RiskGroup(name="duct", kind="duct", members=members),))
    found = network.balances(CapacityFile.model_validate({"demand": [fixed]}), setting)
    for name, balance in found.items():
        if "out" in name:
            continue
        own = [int(port.rpartition("p")[2]) for port in name.split(" + ")]
        failures = [{number} for number in own] + [{number for number in own if number in duct}]
        failures += [{number for number in own if f"s{device}" in ends[number]} for device in range(5)]
        left = [set(own) - failed for failed in failures if set(own) != failed]
        worst = min(sum(cables[number][2] for number in one) for one in left or [set(own)])
        assert balance.limit.value == pytest.approx(worst * 800)


def test_a_measured_supply_of_nothing_is_short() -> None:
    hall = access("active", "hall", 5)[0]
    hall |= {fact: [row for row in hall[fact] if row.subject.split()[0] != "hall_1"] for fact in ("radio", "radio_24")}
    found = balances(bsc_2=stations(harbour_b=16, stadium_b=0)[0], wlc_hall_1=hall)
    assert {one.status for name, one in found.items() if name.startswith(("stadium_b ", "hall_1"))} == {"short"}
    assert [one.way for one in additions(found["stadium_b TCH"])] == ["trx"]
    assert [(one.way, one.number) for one in additions(found["hall_1"])] == [("radios", 4)]


def test_a_silent_device_is_named_as_the_reason() -> None:
    found = balances(bsc_2={}, market_2={}, core_2={})
    cells = (f"{cell} {kind}" for cell in ("harbour_b", "stadium_b") for kind in ("TCH", "SDCCH"))
    assert {name: one.unread for name, one in found.items() if one.unknown} == {
        "core-1 out + core-2 out": ("core-2",), "market-1 up + market-2 up": ("core-2", "market-2"),
        "stadium-1 ether1 + stadium-1 ether2": ("core-2",), **dict.fromkeys(cells, ("bsc-2",)),
    }  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_every_default_has_its_source_in_words(lang: str) -> None:
    figures = [one for found in balances().values() for one in (*found.busy.lines(), *found.crowd.lines())]
    names = {*DEFAULTS, *(one.name for one in figures if one.default)}
    assert [name for name in names if term("cli:capacity_source", name, lang) == name] == []
