"""Drills on real FRR, OsmoBSC and hostapd: what each failure costs, before and after the changes.

No figure of time is asserted: how long a busy machine takes is its own affair. What heals and what does not is.
Drills of service hosts: test_service_hosts.py.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from eventready_lab.real.province.drills import texts
from eventready_lab.real.province.layout import (
    AIR_HOST,
    CABLES,
    CONTROLLER,
    CORES,
    GATEWAYS,
    LAN,
    SITE,
    STATIONS,
    cables_of,
)
from eventready_lab.real.province.wifi.radio import AIR
from tests.behaviours.twin import Twin
from tests.conftest import Proved
from tests.real.network import RUNS, Network

pytestmark = [pytest.mark.real, pytest.mark.timeout(900), pytest.mark.xdist_group("twin")]

_FAR = {(cable.a.router, cable.b.router): cable.b.ip for cable in CABLES}
CELL = STATIONS[0].name
CROWDED = "gate"
_TEXT = {"en": "x", "vi": "x"}
_STREAM = {"kind": "udp", "name": "site to Internet", "source": SITE, "target": "internet", "rate": 100,
           "outage_ms": 1000}  # fmt: skip
#: FRR delays the calculation of routes by 5 s at most after one change upon another.
_OSPF_QUIET_S = 6
#: Half of these losses did not heal while OSPF shared the session.
_ONE_WAY_RUNS = 10


def drill(
    device: str, fault: str, arguments: Mapping[str, Any], probe: Mapping[str, Any], check: str, *, observe_s: int = 3
) -> dict[str, Any]:
    return {
        "title": _TEXT, "why": _TEXT, "break": [{"device": device, "fault": fault, "arguments": dict(arguments)}],
        "probes": [dict(probe)], "predicted_by": [check], "observe_s": observe_s, "settle_s": 1,
    }  # fmt: skip


#: Failures that no port shows, in the lab's own files: tested shorter, and as soon as the network is as it began.
HIDDEN = ("packet-loss", "path-delay", "one-way-loss")
DRILLS = {
    **{name: {**yaml.safe_load(texts()[f"{name}.yaml"]), "observe_s": 2} for name in HIDDEN},
    "silent-uplink": drill("gw-1", "bfd-down", {"peer": _FAR["gw-1", "core-1"]}, _STREAM, "floating_route"),
    "uplink-carrier": drill("gw-1", "link-down", {"port": "eth2"}, _STREAM, "backup_route"),
    "provider": drill("core-1", "bfd-down", {"peer": _FAR["core-1", "isp-1"]}, _STREAM, "bgp"),
    "gateway": drill("gw-1", "gateway-silent", {}, _STREAM, "vrrp_failover"),
    "cell-crowd": drill(CONTROLLER, "channels-full", {"cell": CELL, "requests_per_second": 5},
                        {"kind": "calls", "name": "refused", "target": CONTROLLER, "refused_percent": 8},
                        "capacity_cell", observe_s=10),
    "wifi-crowd": drill(AIR_HOST, "ap-crowded", {"ap": CROWDED},
                        {"kind": "stations", "name": "stations", "target": AIR_HOST, "most_per_mean": 2},
                        "capacity_access_point"),
}  # fmt: skip


@dataclass(frozen=True)
class Drills:
    """The network with the drills in its workspace, and the changes made for them."""

    network: Network
    folder: Path
    changes: list[str] = field(default_factory=list)

    def change(self, intent: str, devices: str) -> None:
        plan = str(self.folder / f"{intent}.plan")
        self.network.twin.call("plan", intent, "-l", devices, "--out", plan)
        self.changes.append(self.network.change_of("apply", plan))

    def take_back(self) -> None:
        for change in reversed(self.changes):
            self.network.twin.call("rollback", change)
        self.network.restart_station(CELL)


def values_of_the_event(hosts: dict[str, Any]) -> None:
    """Failure detection for drills, more signalling channels, room for the crowd at each access point."""
    for name in (*GATEWAYS, *CORES):
        hosts[name]["data"]["intents"]["backup"] |= {"bfd_ms": 80, "vrrp_ms": 200}
    for name in CORES:
        peers = [{"address": far.ip, "local": own.ip} for own, far in cables_of(name) if far.router in GATEWAYS]
        hosts[name]["data"]["intents"]["backup"]["bfd_peers"] = peers
    for name in GATEWAYS:
        (own, first), (other, second) = cables_of(name)
        # Below the distance of OSPF (110): its default route stays until ospfd has calculated, which takes a second.
        floating = [{"next_hop": second.ip, "distance": 50, "watched": True, "source": other.ip}]
        # A gateway that returns is master before its BFD sessions are up: until then it sends on to the other gateway.
        floating += [
            {"next_hop": end.ip, "distance": 240} for end in LAN if end.router in GATEWAYS and end.router != name
        ]
        hosts[name]["data"]["intents"]["backup"] |= {
            "uplink": {"next_hop": first.ip, "source": own.ip},
            "floating": floating,
        }
    controller, air = hosts[CONTROLLER]["data"], hosts[AIR_HOST]["data"]
    controller["intents"]["load_balancing"]["signalling"] = [{"bts": 0, "trx": 0, "timeslots": [2, 3, 4]}]
    controller["expect"]["cells"][0]["users"] = 400
    air["expect"]["access_points"][0]["clients"] = 60


@pytest.fixture(scope="module")
def drills(real_province: Twin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drills]:
    with real_province.inventory_restored() as inventory:
        network = Network(real_province)
        network.write_drills(DRILLS)
        file = inventory / "hosts.yaml"
        hosts = yaml.safe_load(file.read_text(encoding="utf-8"))
        values_of_the_event(hosts)
        file.write_text(yaml.safe_dump(hosts, sort_keys=False), encoding="utf-8")
        limits = yaml.safe_load((inventory / "limits.yaml").read_text(encoding="utf-8"))
        limits["roles"] = {"router": {"vrrp_failover": {"warn": 1, "source": "the outage that the drills allow"}}}
        (inventory / "limits.yaml").write_text(yaml.safe_dump(limits, sort_keys=False), encoding="utf-8")
        running = network.running()
        made = Drills(network, tmp_path_factory.mktemp("drills"))
        try:
            yield made
        finally:
            made.take_back()
        assert network.running() == running


@pytest.mark.parametrize("name", HIDDEN)
def test_a_failure_that_no_port_shows_is_noticed(drills: Drills, proved: Proved, name: str) -> None:
    assert drills.network.drill(name).outcome in ("failed", "unpredicted")
    proved("drill on real software", name)


@pytest.mark.parametrize("name", ["uplink-carrier", "provider"])
def test_traffic_finds_another_way_by_itself(drills: Drills, proved: Proved, name: str) -> None:
    assert drills.network.drill(name).value is not None
    proved("drill on real software", name)


def test_silent_losses_heal_after_the_backup_configuration(drills: Drills, proved: Proved) -> None:
    network = drills.network
    gateway = network.drill("gateway")
    assert gateway.outcome == "failed"  # and not `unpredicted`: the audit has warned
    assert gateway.predicted == {"vrrp_failover"}
    with network.twin.fault("gw-1", "unwatched-route"):
        before = network.drill("silent-uplink")
    assert before.value is None
    assert before.outcome == "failed"  # and not `unpredicted`: the audit has warned
    drills.change("backup", "gw-*,core-*")
    time.sleep(_OSPF_QUIET_S)
    assert network.drill("silent-uplink").value is not None
    proved("drill on real software", "silent uplink")
    after = network.drill("gateway")
    # The return of the gateway is another outage: VRRP takes the address back before the routes are there.
    assert after.predicted == set()
    assert gateway.failover is not None
    assert after.failover is not None
    assert after.failover < gateway.failover
    proved("drill on real software", "silent gateway")
    # The routes have BFD sessions of their own: one that OSPF shares ends with OSPF, and the route may stay.
    healed = [network.drill("one-way-loss").value is not None for _ in range(max(1, _ONE_WAY_RUNS // RUNS))]
    assert all(healed), healed
    proved("drill on real software", "loss in one direction")


def test_more_signalling_channels_carry_the_crowd_of_a_cell(drills: Drills, proved: Proved) -> None:
    network = drills.network
    before = network.drill("cell-crowd")
    assert before.outcome == "failed"  # and not `unpredicted`
    assert before.predicted == {"capacity_cell"}
    drills.change("load_balancing", CONTROLLER)
    network.restart_station(CELL)
    carried = network.drill("cell-crowd").value
    assert before.value is not None
    assert carried is not None
    assert before.value > 5 * carried
    proved("drill on real software", "cell crowd")


def test_a_limit_of_stations_shares_the_crowd_of_an_access_point(drills: Drills, proved: Proved) -> None:
    before = drills.network.drill("wifi-crowd")
    assert before.outcome == "failed"  # and not `unpredicted`
    assert before.predicted == {"capacity_access_point"}
    drills.change("load_balancing", AIR_HOST)
    shared = drills.network.drill("wifi-crowd").probes["stations"]
    assert shared["sent"] == sum(ap.stations for ap in AIR)  # nobody is left without WiFi
    assert shared["value"] <= 2
    proved("drill on real software", "WiFi crowd")
