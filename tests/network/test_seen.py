"""Subjects in use, and those without an expectation."""

from __future__ import annotations

import pytest

from eventready.facts import records as r
from eventready.facts.rows import FactRows
from eventready.network.network_facts import DeviceFacts
from eventready.network.seen import SeenSubjects, seen_subjects
from eventready.workspace.devices.device import Device, Role
from eventready.workspace.devices.expect import Expect


def reading(role: Role = "router", expect: dict[str, object] | None = None, **rows: list[r.Fact]) -> DeviceFacts:
    device = Device("d1", role, "cisco_xe", "192.0.2.1", expect=Expect.model_validate(expect or {}))
    return DeviceFacts(device, {fact: FactRows(tuple(found)) for fact, found in rows.items()})


def port(name: str, oper: str = "up") -> r.Interface:
    return r.Interface(name=name, admin="up", oper=oper)  # type: ignore[arg-type]


def peer(name: str, interface: str, *, up: bool = True) -> r.RoutingPeer:
    return r.RoutingPeer(protocol="ospf", peer=name, interface=interface, state="FULL", up=up)


PORTS: list[r.Fact] = [
    port("GigabitEthernet0/0/1"), port("GigabitEthernet0/0/2", "down"), port("GigabitEthernet0/0/3"),
    port("Port-channel1"), port("Loopback0"), port("GigabitEthernet0/0/1.100"),
]  # fmt: skip
BUNDLE: list[r.Fact] = [r.LinkBundle(name="Po1", oper="up", members=("Gi0/0/1",))]


@pytest.mark.parametrize(
    ("expect", "uncovered"),
    [
        ({}, 2),
        ({"uplinks": ["Gi0/0/1"]}, 1),
        ({"links": [{"port": "GigabitEthernet0/0/3", "device": "d2", "to_port": "e1"}]}, 1),
        ({"gateways": [{"group": 1, "interface": "Gi0/0/1.100"}]}, 1),
        ({"bundles": [{"name": "Port-channel1"}]}, 1),
        ({"uplinks": ["Port-channel1", "Gi0/0/3"]}, 0),
    ],
)
def test_physical_ports_in_use_are_covered_by_what_names_them(expect: dict[str, object], uncovered: int) -> None:
    found = seen_subjects(reading(expect=expect, interface=PORTS, link_bundle=BUNDLE))
    assert found == SeenSubjects(2, uncovered, 0)


def test_a_routing_neighbour_covers_itself_and_its_port() -> None:
    rows: list[r.Fact] = [peer("10.0.0.1", "Gi0/0/3"), peer("10.0.0.2", "Gi0/0/1"), peer("10.0.0.3", "Gi9", up=False)]
    found = seen_subjects(reading(expect={"ospf": ["10.0.0.1"]}, interface=PORTS, ospf_neighbour=rows))
    assert found == SeenSubjects(4, 2, 0)


def test_an_lldp_neighbour_counts_where_its_port_is_not_listed() -> None:
    rows: list[r.Fact] = [r.Neighbour(interface=name, device="sw-1") for name in ("Gi0/0/1", "Gi7")]
    assert seen_subjects(reading(interface=PORTS, neighbour=rows)).seen == 3
    assert seen_subjects(reading(neighbour=rows)) == SeenSubjects(2, 2, 1)


def test_cells_and_access_points_are_covered_by_name() -> None:
    cells: list[r.Fact] = [
        r.Cell(name="HALL-1", state="up"), r.Cell(name="HALL-2", state="degraded"), r.Cell(name="HALL-3", state="down"),
        r.Cell(name="HALL-4", state="up", admin="locked"),
    ]  # fmt: skip
    found = seen_subjects(reading("bts_controller", {"cells": [{"name": "hall-1"}]}, cell=cells))
    assert found == SeenSubjects(2, 1, 0)
    points: list[r.Fact] = [r.AccessPoint(name="AP-1", state="up"), r.AccessPoint(name="AP-2", state="down")]
    found = seen_subjects(reading("wifi_controller", {"access_points": [{"name": "AP-1"}]}, access_point=points))
    assert found == SeenSubjects(1, 0, 0)


def test_what_was_not_read_is_not_counted_as_nothing() -> None:
    assert seen_subjects(reading()) == SeenSubjects(0, 0, 1)
    assert seen_subjects(reading("service_host")) == SeenSubjects(0, 0, 0)
    assert SeenSubjects(3, 1, 0) + SeenSubjects(0, 0, 1) == SeenSubjects(3, 1, 1)
