"""Ports and cables."""

from __future__ import annotations

from eventready.checks.ports import port_key
from eventready.lab.fault import On, fault
from eventready.lab.state import DeviceState, Peer, Port

_ROUTER = ("router",)
_PORTS = ("router", "wifi_controller")
_DARK_DBM = -40.0
_INNER = ("ospf", "isis")


def _port(on: On, name: str) -> Port:
    """The named port, or the first one with a cable or an uplink."""
    ports = on.state.ports
    if not name:
        chosen = next((port for port in ports.values() if port.neighbour or port.description == "uplink"), None)
    else:
        chosen = next((port for port in ports.values() if port_key(port.name) == port_key(name)), None)
    if chosen is None:
        raise on.refuse(f"port {name}".strip(), list(ports))
    return chosen


def _between_loopbacks(state: DeviceState, peer: Peer) -> bool:
    """True for a BGP session to a router that is known by its id: it takes whatever way OSPF or IS-IS has left."""
    return peer.protocol == "bgp" and any(one.protocol in _INNER and one.peer == peer.peer for one in state.peers)


def _lose_loopback(on: On, state: DeviceState) -> None:
    """No way is left to the loopback: BGP sessions to and from it are down."""
    for peer in [peer for peer in state.peers if peer.up and _between_loopbacks(state, peer)]:
        peer.up = False
        name = next((name for name in on.machines if on.peek(name).router_id == peer.peer), "")
        far = on.other(name) if name else None
        for theirs in far.peers if far else ():
            theirs.up = theirs.up and not (theirs.protocol == "bgp" and theirs.peer == state.router_id)


def _lose_carrier(on: On, device: str, port: Port) -> None:
    state = on.state if device == on.state.name else on.other(device)
    if state is None:
        return
    port.link_up = False
    if port.light:
        port.light.rx_dbm = _DARK_DBM
    ways = {port.name}
    for bundle in state.bundles:
        left = [name for name in bundle.members if name in state.ports and state.ports[name].link_up]
        if port.name in bundle.members and len(left) < bundle.min_links:
            ways.add(bundle.name)
            state.ports[bundle.name].link_up = False
    for peer in state.peers:
        peer.up = peer.up and (peer.interface not in ways or _between_loopbacks(state, peer))
    if not any(peer.up for peer in state.peers if peer.protocol in _INNER):
        _lose_loopback(on, state)
    for session in state.bfd:
        session.up = session.up and session.interface not in ways
    for gateway in state.gateways:
        gateway.state = "init" if gateway.interface in ways else gateway.state


@fault("link-down", roles=_PORTS)
def link_down(on: On, port: str = "") -> None:
    """A cable loses its carrier: the port, its far end, and what ran over it are down."""
    near = _port(on, port)
    _lose_carrier(on, on.state.name, near)
    if near.neighbour:
        name, far_port = near.neighbour
        far = on.other(name)
        if far and far_port in far.ports:
            _lose_carrier(on, name, far.ports[far_port])


@fault("port-shut", roles=_PORTS)
def port_shut(on: On, port: str = "") -> None:
    """A port is shut in the configuration, and its far end has no carrier."""
    link_down(on, port)
    _port(on, port).admin_up = False


@fault("optic-low", roles=_ROUTER)
def optic_low(on: On, port: str = "", dbm: float = -17.2) -> None:
    """A port receives little light: a bent or dirty fibre. The link stays up."""
    chosen = _port(on, port)
    if chosen.light is None:
        raise on.refuse(f"light on {chosen.name}", [name for name, port in on.state.ports.items() if port.light])
    chosen.light.rx_dbm = dbm


@fault("errors", roles=_PORTS)
def errors(on: On, port: str = "", per_second: float = 40.0) -> None:
    """A port counts input and CRC errors while the link is up."""
    _port(on, port).error_rate = per_second


@fault("congested", roles=_PORTS)
def congested(on: On, port: str = "", percent: int = 92) -> None:
    """A port is nearly full, in both directions."""
    chosen = _port(on, port)
    chosen.in_bps = chosen.out_bps = chosen.speed_bps * percent // 100


@fault("wrong-cable", roles=_PORTS)
def wrong_cable(on: On, port: str = "", device: str = "unknown-switch", to_port: str = "Gi0/1") -> None:
    """At the far end of a cable answers another device than was declared."""
    _port(on, port).neighbour = (device, to_port)
