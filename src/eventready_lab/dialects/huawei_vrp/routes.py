"""Routes in use of a VRP device: static, connected, learned."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address

from eventready_lab.device.state import DeviceState, Static
from eventready_lab.device.view import View
from eventready_lab.dialects._shared.forwarding import connected, learned, network, works
from eventready_lab.dialects.huawei_vrp.effects import DEFAULT_PREFERENCE
from eventready_lab.dialects.huawei_vrp.formats import spelt


def total(state: DeviceState, names: Iterable[str]) -> int:
    """The bandwidth of ports, without absent ones."""
    return sum(state.ports[name].speed_bps for name in names if name in state.ports)


def local_routes(view: View, wanted: str | None) -> list[tuple[str, str, int, str, str, str, str]]:
    """(prefix, protocol, preference, cost, flags, next hop, port) of static routes in use and local addresses."""
    static = [
        (route.prefix, "Static", _preference(route), "0", "RD", route.next_hop, port) for route, port in _in_use(view)
    ]
    local = [
        (f"{port.address}/32", "Direct", 0, "0", "D", "127.0.0.1", spelt(port.name))
        for port in view.state.ports.values()
        if port.address and works(port)
    ]
    return [row for row in (*static, *local) if not wanted or row[0].startswith(f"{wanted}/")]


def routes_to(view: View, address: str) -> list[tuple[str, str, int, str, str, str]]:
    """(prefix, protocol, preference, next hop, port, process) of the connected network of an address, else of the
    learned route, else of the default routes in use."""
    if port := connected(view.state, address):
        return [(network(view.state, address), "Direct", 0, address, spelt(port), "0")]
    if found := learned(view.state, address):
        return [(found.prefix, "OSPF", 10, found.next_hop, spelt(found.interface), found.process)]
    return [
        (route.prefix, "Static", _preference(route), route.next_hop, port, "0")
        for route, port in _in_use(view)
        if route.prefix == "0.0.0.0/0"
    ]


def _preference(route: Static) -> int:
    return route.distance if route.distance > 1 else DEFAULT_PREFERENCE


def _in_use(view: View) -> list[tuple[Static, str]]:
    """(route, outgoing port) of the most preferred usable static routes per prefix."""
    alive = [(route, _way(view, route.next_hop)) for route in view.state.statics if not _withdrawn(view, route)]
    reached = [(route, port) for route, port in alive if port]
    best: dict[str, int] = {}
    for route, _ in reached:
        best[route.prefix] = min(_preference(route), best.get(route.prefix, 255))
    return [(route, port) for route, port in reached if _preference(route) == best[route.prefix]]


def _withdrawn(view: View, route: Static) -> bool:
    watched = route.bfd or bool(route.track)
    return watched and any(session.peer == route.next_hop and not session.up for session in view.state.bfd)


def _way(view: View, hop: str) -> str:
    """The port towards a next hop; empty without an active port."""
    named = next((session.interface for session in view.state.bfd if session.peer == hop and session.interface), "")
    near = [port for port in view.state.ports.values() if port.name == named or _together(port.address, hop)]
    found = near or [port for port in view.state.ports.values() if not port.name.lower().startswith("loopback")]
    return next((spelt(port.name) for port in found if port.admin_up and port.link_up), "")


def _together(one: str, other: str) -> bool:
    """True for the two addresses of a /30."""
    try:
        return int(IPv4Address(one)) >> 2 == int(IPv4Address(other)) >> 2
    except AddressValueError:
        return False
