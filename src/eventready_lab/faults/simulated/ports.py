"""Ports and cables."""

from __future__ import annotations

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.facts.ports import port_key
from eventready_lab.device.state import DeviceState, Peer, Port
from eventready_lab.faults.errors import known_parts
from eventready_lab.faults.simulated.target import FaultTarget, fault

_ROUTER = ("router",)
_PORTS = ("router", "wifi_controller", "service_host")
_DARK_DBM = -40.0
_INNER = ("ospf", "isis")


def port_of(target: FaultTarget, name: str) -> Port:
    """The named port, or the first with a cable or an uplink."""
    ports = target.state.ports
    if not name:
        chosen = next((port for port in ports.values() if port.neighbour or port.description == "uplink"), None)
    else:
        chosen = next((port for port in ports.values() if port_key(port.name) == port_key(name)), None)
    if chosen is None:
        raise target.unknown("port", name, ports)
    return chosen


def _between_loopbacks(state: DeviceState, peer: Peer) -> bool:
    """Return True for a BGP session to a router id, over any remaining path of OSPF or IS-IS."""
    return peer.protocol == "bgp" and any(one.protocol in _INNER and one.peer == peer.peer for one in state.peers)


def _lose_loopback(target: FaultTarget, state: DeviceState) -> None:
    """Take down the BGP sessions to and from a loopback without a path."""
    for peer in [peer for peer in state.peers if peer.up and _between_loopbacks(state, peer)]:
        peer.up = False
        name = next((name for name in target.devices if target.peek(name).router_id == peer.peer), "")
        far = target.other(name) if name else None
        for theirs in far.peers if far else ():
            theirs.up = theirs.up and not (theirs.protocol == "bgp" and theirs.peer == state.router_id)


def _lose_carrier(target: FaultTarget, device: str, port: Port) -> None:
    state = target.state if device == target.state.name else target.other(device)
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
        _lose_loopback(target, state)
    for session in state.bfd:
        session.up = session.up and session.interface not in ways
    for gateway in state.gateways:
        gateway.state = "init" if gateway.interface in ways else gateway.state


@fault("link-down", roles=_PORTS)
def link_down(target: FaultTarget, port: str = "") -> None:
    """A cable loses its carrier: both ports are down, with the sessions over the cable."""
    near = port_of(target, port)
    _lose_carrier(target, target.state.name, near)
    if near.neighbour:
        name, far_port = near.neighbour
        far = target.other(name)
        if far and far_port in far.ports:
            _lose_carrier(target, name, far.ports[far_port])


@fault("port-shut", roles=_PORTS)
def port_shut(target: FaultTarget, port: str = "") -> None:
    """A port is shut in the configuration, and its far end loses the carrier."""
    link_down(target, port)
    port_of(target, port).admin_up = False


@fault("optic-low", roles=_ROUTER)
def optic_low(target: FaultTarget, port: str = "", dbm: float = -17.2) -> None:
    """The received light of a port is low (a bent or dirty fibre); the link stays up."""
    chosen = port_of(target, port)
    if chosen.light is None:
        lit = sorted(name for name, port in target.state.ports.items() if port.light)
        raise UsageError(message("lab:fault.no_light", device=target.state.name, port=chosen.name), do=known_parts(lit))
    chosen.light.rx_dbm = dbm


@fault("errors", roles=_PORTS)
def errors(target: FaultTarget, port: str = "", per_second: float = 40.0) -> None:
    """A port counts input and CRC errors while the link is up."""
    port_of(target, port).error_rate = per_second


@fault("congested", roles=_PORTS)
def congested(target: FaultTarget, port: str = "", percent: int = 92) -> None:
    """The load of a port is high in both directions."""
    chosen = port_of(target, port)
    chosen.in_bps = chosen.out_bps = chosen.speed_bps * percent // 100


@fault("wrong-cable", roles=_PORTS)
def wrong_cable(target: FaultTarget, port: str = "", device: str = "unknown-switch", to_port: str = "Gi0/1") -> None:
    """The neighbour at the far end of a cable differs from the declared device."""
    port_of(target, port).neighbour = (device, to_port)
