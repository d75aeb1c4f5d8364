"""Seeded shortages of a network of four venues: found, and nothing else; additions that close them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.checks.finding import Finding, Outcome
from eventready.core.messages import term
from eventready.evaluation.runner import evaluate
from eventready.network.capacity.balance import Balance, additions
from eventready.network.capacity.calculate import CapacityCalculation
from eventready.network.capacity.case import CapacityTargets
from eventready.network.network_facts import DeviceFacts
from eventready.workspace.devices.capacity import DEFAULTS, CapacityFile
from eventready.workspace.devices.device import Device, Role
from eventready.workspace.devices.expect import Expect
from eventready.workspace.loads import with_loads
from tests.checks.casebook import MOMENT, matrix_of, observations, rows

VENUES = ("hall", "park", "port", "square")
Facts = Mapping[str, list[Mapping[str, Any]]]


def figure(value: float) -> dict[str, Any]:
    return {"value": value, "source": "s"}


def ports(**rates: str) -> Facts:
    return {"interface": [{"name": name, "admin": "up", "oper": "up", "bandwidth_bps": rates[name]} for name in rates]}


def channels(**cells: tuple[int, int]) -> Facts:
    return {
        "cell": [{"name": name, "state": "up"} for name in cells],
        "channel_load": [
            {"cell": name, "kind": kind, "used": 0, "total": total}
            for name, totals in cells.items()
            for kind, total in zip(("tch_f", "sdcch"), totals, strict=True)
        ],
    }


def radios(prefix: str, number: int) -> Facts:
    return {
        "radio": [{"ap": f"{prefix}-{n}", "slot": "1", "band": "5", "oper": "up"} for n in range(number)],
        "radio_24": [{"ap": f"{prefix}-{n}", "slot": "0", "band": "2.4", "oper": "up"} for n in range(number)],
    }


def points(prefix: str, venue: str, number: int) -> dict[str, Any]:
    return {"access_points": [{"name": f"{prefix}-{n}", "venue": venue} for n in range(number)]}


#: Name, role, venues, expectations, facts. Seeded: the bundle of edge-1 alone, a cell of the park, the hall's radios.
DEVICES: tuple[tuple[str, Role, tuple[str, ...], dict[str, Any], Facts], ...] = (
    ("core-1", "router", VENUES, {"uplinks": ["up"], "links": [
        {"port": "p1", "device": "edge-1", "to_port": "Po1"}, {"port": "p2", "device": "park-1", "to_port": "up"},
        {"port": "p3", "device": "port-1", "to_port": "up"}, {"port": "p4", "device": "square-1", "to_port": "up"},
    ]}, ports(up="10G", p1="1G", p2="1G", p3="1G", p4="1G")),
    ("core-2", "router", VENUES, {"uplinks": ["up"], "links": [
        {"port": "p1", "device": "edge-2", "to_port": "Po1"}, {"port": "p2", "device": "park-2", "to_port": "up"},
        {"port": "p3", "device": "port-2", "to_port": "up"}, {"port": "p4", "device": "square-2", "to_port": "up"},
    ]}, ports(up="10G", p1="1G", p2="1G", p3="1G", p4="1G")),
    ("edge-1", "router", ("hall",), {"uplinks": ["Po1"]}, ports(Po1="2G")),
    ("edge-2", "router", ("hall",), {"uplinks": ["Po1"]}, ports(Po1="500M")),
    *((f"{at}-{n}", "router", (at,), {"uplinks": ["up"]}, ports(up="1G")) for at in VENUES[1:] for n in (1, 2)),
    ("bsc", "bts_controller", ("park", "port"), {"cells": [
        {"name": "K1", "venue": "park"}, {"name": "K2", "venue": "park"}, {"name": "Q1", "venue": "port"},
    ]}, channels(K1=(22, 16), K2=(22, 4), Q1=(22, 16))),
    ("enb", "bts_controller", ("square",), {"cells": [{"name": f"L{n}", "venue": "square"} for n in range(3)]},
     {"cell": [{"name": f"L{n}", "state": "up"} for n in range(3)]}),
    ("wlc-hall", "wifi_controller", ("hall",), points("H", "hall", 5), radios("H", 5)),
    ("wlc-port", "wifi_controller", ("port",), points("P", "port", 10), radios("P", 10)),
)  # fmt: skip
CAPACITY = CapacityFile.model_validate({
    "demand": [
        {"venue": "hall", "window": "opening", "service": "wifi", "people": figure(1000),
         "places": {"H-0": figure(10)}},
        {"venue": "hall", "window": "opening", "service": "fixed", "people": figure(10), "mbps": figure(150)},
        {"venue": "park", "window": "opening", "service": "mobile", "people": figure(600)},
        {"venue": "port", "window": "egress", "service": "mobile", "people": figure(300)},
        {"venue": "port", "window": "egress", "service": "wifi", "people": figure(500)},
        {"venue": "square", "window": "egress", "service": "mobile", "people": figure(900)},
    ],
    "supply": [
        {"kind": "lte", "name": "L*", "mhz": 20, "source": "s"},
        {"kind": "radio", "mbps": 150, "source": "s"},
        {"kind": "pool", "device": "wlc-hall", "venues": ["hall", "port"], "addresses": 2000, "source": "s"},
    ],
})  # fmt: skip
NETWORK = with_loads(
    CAPACITY,
    [
        Device(name, role, "any", "192.0.2.1", venues=venues, expect=Expect.model_validate(expect))
        for name, role, venues, expect, _facts in DEVICES
    ],
)
#: Shortages put in on purpose.
SEEDED = {
    ("edge-1", "edge-1 Po1 + edge-2 Po1", "warn"),
    ("bsc", "K2 SDCCH", "fail"),
    *(("wlc-hall", f"H-{n}", "warn") for n in range(1, 5)),
}


def found() -> list[Finding]:
    seen = [row for name, *_rest, facts in DEVICES for row in observations(name, {"now": facts})]
    return [
        one
        for one in evaluate(NETWORK, matrix_of(list(NETWORK)), seen, moment=MOMENT)
        if one.check.startswith("capacity_")
    ]


def balances(capacity: CapacityFile = CAPACITY, **instead: Facts) -> dict[str, Balance]:
    network = with_loads(capacity, NETWORK)
    facts = {
        name: DeviceFacts(network[number], rows(instead.get(name.replace("-", "_"), one)))
        for number, (name, *_rest, one) in enumerate(DEVICES)
    }
    calculation = CapacityCalculation(facts, lambda _name: CapacityTargets())
    return {one.subject: one for device in network for one in calculation.balances(device.name, device.loads)}


def test_the_seeded_shortages_are_found_and_nothing_else() -> None:
    short = {(one.device, one.subject, str(one.status)) for one in found() if one.status is not Outcome.PASS}
    assert short == SEEDED
    assert {one.check for one in found()} == {
        "capacity_cell", "capacity_access_point", "capacity_link", "capacity_service",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "ways"),
    [
        ("edge-1 Po1 + edge-2 Po1", [("links", 1)]),
        ("K2 SDCCH", [("sdcch", 1), ("mobile_bts", 4)]),
        ("H-1", [("radios", 2)]),
        ("K1 TCH", []),
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


def test_a_measured_supply_of_nothing_is_short() -> None:
    hall = {fact: [row for row in of if row["ap"] != "H-1"] for fact, of in radios("H", 5).items()}
    found = balances(bsc=channels(K2=(22, 4), Q1=(22, 16)), wlc_hall=hall)
    assert {one.status for name, one in found.items() if name.startswith(("K1 ", "H-1"))} == {"short"}
    assert [one.way for one in additions(found["K1 TCH"])] == ["trx"]
    assert [(one.way, one.number) for one in additions(found["H-1"])] == [("radios", 4)]


def test_a_silent_device_is_named_as_the_reason() -> None:
    found = balances(bsc={}, edge_2={})
    assert {name: one.unread for name, one in found.items() if one.unknown} == {
        "edge-1 Po1 + edge-2 Po1": ("edge-2",), **dict.fromkeys(
            (f"{cell} {kind}" for cell in ("K1", "K2", "Q1") for kind in ("TCH", "SDCCH")), ("bsc",)
        ),
    }  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_every_default_has_its_source_in_words(lang: str) -> None:
    figures = [one for found in balances().values() for one in (*found.busy.lines(), *found.crowd.lines())]
    names = {*DEFAULTS, *(one.name for one in figures if one.default)}
    assert [name for name in names if term("cli:capacity_source", name, lang) == name] == []


def test_a_device_outside_the_audit_is_not_measured() -> None:
    seen = [row for name, *_rest, facts in DEVICES for row in observations(name, {"now": facts}) if name != "edge-2"]
    some = [one for one in NETWORK if one.name != "edge-2"]
    findings = evaluate(some, matrix_of(some), seen, moment=MOMENT)
    (link,) = [one for one in findings if one.check == "capacity_link" and one.device == "edge-1"]
    assert link.status is Outcome.NOT_MEASURED
    assert "without a reading of edge-2" in link.message
