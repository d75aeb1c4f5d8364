"""Forwarding of a router by its state: ports, bundle members, static default routes, learned routes."""

from __future__ import annotations

import ipaddress

from eventready_lab.device.state import Bundle, DeviceState, Learned, Port, Static


def works(port: Port) -> bool:
    """True when the port carries traffic."""
    return port.admin_up and port.link_up


def bundled(state: DeviceState, bundle: Bundle) -> list[str]:
    """The active members of a bundle."""
    return [name for name in bundle.members if name in state.ports and works(state.ports[name])]


def in_use(state: DeviceState) -> list[Static]:
    """The static default routes in use: the usable ones with the lowest distance; a route is usable while its port and
    its watched path are up."""
    usable = []
    for route in state.statics:
        session = next((session for session in state.bfd if session.peer == route.next_hop), None)
        port = state.ports.get(route.interface or (session.interface if session else ""))
        lost = (route.bfd or bool(route.track)) and session is not None and not session.up
        if route.prefix == "0.0.0.0/0" and (port is None or works(port)) and not lost:
            usable.append(route)
    nearest = min((route.distance for route in usable), default=0)
    return [route for route in usable if route.distance == nearest]


def way(state: DeviceState, route: Static) -> str:
    """Return the port of a static route: its own, or the port of the BFD session to its next hop, or the first."""
    session = next((session for session in state.bfd if session.peer == route.next_hop), None)
    return route.interface or (session.interface if session else next(iter(state.ports), ""))


def connected(state: DeviceState, address: str) -> str:
    """Return the working port of the network with an address; empty for an address elsewhere."""
    port = _port_towards(state, address)
    return port if port not in state.ports or works(state.ports[port]) else ""


def _port_towards(state: DeviceState, address: str) -> str:
    """Return the port of a next hop, a neighbour or a service host; empty for other addresses."""
    hop = next((route for route in state.statics if route.next_hop == address), None)
    peer = next((peer for peer in state.peers if peer.address == address and peer.interface), None)
    return way(state, hop) if hop else peer.interface if peer else state.networks.get(network(state, address), "")


def learned(state: DeviceState, address: str) -> Learned | None:
    """Return the longest learned route to an address over a working port."""
    here = ipaddress.IPv4Address(address)
    alive = [one for one in state.learned if one.interface not in state.ports or works(state.ports[one.interface])]
    routes = [(ipaddress.IPv4Network(route.prefix), route) for route in alive]
    found = [(prefix.prefixlen, route) for prefix, route in routes if here in prefix]
    return max(found, key=lambda one: one[0])[1] if found else None


def network(state: DeviceState, address: str) -> str:
    """Return the network of service hosts with an address, else its /30."""
    own = (name for name in state.networks if ipaddress.IPv4Address(address) in ipaddress.IPv4Network(name))
    return next(own, str(ipaddress.IPv4Network(f"{address}/30", strict=False)))


def echoes(state: DeviceState, address: str, size: int = 0, *, df: bool = False) -> bool:
    """Return True when echo requests of `size` bytes (IP packet) to an address are answered."""
    port = state.ports.get(_port_towards(state, address))
    hop = learned(state, address)
    if port is None and hop is None:
        routes = in_use(state)
        port = state.ports.get(way(state, routes[0])) if routes else None
        return bool(routes) and (port is None or _passes(port, size, df=df))
    return port is None or _passes(port, size, df=df)


def _passes(port: Port, size: int, *, df: bool) -> bool:
    return works(port) and not (df and size > port.mtu)
