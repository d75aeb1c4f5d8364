"""A second event, four venues on mixed platforms: every seeded weakness of the network is found, and nothing else.

hall     two uplinks of its pair of edges in one duct
stadium  a second cable without a second route
market   a Wi-Fi controller alone, a RADIUS server alone
harbour  all in order: two ways, two controllers of base stations
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from eventready.checks.finding import Finding, Outcome
from eventready.evaluation.matrix import build_matrix
from eventready.evaluation.runner import evaluate
from eventready.facts import records as r
from eventready.facts.observation import Observation, Status
from eventready.network.setting import NetworkSetting
from eventready.workspace.devices.cables import mirror_cables
from eventready.workspace.devices.device import Device, Role
from eventready.workspace.devices.expect import Expect, ExpectedLink
from eventready.workspace.settings.event import Venue
from eventready.workspace.settings.origins import ServiceOrigin
from eventready.workspace.settings.risk import RiskGroup
from tests.checks.casebook import FakePlatform

Rows = dict[str, list[r.Fact]]
CHECKS = {"single_point", "risk_group", "cabling"}


class Network:
    """Devices with their cables, and what each says."""

    def __init__(self) -> None:
        self.devices: dict[str, Device] = {}
        self.rows: dict[str, Rows] = {}

    def device(
        self, name: str, role: Role, platform: str, venues: Sequence[str], rows: Rows | None = None, **expect: Any
    ) -> None:
        self.devices[name] = Device(
            name, role, platform, f"{name}.example", venues=tuple(venues), expect=Expect.model_validate(expect)
        )
        self.rows[name] = {"interface": [], "ospf_neighbour": [], **(rows or {})}

    def cable(self, one: str, port: str, other: str, to_port: str, *, routed: bool = True) -> None:
        """A cable that both ends show, and an adjacency over it."""
        known = self.devices[one].expect
        link = ExpectedLink(port=port, device=other, to_port=to_port)
        expect = known.model_copy(update={"links": (*known.links, link)})
        self.devices[one] = replace(self.devices[one], expect=expect)
        for name, own, far, there in ((one, port, other, to_port), (other, to_port, one, port)):
            self.rows[name]["interface"].append(r.Interface(name=own, admin="up", oper="up"))
            self.rows[name].setdefault("neighbour", []).append(r.Neighbour(interface=own, device=far, port=there))
            if routed:
                row = r.RoutingPeer(protocol="ospf", peer=f"10.0.0.{len(far)}", interface=own, state="Full", up=True)
                self.rows[name]["ospf_neighbour"].append(row)

    def findings(self, setting: NetworkSetting) -> list[Finding]:
        devices, problems = mirror_cables(list(self.devices.values()))
        assert not problems
        observations = [
            Observation(name, fact, Status.PARSED if rows else Status.EMPTY, "show", tuple(rows))
            for name, facts in self.rows.items() for fact, rows in facts.items()
        ]  # fmt: skip
        platforms: Mapping[str, FakePlatform] = {device.platform: FakePlatform(device.platform) for device in devices}
        matrix = build_matrix(devices, platforms, network=setting)
        moment = datetime(2026, 11, 30, tzinfo=UTC)
        return [one for one in evaluate(devices, matrix, observations, moment=moment) if one.check in CHECKS]


def gateway(state: str) -> Rows:
    """A gateway group whose members give the address up without a way out."""
    same: dict[str, Any] = {"protocol": "vrrp", "group": 1, "interface": "lan"}
    return {
        "vrrp_group": [r.GatewayGroup.model_validate({**same, "state": state, "virtual_ip": "10.1.0.1"})],
        "vrrp_failover": [r.GatewayFailover.model_validate({**same, "tracks": True, "advertisement_s": 1})],
    }


def stations(*cells: str) -> tuple[Rows, list[dict[str, str]]]:
    rows: Rows = {
        "cell": [r.Cell(name=name, state="up") for name in cells],
        "core_link": [r.CoreLink(name=str(number), state="up") for number in range(2)],
    }
    return rows, [{"name": name, "venue": name.partition("-")[0]} for name in cells]


def access(state: Any, *points: str) -> tuple[Rows, list[dict[str, str]]]:
    rows: Rows = {
        "access_point": [r.AccessPoint(name=name, state="up") for name in points],
        "radius_server": [r.RadiusServer(host=host, state="up") for host in ("10.9.9.1", "10.9.9.2")],
        "controller_pair": [r.ControllerPair(local_state=state, ready=state != "alone")],
    }
    return rows, [{"name": name, "venue": name.partition("-")[0]} for name in points]


@pytest.fixture(scope="module")
def network() -> Network:
    found = Network()
    venues = ("hall", "stadium", "market", "harbour")
    for name, platform in (("core-1", "cisco_xr"), ("core-2", "juniper_junos")):
        found.device(name, "router", platform, venues)
    found.cable("core-1", "Gi0/0", "core-2", "ge-0/0/0")
    for venue, platform in (("hall", "huawei_vrp"), ("market", "frr"), ("harbour", "cisco_xe")):
        for number, state in ((1, "master"), (2, "backup")):
            found.device(f"{venue}-{number}", "router", platform, [venue], gateway(state))
            found.cable(f"core-{number}", f"{venue}-up", f"{venue}-{number}", "up")
    found.device("stadium-1", "router", "mikrotik_routeros", ["stadium"])
    found.cable("core-1", "stadium-up", "stadium-1", "ether1")
    found.cable("core-2", "stadium-up", "stadium-1", "ether2", routed=False)
    for name, cells in (("bsc-1", ("harbour-a", "stadium-a")), ("bsc-2", ("harbour-b", "stadium-b"))):
        rows, expected = stations(*cells)
        found.device(name, "bts_controller", "osmocom_bsc", ["stadium", "harbour"], rows, cells=expected)
    rows, expected = access("alone", "market-1", "market-2")
    rows["radius_server"] = rows["radius_server"][:1]
    found.device("wlc-market", "wifi_controller", "huawei_ac", ["market"], rows, access_points=expected)
    rows, expected = access("active", "hall-1", "hall-2")
    found.device("wlc-hall-1", "wifi_controller", "cisco_9800", ["hall"], rows, access_points=expected)
    found.device("wlc-hall-2", "wifi_controller", "cisco_9800", ["hall"], access("standby")[0])
    for name, edge in (("wlc-market", "market"), ("wlc-hall-1", "hall"), ("wlc-hall-2", "hall")):
        for number in (1, 2):
            found.cable(f"{edge}-{number}", f"to-{name}", name, f"te{number}", routed=False)
    return found


SERVICES = {
    "hall": ["fixed", "internet", "wifi"], "stadium": ["internet", "mobile"], "market": ["internet", "wifi"],
    "harbour": ["fixed", "internet", "mobile"],
}  # fmt: skip
SETTING = NetworkSetting(
    tuple(Venue.model_validate({"id": v, "name": v, "name_vi": v, "services": s}) for v, s in SERVICES.items()),
    tuple(ServiceOrigin(kind="upstream", device=name) for name in ("core-1", "core-2")),
    (
        RiskGroup(name="bridge", kind="duct", members=("hall-1:up", "core-2:hall-up - hall-2:up")),
        RiskGroup(name="feed-a", kind="feed", members=("core-1", "harbour-1", "market-1", "bsc-1")),
    ),
)

#: check, device, subject, venues, services
SEEDED = {
    ("risk_group", "hall-1", "bridge", ("hall",), ("fixed", "internet", "wifi")),
    ("cabling", "core-2", "core-2 stadium-up - stadium-1 ether2", (), ()),
    ("single_point", "core-1", "core-1", ("stadium",), ("internet",)),
    ("single_point", "core-1", "core-1 stadium-up - stadium-1 ether1", ("stadium",), ("internet",)),
    ("single_point", "stadium-1", "stadium-1", ("stadium",), ("internet",)),
    ("single_point", "wlc-market", "wlc-market", ("market",), ("wifi",)),
    ("single_point", "wlc-market", "10.9.9.1", ("market",), ("wifi",)),
}


def test_every_weakness_is_found_and_nothing_else(network: Network) -> None:
    bad = [one for one in network.findings(SETTING) if one.status is not Outcome.PASS]
    assert {(one.check, one.device, one.subject, one.venues, one.services) for one in bad} == SEEDED
    assert {one.status for one in bad} == {Outcome.WARN}


def test_services_without_a_weakness_pass_by_name(network: Network) -> None:
    passed = {
        one.subject for one in network.findings(SETTING) if one.check == "single_point" and one.status is Outcome.PASS
    }
    assert passed == {
        "hall fixed", "hall internet", "hall wifi", "stadium mobile", "market internet",
        "harbour fixed", "harbour internet", "harbour mobile",
    }  # fmt: skip
