"""Healthy states: everything expected is there, and what devices say of one another fits."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from eventready.workspace.devices.device import Device, Role
from eventready.workspace.devices.expect import Expect
from eventready_lab.device.healthy_state import healthy_states
from eventready_lab.device.topology import Topology, point_to_point_peer, stable_number
from eventready_lab.embedded.fleet import router_fleet


def device(name: str, platform: str = "cisco_xe", role: Role = "router", **expect: object) -> Device:
    return Device(name, role, platform, "192.0.2.1", venues=("hall",), expect=Expect.model_validate(expect))


CORE_1 = device(
    "core-1",
    uplinks=["Te0/2/0"],
    links=[
        {"port": "Te0/0/0", "device": "core-2", "to_port": "Te0/0/0"},
        {"port": "Te0/0/1", "device": "core-2", "to_port": "Te0/0/1"},
        {"port": "Te0/1/0", "device": "edge", "to_port": "GigabitEthernet0/0/1"},
    ],
    bundles=[{"name": "Port-channel1", "members": 2, "min_links": 2}],
    ospf=["10.255.0.2", "10.255.0.3"],
    bgp=["10.255.0.2", "203.0.113.1"],
    bfd=["10.0.0.2", "203.0.113.1"],
    default_routes=2,
    gateways=[{"group": 1, "interface": "Vlan10", "virtual_ip": "198.51.100.1", "role": "master", "protocol": "hsrp"}],
)
CORE_2 = device(
    "core-2",
    links=[
        {"port": "Te0/0/0", "device": "core-1", "to_port": "Te0/0/0"},
        {"port": "Te0/0/1", "device": "core-1", "to_port": "Te0/0/1"},
    ],
    bundles=[{"name": "Port-channel1", "members": 2}],
    ospf=["10.255.0.1"],
    bfd=["10.0.0.1"],
    gateways=[{"group": 1, "interface": "Vlan10", "virtual_ip": "198.51.100.1", "role": "backup", "protocol": "hsrp"}],
)
EDGE = device(
    "edge",
    "huawei_vrp",
    links=[{"port": "GigabitEthernet0/0/1", "device": "core-1", "to_port": "Te0/1/0"}],
    ospf=["10.255.0.1"],
)
STATES = healthy_states([CORE_1, CORE_2, EDGE])


def test_router_ids_are_those_that_neighbours_expect() -> None:
    assert [STATES[name].router_id for name in ("core-1", "core-2", "edge")] == [
        "10.255.0.1",
        "10.255.0.2",
        "10.255.0.3",
    ]


def test_the_ends_of_a_cable_point_at_each_other_and_agree_on_speed() -> None:
    near, far = STATES["core-1"].ports["Te0/1/0"], STATES["edge"].ports["GigabitEthernet0/0/1"]
    assert near.neighbour == ("edge", far.name)
    assert far.neighbour == ("core-1", near.name)
    assert near.speed_bps == far.speed_bps == 1_000_000_000


def test_parallel_cables_are_the_members_of_the_bundle() -> None:
    state = STATES["core-1"]
    assert state.bundles[0].members == ["Te0/0/0", "Te0/0/1"]
    bundle = state.ports["Port-channel1"]
    assert bundle.speed_bps == 20_000_000_000
    assert bundle.in_bps == sum(state.ports[name].in_bps for name in state.bundles[0].members)


def test_addresses_of_a_cable_are_a_pair() -> None:
    assert STATES["core-1"].ports["Port-channel1"].address == "10.0.0.1"
    assert STATES["core-2"].ports["Port-channel1"].address == "10.0.0.2"
    peer = next(peer for peer in STATES["core-1"].peers if peer.peer == "10.255.0.2" and peer.protocol == "ospf")
    assert (peer.interface, peer.address, peer.bfd) == ("Port-channel1", "10.0.0.2", True)
    there = next(peer for peer in STATES["core-1"].peers if peer.peer == "10.255.0.3")
    back = next(peer for peer in STATES["edge"].peers if peer.peer == "10.255.0.1")
    assert point_to_point_peer(there.address) == back.address


def test_all_that_is_expected_is_up() -> None:
    for state, wanted in ((STATES["core-1"], CORE_1), (STATES["core-2"], CORE_2)):
        assert [session.peer for session in state.bfd] == list(wanted.expect.bfd or ())
        assert all(session.up for session in state.bfd)
        assert all(peer.up for peer in state.peers)
        assert all(port.link_up and port.admin_up for port in state.ports.values())
        assert {session.interface for session in state.bfd} <= set(state.ports)
    assert len(STATES["core-1"].peers) == 4


def test_a_gateway_group_has_one_master() -> None:
    first, second = STATES["core-1"].gateways[0], STATES["core-2"].gateways[0]
    assert (first.state, second.state) == ("master", "backup")
    assert first.priority > second.priority
    assert STATES["core-2"].ports["Vlan10"].address == first.peer
    assert STATES["core-1"].ports["Vlan10"].address == second.peer


def test_a_group_without_parts_in_the_inventory_gets_one_master_too() -> None:
    group = [{"group": 7, "interface": "Vlan7", "virtual_ip": "198.51.100.9"}]
    states = healthy_states([device("b", gateways=group), device("a", gateways=group)])
    assert (states["a"].gateways[0].state, states["b"].gateways[0].state) == ("master", "backup")


def test_the_default_route_is_watched_and_has_a_backup() -> None:
    first, second = STATES["core-1"].statics
    assert (first.next_hop, first.bfd, bool(first.track)) == ("203.0.113.1", True, True)
    assert (second.next_hop, second.distance) == ("10.0.0.2", 200)


def test_a_pair_of_controllers_knows_who_serves() -> None:
    states = healthy_states(
        [
            device("wlc-2", "cisco_9800", "wifi_controller", controller_pair=True),
            device("wlc-1", "cisco_9800", "wifi_controller", controller_pair=True, access_points=[{"name": "AP-1"}]),
        ]
    )
    assert (states["wlc-1"].pair_active, states["wlc-1"].pair_peer) == (True, "wlc-2")
    assert (states["wlc-2"].pair_active, states["wlc-2"].pair_peer) == (False, "wlc-1")
    assert [radio.band for radio in states["wlc-1"].aps[0].radios] == ["2.4", "5"]


def test_cells_and_sites_are_those_expected() -> None:
    state = healthy_states(
        [
            device(
                "bsc",
                "osmocom_bsc",
                "bts_controller",
                sites=[{"name": "S1", "mobile": True}],
                cells=[{"name": "C1", "site": "S1"}, {"name": "C2", "site": "S1", "barred": True}],
                core_links=["0"],
            )
        ]
    )["bsc"]
    assert state.sites[0].mobile
    assert [(cell.name, cell.barred) for cell in state.cells] == [("C1", False), ("C2", True)]
    assert state.core_links == {"0": True}


def test_the_same_inventory_gives_the_same_figures() -> None:
    assert healthy_states([CORE_1, CORE_2, EDGE]) == STATES


def test_a_device_of_which_nothing_is_expected_is_healthy_too() -> None:
    state = healthy_states([device("lonely")])["lonely"]
    assert state.router_id
    assert list(state.ports) == ["Loopback0"]


@pytest.mark.parametrize(
    ("address", "other"),
    [("10.0.0.1", "10.0.0.2"), ("10.0.0.6", "10.0.0.5"), ("10.0.0.4", ""), ("10.0.0.7", ""), ("agg-2", ""), ("", "")],
)
def test_partners(address: str, other: str) -> None:
    assert point_to_point_peer(address) == other


def test_figures_stay_within_their_bounds() -> None:
    assert {stable_number(str(number), 3, 5) for number in range(200)} == {3, 4, 5}


@pytest.mark.parametrize("count", [1, 2, 3, 40])
def test_a_fleet_fits_together(count: int) -> None:
    devices = router_fleet(count, ("hall",))
    states = healthy_states(devices)
    assert len(states) == count
    for state in states.values():
        for port in state.ports.values():
            if port.neighbour:
                other, far = port.neighbour
                assert states[other].ports[far].neighbour == (state.name, port.name)
        for gateway in state.gateways:
            ip_address(gateway.virtual_ip)
    masters = [gateway for state in states.values() for gateway in state.gateways if gateway.state == "master"]
    assert len(masters) == count // 2
    assert Topology(devices).devices.keys() == states.keys()
