"""A second event: four venues on mixed platforms, each weakness seeded once.

hall     two uplinks of its pair of edges in one duct; an access point group short of radios
stadium  a second cable without a second route; a cell short of SDCCH
market   a Wi-Fi controller alone, a RADIUS server alone
harbour  a bundle whose loss overloads the other uplink; otherwise in order: two ways, two controllers of base stations
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from eventready.checks.finding import Finding
from eventready.evaluation.matrix import build_matrix
from eventready.evaluation.runner import evaluate
from eventready.facts import records as r
from eventready.facts.observation import Observation, Status
from eventready.facts.rows import FactRows
from eventready.network.capacity.balance import Balance
from eventready.network.capacity.calculate import CapacityCalculation
from eventready.network.capacity.case import CapacityTargets
from eventready.network.capacity.links import LinkGroups
from eventready.network.graph.outcome import WhatIf
from eventready.network.network_facts import DeviceFacts, NetworkFacts
from eventready.network.setting import NetworkSetting
from eventready.workspace.devices.capacity import CapacityFile
from eventready.workspace.devices.device import Device, Role
from eventready.workspace.devices.expect import Expect, ExpectedLink
from eventready.workspace.inventory import mirror_cables
from eventready.workspace.loads import with_loads
from eventready.workspace.settings.event import ServiceOrigin, Venue
from eventready.workspace.settings.risk import RiskGroup
from eventready.workspace.settings.waivers import Waiver
from tests.checks.casebook import MOMENT, FakePlatform

Rows = dict[str, list[r.Fact]]
CHECKS = {
    "single_point", "risk_group", "cabling", "capacity_cell", "capacity_access_point", "capacity_link",
    "capacity_service",
}  # fmt: skip


_DEFAULT = r.Route.model_validate({"prefix": "0.0.0.0/0", "protocol": "ospf", "next_hop": "10.9.9.9", "distance": 110})


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
        routes: Rows = {"default_route": [_DEFAULT], "static_route": []} if role == "router" else {}
        self.rows[name] = {"interface": [], "ospf_neighbour": [], **routes, **(rows or {})}

    def cable(
        self, one: str, port: str, other: str, to_port: str, *, routed: str = "ospf", rate: str = "10G"
    ) -> None:  # fmt: skip
        """A cable that both ends show, and an adjacency over the cable or the bundle `routed`; empty: none."""
        known = self.devices[one].expect
        link = ExpectedLink(port=port, device=other, to_port=to_port)
        expect = known.model_copy(update={"links": (*known.links, link)})
        self.devices[one] = replace(self.devices[one], expect=expect)
        for name, own, far, there in ((one, port, other, to_port), (other, to_port, one, port)):
            shown = {"name": own, "admin": "up", "oper": "up", "bandwidth_bps": rate}
            self.rows[name]["interface"].append(r.Interface.model_validate(shown))
            self.rows[name].setdefault("neighbour", []).append(r.Neighbour(interface=own, device=far, port=there))
            if routed:
                over = own if routed == "ospf" else routed
                row = r.RoutingPeer(protocol="ospf", peer=f"10.0.0.{len(far)}", interface=over, state="Full", up=True)
                self.rows[name]["ospf_neighbour"].append(row)

    def bundle(self, device: str, name: str, *members: str) -> None:
        row = r.LinkBundle.model_validate({"name": name, "oper": "up", "members": members, "bundled": members})
        self.rows[device].setdefault("link_bundle", []).append(row)

    def all(self, capacity: CapacityFile) -> tuple[Device, ...]:
        """Devices with their cables at both ends, and their loads."""
        devices, problems = mirror_cables(list(self.devices.values()))
        assert not problems
        return with_loads(capacity, devices)

    def findings(self, setting: NetworkSetting, capacity: CapacityFile, *waivers: Waiver) -> list[Finding]:
        """Findings of the checks of the whole network and of capacity."""
        devices = self.all(capacity)
        observations = [
            Observation(name, fact, Status.PARSED if rows else Status.EMPTY, "show", tuple(rows))
            for name, facts in self.rows.items() for fact, rows in facts.items()
        ]  # fmt: skip
        platforms: Mapping[str, FakePlatform] = {device.platform: FakePlatform(device.platform) for device in devices}
        matrix = build_matrix(devices, platforms, network=setting)
        found = evaluate(list(devices), matrix, observations, moment=MOMENT, waivers=waivers)
        return [one for one in found if one.check in CHECKS]

    def balances(self, capacity: CapacityFile, setting: NetworkSetting | None = None) -> dict[str, Balance]:
        """Balances by subject, in the worst window of each."""
        devices = self.all(capacity)
        rows = {name: {fact: FactRows(tuple(of)) for fact, of in facts.items()} for name, facts in self.rows.items()}
        network = NetworkFacts([DeviceFacts(device, rows[device.name]) for device in devices])
        groups = LinkGroups(WhatIf(network, setting or SETTING).topology)
        calculation = CapacityCalculation(network.by_name, lambda _name: CapacityTargets(), groups)
        found = [one for device in devices for one in calculation.balances(device.name, device.loads)]
        return {one.subject: one for one in sorted(found, key=lambda one: one.use)}


def gateway(state: str) -> Rows:
    """A gateway group whose members give the address up without a way out."""
    same: dict[str, Any] = {"protocol": "vrrp", "group": 1, "interface": "lan"}
    return {
        "vrrp_group": [r.GatewayGroup.model_validate({**same, "state": state, "virtual_ip": "10.1.0.1"})],
        "vrrp_failover": [r.GatewayFailover.model_validate({**same, "tracks": True, "advertisement_s": 1})],
    }


def stations(**sdcch: int) -> tuple[Rows, list[dict[str, str]]]:
    """Cells of a controller, each with 22 channels for calls and so many SDCCHs; LTE cells have 0."""
    rows: Rows = {
        "cell": [r.Cell(name=name, state="up") for name in sdcch],
        "core_link": [r.CoreLink(name=str(number), state="up") for number in range(2)],
        "channel_load": [
            r.ChannelLoad.model_validate({"cell": name, "kind": kind, "used": 0, "total": total})
            for name, signals in sdcch.items() for kind, total in (("tch_f", 22), ("sdcch", signals)) if signals
        ],
    }  # fmt: skip
    return rows, [{"name": name, "venue": name.partition("_")[0]} for name in sdcch]


def access(state: Any, venue: str, number: int, radios: int = 1) -> tuple[Rows, list[dict[str, str]]]:
    names = [f"{venue}_{one}" for one in range(number)]
    rows: Rows = {
        "access_point": [r.AccessPoint(name=name, state="up") for name in names],
        "radius_server": [r.RadiusServer(host=host, state="up") for host in ("10.9.9.1", "10.9.9.2")],
        "controller_pair": [r.ControllerPair(local_state=state, ready=state != "alone")],
        "radio": [r.Radio(ap=name, slot=str(1 + n), band="5", oper="up") for name in names for n in range(radios)],
        "radio_24": [r.Radio(ap=name, slot="0", band="2.4", oper="up") for name in names],
    }
    return rows, [{"name": name, "venue": venue} for name in names]


def four_venues() -> Network:
    found = Network()
    venues = ("hall", "stadium", "market", "harbour")
    for name, platform in (("core-1", "cisco_xr"), ("core-2", "juniper_junos")):
        up = [r.Interface.model_validate({"name": "out", "admin": "up", "oper": "up", "bandwidth_bps": "10G"})]
        found.device(name, "router", platform, venues, {"interface": list(up)}, uplinks=["out"])
    found.cable("core-1", "Gi0/0", "core-2", "ge-0/0/0")
    for venue, platform in (("hall", "huawei_vrp"), ("market", "frr"), ("harbour", "cisco_xe")):
        for number, state in ((1, "master"), (2, "backup")):
            found.device(f"{venue}-{number}", "router", platform, [venue], gateway(state))
            if (venue, number) != ("harbour", 1):
                rate = "500M" if venue == "harbour" else "1G"
                found.cable(f"core-{number}", f"{venue}-up", f"{venue}-{number}", "up", rate=rate)
    for number in (1, 2):
        found.cable("core-1", f"harbour-up{number}", "harbour-1", f"up{number}", routed="Po1", rate="1G")
    found.bundle("core-1", "Po1", "harbour-up1", "harbour-up2")
    found.bundle("harbour-1", "Po1", "up1", "up2")
    found.device("stadium-1", "router", "mikrotik_routeros", ["stadium"])
    found.cable("core-1", "stadium-up", "stadium-1", "ether1")
    found.cable("core-2", "stadium-up", "stadium-1", "ether2", routed="")
    for name, cells in (("bsc-1", {"harbour_a": 16, "stadium_a": 16}), ("bsc-2", {"harbour_b": 16, "stadium_b": 4})):
        rows, expected = stations(**cells)
        found.device(name, "bts_controller", "osmocom_bsc", ["stadium", "harbour"], rows, cells=expected)
    rows, expected = stations(harbour_L1=0, harbour_L2=0, harbour_L3=0)
    del rows["channel_load"]
    found.device("enb", "bts_controller", "huawei_enb", ["harbour"], rows, cells=expected)
    rows, expected = access("alone", "market", 10)
    rows["radius_server"] = rows["radius_server"][:1]
    found.device("wlc-market", "wifi_controller", "huawei_ac", ["market"], rows, access_points=expected)
    rows, expected = access("active", "hall", 5)
    found.device("wlc-hall-1", "wifi_controller", "cisco_9800", ["hall"], rows, access_points=expected)
    found.device("wlc-hall-2", "wifi_controller", "cisco_9800", ["hall"], access("standby", "hall", 0)[0])
    for name, edge in (("wlc-market", "market"), ("wlc-hall-1", "hall"), ("wlc-hall-2", "hall")):
        for number in (1, 2):
            found.cable(f"{edge}-{number}", f"to-{name}", name, f"te{number}", routed="")
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


def figure(value: float) -> dict[str, Any]:
    return {"value": value, "source": "s"}


CAPACITY = CapacityFile.model_validate({
    "demand": [
        {"venue": "hall", "window": "opening", "service": "wifi", "people": figure(1000),
         "places": {"hall_0": figure(10)}},
        {"venue": "hall", "window": "opening", "service": "fixed", "people": figure(10), "mbps": figure(150)},
        {"venue": "harbour", "window": "opening", "service": "fixed", "people": figure(10), "mbps": figure(300)},
        {"venue": "stadium", "window": "opening", "service": "mobile", "people": figure(600)},
        {"venue": "harbour", "window": "egress", "service": "mobile", "people": figure(300)},
        {"venue": "market", "window": "egress", "service": "wifi", "people": figure(500)},
    ],
    "supply": [
        {"kind": "lte", "name": "harbour_L*", "mhz": 20, "source": "s"},
        {"kind": "radio", "mbps": 150, "source": "s"},
        {"kind": "pool", "device": "wlc-hall-1", "venues": ["hall", "market"], "addresses": 2000, "source": "s"},
    ],
})  # fmt: skip
