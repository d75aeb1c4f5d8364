"""The order of devices: one alone, batches, pairs apart, standbys before masters."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventready.change.plan.order import (
    CARRIES,
    STANDS_BY,
    UNKNOWN,
    Member,
    Wave,
    WaveLimits,
    fewest_waves,
    members_of,
    ordered_waves,
)
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect, ExpectedGateway

MEMBERS = st.lists(
    st.builds(
        Member,
        name=st.text("abcdef", min_size=1, max_size=6),
        pairs=st.frozensets(st.sampled_from(["p", "q", "r", "s"]), max_size=2),
        rank=st.sampled_from([STANDS_BY, UNKNOWN, CARRIES]),
        weight=st.integers(0, 3),
    ),
    max_size=40,
    unique_by=lambda member: member.name,
)


def waves(members: Iterable[Member], limits: WaveLimits) -> tuple[tuple[str, ...], ...]:
    return tuple(wave.names for wave in ordered_waves(members, limits))


@given(members=MEMBERS, batch=st.integers(1, 7))
def test_every_order_keeps_its_promises(members: list[Member], batch: int) -> None:
    order = waves(members, WaveLimits(batch))
    named = [name for wave in order for name in wave]
    assert sorted(named) == sorted(member.name for member in members)
    assert all(order)
    assert all(len(wave) <= (batch if number else 1) for number, wave in enumerate(order))
    place = {name: number for number, wave in enumerate(order) for name in wave}
    for one, other in combinations(members, 2):
        if one.pairs & other.pairs:
            assert place[one.name] != place[other.name]
            if one.rank != other.rank:
                first, second = sorted((one, other), key=lambda member: member.rank)
                assert place[first.name] < place[second.name]


@given(members=MEMBERS)
def test_the_fewest_waves_keep_the_order_of_partners_and_leave_no_gap(members: list[Member]) -> None:
    order = [member.name for member in members]
    found = fewest_waves(members, order) if members else []
    place = {name: number for number, wave in enumerate(found) for name in wave}
    assert sorted(place) == sorted(order)
    for one, other in combinations(members, 2):
        assert not one.pairs & other.pairs or place[one.name] < place[other.name]
    for member in members:
        before = [place[one.name] for one in members[: order.index(member.name)] if one.pairs & member.pairs]
        assert place[member.name] == max(before, default=-1) + 1


def test_the_ends_of_a_link_keep_their_order() -> None:
    members = [Member("core", links=frozenset({"edge"})), Member("edge", links=frozenset({"core"})), Member("far")]
    assert fewest_waves(members, ["edge", "core", "far"]) == [["edge", "far"], ["core"]]


@given(members=MEMBERS, batch=st.integers(1, 7), seed=st.randoms())
def test_the_order_does_not_depend_on_how_the_members_come(members: list[Member], batch: int, seed: Random) -> None:
    shuffled = list(members)
    seed.shuffle(shuffled)
    assert waves(shuffled, WaveLimits(batch)) == waves(members, WaveLimits(batch))


def test_without_pairs_the_waves_are_full() -> None:
    order = waves([Member(f"d{number:03}") for number in range(101)], WaveLimits(20))
    assert [len(wave) for wave in order] == [1, 20, 20, 20, 20, 20]


@pytest.mark.parametrize("size", [1, 5])
def test_full_waves_are_not_looked_at_again_for_every_device(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    looks, takes = list[str](), Wave.takes

    def counted(wave: Wave, member: Member) -> bool:
        looks.append(member.name)
        return takes(wave, member)

    monkeypatch.setattr(Wave, "takes", counted)
    members = [Member(f"d{number:03}") for number in range(201)]
    order = waves(members, WaveLimits(size))
    assert [len(wave) for wave in order] == [1, *[size] * (200 // size)]
    assert len(members) <= len(looks) <= 3 * len(members)


def test_nothing_has_no_waves() -> None:
    assert waves([], WaveLimits(20)) == ()


def device(name: str, *, pair: str = "", controllers: bool = False, **gateway: Any) -> Device:
    gateways = (ExpectedGateway(group=10, interface="Vlan10", **gateway),) if gateway else ()
    expect = Expect(gateways=gateways, controller_pair=controllers)
    return Device(name, "router", "frr", "192.0.2.1", venues=("hall",), expect=expect, pair=pair)


@pytest.mark.parametrize(
    ("one", "other", "groups", "apart"),
    [
        (device("a", virtual_ip="10.0.0.1"), device("b", virtual_ip="10.0.0.1"), {}, True),
        (device("a", virtual_ip="10.0.0.1"), device("b", virtual_ip="10.0.0.2"), {}, False),
        (device("a", role="master"), device("b", role="backup"), {"a": ["edge"], "b": ["edge"]}, True),
        (device("a", role="master"), device("b", role="backup"), {"a": ["edge"], "b": ["core"]}, False),
        (device("a", controllers=True), device("b", controllers=True), {"a": ["wlc"], "b": ["wlc"]}, True),
        (device("a", controllers=True), device("b", controllers=True), {"a": ["wlc-1"], "b": ["wlc-2"]}, False),
        (device("a", pair="x"), device("b", pair="x"), {}, True),
        (device("a", pair="x"), device("b", pair="y"), {}, False),
        (device("a"), device("b"), {"a": ["edge"], "b": ["edge"]}, False),
    ],
)
def test_who_stands_in_for_whom(one: Device, other: Device, groups: dict[str, list[str]], apart: bool) -> None:
    canary = Member("0", platform="frr", rank=STANDS_BY - 1)
    order = waves([canary, *members_of([one, other], groups)], WaveLimits(20))
    assert len(order) == (3 if apart else 2)


def test_the_standby_goes_first() -> None:
    pair = [device("a", virtual_ip="10.0.0.1", role="master"), device("b", virtual_ip="10.0.0.1", role="backup")]
    assert waves(members_of(pair, {}), WaveLimits(20)) == (("b",), ("a",))


def test_the_two_ends_of_a_link_are_not_changed_at_once_whichever_declares_it() -> None:
    """Each is verified together with the other one, which must not be on its way meanwhile."""
    link = {"device": "hub", "port": "Gi1", "to_port": "Gi2"}
    ends = [
        Device(f"spoke-{number}", "router", "frr", f"192.0.2.{number}", expect=Expect.model_validate({"links": [link]}))
        for number in range(1, 5)
    ]
    order = waves(members_of([Device("hub", "router", "frr", "192.0.2.9"), *ends], {}), WaveLimits(20))
    wave = next(wave for wave in order if "hub" in wave)
    assert wave == ("hub",)
    assert len(order) <= 3
