"""Routes and neighbours as real FRR prints them: its daemons in a network namespace of their own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from eventready.facts.observation import Observation, Status
from eventready.facts.platform import load_platform
from eventready.facts.saved import parse_saved
from tests.session import real

NAME = "evr-forms"
FRR = load_platform("frr")
DAEMONS = ("zebra", "mgmtd", "staticd", "ospfd", "bgpd")
_missing = real.missing("vtysh", "ip", *DAEMONS)
pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.xdist_group("frr-forms"),
    pytest.mark.skipif(bool(_missing), reason=_missing),
]

Ask = Callable[..., str]


@pytest.fixture(scope="module")
def vtysh() -> Iterator[Ask]:
    """vtysh of a router with two ports, 192.0.2.1/24 on `up1` and 198.51.100.1/24 on `up2`."""
    with real.alone(NAME), ExitStack() as cleanup:
        subprocess.run(["ip", "netns", "del", NAME], check=False, capture_output=True)  # of a run that was killed
        real.call("ip", "netns", "add", NAME)
        cleanup.callback(real.call, "ip", "netns", "del", NAME, check=False)
        real.call("ip", "-n", NAME, "link", "set", "lo", "up")
        for port, address in (("up1", "192.0.2.1/24"), ("up2", "198.51.100.1/24")):
            real.call("ip", "-n", NAME, "link", "add", port, "type", "veth", "peer", "name", f"{port}-far")
            real.call("ip", "-n", NAME, "address", "add", address, "dev", port)
            for end in (port, f"{port}-far"):
                real.call("ip", "-n", NAME, "link", "set", end, "up")
        for folder in (Path("/etc/frr") / NAME, Path("/run/frr") / NAME):
            cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
            shutil.chown(folder, "frr", "frr")
        (Path("/etc/frr") / NAME / "vtysh.conf").touch()
        for daemon in DAEMONS:
            program = ["ip", "netns", "exec", NAME, f"/usr/lib/frr/{daemon}", "-N", NAME, "-A", "127.0.0.1"]
            program += ["-p", "0"] if daemon == "bgpd" else []
            process = subprocess.Popen(
                [*program, "--log", "file:/dev/null"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            cleanup.callback(real.stop, process)
            real.until((Path("/run/frr") / NAME / f"{daemon}.vty").exists)

        def ask(*commands: str) -> str:
            words = [word for command in commands for word in ("-c", command)]
            done = subprocess.run(
                ["vtysh", "-N", NAME, *words],
                check=True,
                capture_output=True,
                text=True,
                timeout=20,
                stdin=subprocess.DEVNULL,
            )
            return done.stdout

        yield ask


def observed(vtysh: Ask, fact: str) -> Observation:
    command = FRR.facts[fact].command
    (found,) = parse_saved(FRR, fact, f"router# {command}\n{vtysh(command)}router# \n")
    return found


def rows(observation: Observation) -> list[dict[str, Any]]:
    return [row.model_dump(exclude_defaults=True, exclude={"protocol", "prefix"}) for row in observation.rows]


FIRST = {"next_hop": "192.0.2.254", "interface": "up1", "distance": 1, "metric": 0}
SECOND = {"next_hop": "198.51.100.254", "interface": "up2", "distance": 1, "metric": 0}


@pytest.mark.parametrize(
    ("lines", "default", "static"),
    [
        pytest.param((), [], [], id="none"),
        pytest.param(("192.0.2.254",), [FIRST], [{"next_hop": "192.0.2.254"}], id="one"),
        pytest.param(
            ("192.0.2.254", "198.51.100.254"),
            [FIRST, SECOND],
            [{"next_hop": "192.0.2.254"}, {"next_hop": "198.51.100.254"}],
            id="two of one cost",
        ),
        pytest.param(
            ("192.0.2.254", "198.51.100.254 200"),
            [FIRST],
            [{"next_hop": "192.0.2.254"}, {"next_hop": "198.51.100.254", "distance": 200}],
            id="a floating one",
        ),
        pytest.param(
            ("up2",), [{"interface": "up2", "distance": 1, "metric": 0}], [{"interface": "up2"}], id="a port alone"
        ),
        pytest.param(("203.0.113.254",), [], [{"next_hop": "203.0.113.254"}], id="an unreachable next hop"),
        pytest.param(("blackhole",), [], [{"next_hop": "blackhole"}], id="a route that drops"),
    ],
)
def test_default_routes(
    vtysh: Ask, lines: tuple[str, ...], default: list[dict[str, Any]], static: list[dict[str, Any]]
) -> None:
    commands = [f"ip route 0.0.0.0/0 {line}" for line in lines]
    vtysh("configure terminal", *commands)
    try:
        real.until(lambda: rows(observed(vtysh, "default_route")) == default)
        wanted = Status.PARSED if default else Status.EMPTY
        assert observed(vtysh, "default_route").status is wanted
        assert rows(observed(vtysh, "static_route")) == static
    finally:
        vtysh("configure terminal", *(f"no {command}" for command in commands))


def test_neighbours_of_a_vrf_are_reported_from_those_of_the_global_table(vtysh: Ask) -> None:
    assert observed(vtysh, "bgp_neighbour").status is Status.EMPTY
    vtysh(
        "configure terminal",
        "router bgp 65000",
        "neighbor 192.0.2.9 remote-as 65001",
        "exit",
        "router bgp 65000 vrf event",
        "neighbor 192.0.2.9 remote-as 65002",
    )
    try:
        found = observed(vtysh, "bgp_neighbour")
        assert [(row["peer"], row.get("vrf"), row["remote_as"], row["up"]) for row in rows(found)] == [
            ("192.0.2.9", None, "65001", False),
            ("192.0.2.9", "event", "65002", False),
        ]
    finally:
        vtysh("configure terminal", "no router bgp 65000 vrf event", "no router bgp 65000")


@pytest.mark.parametrize("neighbours", [0, 1])
def test_instances_without_neighbours_are_read(vtysh: Ask, neighbours: int) -> None:
    lines = ["neighbor 192.0.2.9 remote-as 65001"] * neighbours
    vtysh("configure terminal", "router bgp 65000", *lines, "exit", "router bgp 65000 vrf event")
    try:
        found = observed(vtysh, "bgp_neighbour")
        assert found.status is (Status.PARSED if neighbours else Status.EMPTY)
        assert [row["peer"] for row in rows(found)] == ["192.0.2.9"] * neighbours
    finally:
        vtysh("configure terminal", "no router bgp 65000 vrf event", "no router bgp 65000")


def test_no_ospf_and_ospf_without_neighbours_are_none(vtysh: Ask) -> None:
    assert observed(vtysh, "ospf_neighbour").status is Status.EMPTY
    vtysh("configure terminal", "router ospf", "network 192.0.2.0/24 area 0")
    try:
        assert observed(vtysh, "ospf_neighbour").status is Status.EMPTY
    finally:
        vtysh("configure terminal", "no router ospf")


def test_router_advertisements_and_the_ipv6_default_route_are_read(vtysh: Ask) -> None:
    """The other ends of the cables take no default route from the advertisements."""
    for port in ("up1-far", "up2-far"):
        real.call("ip", "netns", "exec", NAME, "sysctl", "-qw", f"net.ipv6.conf.{port}.accept_ra=0")
    assert observed(vtysh, "router_advertisement").status is Status.EMPTY
    assert observed(vtysh, "default_route_v6").status is Status.EMPTY
    sent = ["no ipv6 nd suppress-ra"]
    vtysh("configure terminal", "interface up1", "ipv6 address 2001:db8:1::1/64", *sent, "ipv6 nd ra-lifetime 1800")
    vtysh("configure terminal", "interface up2", *sent, "ipv6 nd managed-config-flag", "ipv6 nd ra-lifetime 0")
    vtysh("configure terminal", "ipv6 route ::/0 2001:db8:1::254")
    try:
        assert rows(observed(vtysh, "router_advertisement")) == [
            {"interface": "up1", "lifetime_s": 1800, "managed": False},
            {"interface": "up2", "lifetime_s": 0, "managed": True},
        ]
        hop = {"next_hop": "2001:db8:1::254", "interface": "up1", "distance": 1, "metric": 0}
        real.until(lambda: rows(observed(vtysh, "default_route_v6")) == [hop])
        vtysh("configure terminal", "no ipv6 route ::/0 2001:db8:1::254", "ipv6 route ::/0 blackhole")
        real.until(lambda: not rows(observed(vtysh, "default_route_v6")))
    finally:
        vtysh("configure terminal", "no ipv6 route ::/0 blackhole")
        vtysh("configure terminal", "interface up1", "ipv6 nd suppress-ra", "no ipv6 address 2001:db8:1::1/64")
        vtysh("configure terminal", "interface up2", "ipv6 nd suppress-ra")
