"""The oracle of the proofs itself, on networks small enough to follow every packet by hand."""

from __future__ import annotations

import pytest

from eventready.workspace.devices.device import Service
from tests.proofs.forwarding import Oracle
from tests.proofs.invented import FLOATING, Cable, Group, Invented, Router, Segment, Static


def wired(number: int, one: str, other: str, switch: str = "") -> Segment:
    ends = (one, f"eth{number}"), (other, f"eth{number}")
    if not switch:
        return Segment(number, ends, (Cable(*ends),))
    return Segment(number, ends, tuple(Cable(end, (switch, end[0])) for end in ends), switch)


def network(*, watched: bool, switch: str = "", ospf: bool = False) -> Invented:
    """An edge with two cores: a static route to the first, a floating one to the second, or OSPF to both."""
    first, second = wired(1, "edge", "core1", switch), wired(2, "edge", "core2")
    between = wired(3, "core1", "core2")
    routers = [
        Router(name, (), (Static(None, ""), Static(between, other, FLOATING, watched=True)), ospf, provider=True)
        for name, other in (("core1", "core2"), ("core2", "core1"))
    ]
    statics = () if ospf else (Static(first, "core1", watched=watched), Static(second, "core2", FLOATING, watched=True))
    routers.append(Router("edge", ("hall",), statics, ospf))
    switches = ((switch, ()),) if switch else ()
    group = Group(1, "hall", ("edge",), tracks=False)
    venues: tuple[tuple[str, tuple[Service, ...]], ...] = (("hall", ("internet",)),)
    return Invented(0, tuple(routers), switches, (first, second, between), (), (group,), (), venues, ())


PORT_1, PORT_2 = "core1:provider", "core2:provider"
FIRST, SECOND, BETWEEN = "core1 eth1 - edge eth1", "core2 eth2 - edge eth2", "core1 eth3 - core2 eth3"
BEHIND = "core1 eth1 - sw core1"


@pytest.mark.parametrize(
    ("net", "failed", "state"),
    [
        (network(watched=False), (), "unharmed"),
        (network(watched=False), (FIRST,), "one_way_left"),  # the port is down: the floating route is in use
        (network(watched=False), (PORT_1,), "one_way_left"),  # core1 leads to core2
        (network(watched=False), (PORT_1, BETWEEN), "lost"),  # the edge knows nothing of it, and does not float
        (network(watched=False), (PORT_1, PORT_2), "lost"),  # the cores float to each other, for ever
        (network(watched=True, switch="sw"), (BEHIND,), "one_way_left"),
        (network(watched=False, switch="sw"), (BEHIND,), "lost"),  # the port stays up and nobody is behind it
        (network(watched=True, ospf=True), (PORT_1, BETWEEN), "one_way_left"),  # core1 announces nothing any more
        (network(watched=True, ospf=True), (FIRST, SECOND), "lost"),
        (network(watched=True, ospf=True), ("edge:lan1",), "lost"),
    ],
)
def test_packets_follow_the_routes_in_force(net: Invented, failed: tuple[str, ...], state: str) -> None:
    assert Oracle(net).states(failed) == {("hall", "internet"): state}
