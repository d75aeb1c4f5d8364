"""Facts of a device beside its expectations, those of all devices, and the ports towards a next hop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from ipaddress import ip_address, ip_interface
from typing import TypeVar

from eventready.facts.ports import port_key
from eventready.facts.records import BfdSession, Fact, Interface, InterfaceAddress, RoutingPeer
from eventready.facts.rows import FactRows, rows_of
from eventready.workspace.devices.device import Device

F = TypeVar("F", bound=Fact)


@dataclass(frozen=True)
class DeviceFacts:
    """Measured rows of a device, by fact. An unmeasured fact is absent; `missing`: those needed in an audit.

    `left_out`: a device of the inventory that is no part of the audit.
    """

    device: Device
    facts: Mapping[str, FactRows[Fact]] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    left_out: bool = False

    @property
    def silent(self) -> bool:
        """True without any measured fact although facts are needed."""
        return bool(self.missing) and not self.facts

    @property
    def name(self) -> str:
        """Name of the device."""
        return self.device.name

    def fact(self, fact: str, record: type[F]) -> FactRows[F]:
        """Rows of a fact, of records of its type; those of an unmeasured fact are none, and not whole."""
        return rows_of(self.facts, fact, record)

    def measured(self, fact: str) -> bool:
        """True when the fact was measured, with rows or as empty."""
        return fact in self.facts

    def whole(self, fact: str) -> bool:
        """True when the fact was measured with all its records."""
        return fact in self.facts and self.facts[fact].whole

    def partly(self, fact: str) -> bool:
        """True when some records of the fact were not read."""
        return fact in self.facts and bool(self.facts[fact].unread_records)

    @cached_property
    def ports(self) -> Mapping[str, Interface]:
        """Interfaces by canonical name."""
        return {port_key(row.name): row for row in self.fact("interface", Interface).each_row()}

    def spelled(self, port: str) -> str:
        """The device's own spelling of a port; an unlisted port as given."""
        row = self.ports.get(port_key(port))
        return row.name if row else port

    def up(self, port: str) -> bool | None:
        """True for a port in service; None for an unlisted port."""
        row = self.ports.get(port_key(port))
        return row.oper == "up" if row else None

    def addresses(self) -> Iterator[tuple[str, str, str]]:
        """Addresses as (port, address with the length of its prefix, VRF or empty), each once."""
        apart = [(r.interface, str(r.address), r.vrf or "") for r in self.fact("address", InterfaceAddress).each_row()]
        vrfs = {port_key(port): vrf for port, _address, vrf in apart}
        shown = [
            (row.name, str(one), row.vrf or vrfs.get(port_key(row.name), ""))
            for row in self.ports.values() for one in row.addresses or ()
        ]  # fmt: skip
        seen = set()
        for port, address, vrf in (*apart, *shown):
            if (port_key(port), address) not in seen:
                seen.add((port_key(port), address))
                yield self.spelled(port), address, vrf


@dataclass(frozen=True)
class NetworkFacts:
    """Facts of all devices, in the order of the inventory."""

    all: Sequence[DeviceFacts]

    def joined(self, more: Mapping[str, Mapping[str, FactRows[Fact]]]) -> NetworkFacts:
        """Return these facts with further facts by device."""
        return NetworkFacts([replace(one, facts={**one.facts, **more.get(one.name, {})}) for one in self.all])

    @cached_property
    def by_name(self) -> Mapping[str, DeviceFacts]:
        """Facts by name of the device."""
        return {reading.name: reading for reading in self.all}

    @cached_property
    def order(self) -> Mapping[str, int]:
        """Place of each device in the inventory."""
        return {reading.name: place for place, reading in enumerate(self.all)}


#: Facts with the adjacencies of the routing protocols.
ADJACENCIES = ("ospf_neighbour", "isis_neighbour", "bgp_neighbour")


def ports_towards(reading: DeviceFacts, hop: str) -> Iterator[str]:
    """Yield the ports of a next hop: of a session or an adjacency with the next hop, else of its subnet."""
    for session in reading.fact("bfd_session", BfdSession).each_row():
        if session.peer == hop and session.interface:
            yield session.interface
    for fact in ADJACENCIES:
        for row in reading.fact(fact, RoutingPeer).each_row():
            if row.address == hop and row.interface:
                yield row.interface
    for port, address, _vrf in reading.addresses():
        if _within(hop, address):
            yield port


def _within(hop: str, address: str) -> bool:
    try:
        return ip_address(hop) in ip_interface(address).network
    except ValueError:
        return False
