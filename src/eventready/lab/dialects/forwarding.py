"""What forwards in a router's state, whatever its platform: ports, bundle members, static default routes."""

from __future__ import annotations

from eventready.lab.state import Bundle, DeviceState, Port, Static


def works(port: Port) -> bool:
    """True when the port carries traffic."""
    return port.admin_up and port.link_up


def bundled(state: DeviceState, bundle: Bundle) -> list[str]:
    """The members of a bundle that carry traffic."""
    return [name for name in bundle.members if name in state.ports and works(state.ports[name])]


def in_use(state: DeviceState) -> list[Static]:
    """The static default routes in the forwarding table: the nearest whose port and, where watched, path are up."""
    usable = []
    for route in state.statics:
        session = next((session for session in state.bfd if session.peer == route.next_hop), None)
        port = state.ports.get(route.interface or (session.interface if session else ""))
        lost = (route.bfd or bool(route.track)) and session is not None and not session.up
        if route.prefix == "0.0.0.0/0" and (port is None or works(port)) and not lost:
            usable.append(route)
    nearest = min((route.distance for route in usable), default=0)
    return [route for route in usable if route.distance == nearest]
