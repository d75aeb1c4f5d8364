"""Subjects in use on a device, and those without an expectation: ports, neighbours, cells and access points.

A port is covered by an uplink, a link, a bundle, a gateway, or an expected routing neighbour behind the port. An LLDP
neighbour counts where its port is not listed: elsewhere its port stands for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from eventready.facts.ports import is_physical, parent_port, port_key
from eventready.facts.records import AccessPoint, Cell, Fact, Interface, LinkBundle, Neighbour, RoutingPeer
from eventready.facts.subjects import peers_of
from eventready.network.network_facts import DeviceFacts
from eventready.workspace.devices.device import Role

_ROUTING = {"ospf": "ospf_neighbour", "isis": "isis_neighbour", "bgp": "bgp_neighbour"}
#: Fact without which a device of a role shows nothing that could lack an expectation.
_MAIN_FACT: dict[Role, str] = {
    "router": "interface", "switch": "interface", "bts_controller": "cell", "wifi_controller": "access_point",
}  # fmt: skip


@dataclass(frozen=True)
class SeenSubjects:
    """Numbers of subjects in use, of those without an expectation, and of devices on which none were read."""

    seen: int = 0
    uncovered: int = 0
    unseen_devices: int = 0

    def __add__(self, other: SeenSubjects) -> SeenSubjects:
        """The sum of both."""
        return SeenSubjects(
            self.seen + other.seen,
            self.uncovered + other.uncovered,
            self.unseen_devices + other.unseen_devices,
        )


def seen_subjects(reading: DeviceFacts) -> SeenSubjects:
    """Count the subjects in use on a device, and those without an expectation."""
    covered = [*_ports(reading), *_neighbours(reading), *_stations(reading)]
    main = _MAIN_FACT.get(reading.device.role)
    return SeenSubjects(len(covered), covered.count(False), int(main is not None and not reading.measured(main)))


def _ports(reading: DeviceFacts) -> Iterator[bool]:
    """Yield True for a covered port and False for others: physical ports in use, then LLDP neighbours."""
    covered = _covered_ports(reading)
    for row in reading.fact("interface", Interface).each_row():
        if row.admin == row.oper == "up" and is_physical(row.name):
            yield port_key(row.name) in covered
    for port in {port_key(row.interface) for row in reading.fact("neighbour", Neighbour).each_row()}:
        if port not in reading.ports:
            yield port in covered


def _covered_ports(reading: DeviceFacts) -> set[str]:
    expect = reading.device.expect
    named = {port_key(port) for port in expect.uplinks}
    named |= {port_key(link.port) for link in expect.links}
    named |= {port_key(bundle.name) for bundle in expect.bundles}
    named |= {port_key(gateway.interface) for gateway in expect.gateways}
    named |= {port_key(row.interface) for row in _expected_peers(reading) if row.interface}
    named |= {parent_port(port) for port in named}
    bundles = (row for row in reading.fact("link_bundle", LinkBundle).each_row() if port_key(row.name) in named)
    return named | {port_key(member) for row in bundles for member in row.members}


def _neighbours(reading: DeviceFacts) -> Iterator[bool]:
    expected = {id(row) for row in _expected_peers(reading)}
    for fact in _ROUTING.values():
        yield from (id(row) in expected for row in reading.fact(fact, RoutingPeer).each_row() if row.up)


def _expected_peers(reading: DeviceFacts) -> Iterator[RoutingPeer]:
    for key, fact in _ROUTING.items():
        rows = reading.fact(fact, RoutingPeer).each_row()
        for name in getattr(reading.device.expect, key) or ():
            yield from peers_of(name, rows)


def _stations(reading: DeviceFacts) -> Iterator[bool]:
    expect = reading.device.expect
    cells = (row for row in reading.fact("cell", Cell).each_row() if row.admin == "unlocked" and row.state != "down")
    yield from _named(cells, {cell.name for cell in expect.cells})
    points = (row for row in reading.fact("access_point", AccessPoint).each_row() if row.state == "up")
    yield from _named(points, {point.name for point in expect.access_points})


def _named(rows: Iterable[Fact], names: Iterable[str]) -> Iterator[bool]:
    expected = {name.casefold() for name in names}
    return (row.subject.casefold() in expected for row in rows)
