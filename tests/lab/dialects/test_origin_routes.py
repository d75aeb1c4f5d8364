"""Routes of simulated routers to the origins of services: connected, learned, by default, none."""

from __future__ import annotations

import pytest

from eventready.facts.platform import load_platform
from eventready.facts.questions import with_questions
from eventready.facts.records import OriginRoute
from eventready.workspace.devices.device import Device
from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.state import Bfd, DeviceState, Learned, Port, Static
from tests.lab.answers import machine_of, questioned

ORIGIN, HOP = "192.0.2.90", "10.0.0.2"
PORTS = {
    "cisco_ios": ("GigabitEthernet0/0", "GigabitEthernet0/1"),
    "cisco_xe": ("TenGigabitEthernet0/0/0", "TenGigabitEthernet0/0/1"),
    "cisco_xr": ("TenGigE0/0/0/0", "TenGigE0/0/0/1"),
    "frr": ("eth1", "eth2"),
    "huawei_vrp": ("XGigabitEthernet0/0/1", "XGigabitEthernet0/0/2"),
    "juniper_junos": ("xe-0/0/0", "xe-0/0/1"),
}


def route(machine: SimulatedDevice) -> OriginRoute:
    platform = machine.state.platform
    router = Device("r1", "router", platform, "192.0.2.1", origin_addresses=(ORIGIN,))
    seen = questioned(machine, with_questions(load_platform(platform), router), "origin_route")
    (row,) = seen.rows
    assert isinstance(row, OriginRoute)
    assert row.target == ORIGIN
    return row


@pytest.mark.parametrize("platform", PORTS)
def test_no_route_leads_over_a_dead_port(platform: str) -> None:
    near, far = PORTS[platform]
    state = DeviceState("r-1", platform, "router", ports={near: Port(near), far: Port(far, address="192.0.2.253")})
    state.bfd, state.statics = [Bfd(HOP, near)], [Static("0.0.0.0/0", HOP, near, bfd=True)]
    state.networks, state.learned = {"192.0.2.0/24": far}, [Learned("192.0.2.0/24", HOP, near)]
    machine = machine_of(state)
    found = route(machine)
    assert (found.protocol or "").lower() in ("connected", "direct")
    assert (found.prefix, (found.interface or "").startswith(far)) == ("192.0.2.0/24", True)
    state.ports[far].link_up = False
    found = route(machine)
    assert ((found.protocol or "").lower(), found.prefix, found.next_hop) == ("ospf", "192.0.2.0/24", HOP)
    state.learned.clear()
    found = route(machine)
    assert ((found.protocol or "").lower(), found.prefix, found.next_hop) == ("static", "0.0.0.0/0", HOP)
    state.ports[near].link_up = state.bfd[0].up = False
    assert route(machine).absent
