"""Ports towards a next hop, by sessions, adjacencies and addresses of a device."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_interface

from eventready.facts.records import BfdSession, RoutingPeer
from eventready.network.network_facts import DeviceFacts

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
