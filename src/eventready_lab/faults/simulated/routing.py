"""Faults of routing neighbours, paths, default routes and gateway groups."""

from __future__ import annotations

from collections.abc import Iterator

from eventready_lab.device.state import DeviceState, Gateway, Static
from eventready_lab.device.topology import point_to_point_peer
from eventready_lab.faults.simulated.gateway_groups import other_members
from eventready_lab.faults.simulated.target import FaultTarget, fault

_ROUTER = ("router",)
_GATEWAY = ("router", "service_host")


def _far_ends(target: FaultTarget, address: str) -> Iterator[DeviceState]:
    """The devices at the far end of the path to `address`: those with a session to the near address."""
    own = point_to_point_peer(address)
    for name in target.devices:
        far = target.peek(name)
        speaks = any(own and own in (neighbour.address, neighbour.peer) for neighbour in far.peers)
        meant = speaks or any(own and own == session.peer for session in far.bfd) or far.router_id == address
        other = target.other(name) if meant and name != target.state.name else None
        if other:
            yield other


@fault("neighbour-lost", roles=_ROUTER)
def neighbour_lost(target: FaultTarget, peer: str = "", protocol: str = "") -> None:
    """A routing adjacency is down (OSPF stuck, BGP down) while the link and BFD stay up."""
    known = [n for n in target.state.peers if peer in (n.peer, n.address, "") and protocol in (n.protocol, "")]
    if not known:
        raise target.unknown(
            "neighbour", f"{protocol} {peer}".strip(), [f"{n.protocol} {n.peer}" for n in target.state.peers]
        )
    lost = known[0]
    lost.up = False
    for far in _far_ends(target, lost.address):
        ours = {point_to_point_peer(lost.address), target.state.router_id, target.state.name} - {""}
        for neighbour in far.peers:
            if neighbour.protocol == lost.protocol and {neighbour.peer, neighbour.address} & ours:
                neighbour.up = False


@fault("bfd-down", roles=_ROUTER)
def bfd_down(target: FaultTarget, peer: str = "") -> None:
    """Packets are lost without a loss of carrier: BFD and its clients are down at both ends, ports stay up."""
    session = next((session for session in target.state.bfd if peer in (session.peer, "")), None)
    if session is None:
        raise target.unknown("bfd_session", peer, [session.peer for session in target.state.bfd])
    _lose_path(target.state, session.peer)
    for far in _far_ends(target, session.peer):
        _lose_path(far, point_to_point_peer(session.peer))


def _lose_path(state: DeviceState, address: str) -> None:
    for session in state.bfd:
        session.up = session.up and session.peer != address
    for neighbour in state.peers:
        neighbour.up = neighbour.up and not (neighbour.bfd and neighbour.address == address)


def _statics(target: FaultTarget) -> list[Static]:
    if not target.state.statics:
        raise target.unknown("static_default_route")
    return target.state.statics


@fault("unwatched-route", roles=_ROUTER)
def unwatched_route(target: FaultTarget) -> None:
    """The static default route has neither BFD nor tracking, so its backup never takes over."""
    for route in _statics(target):
        route.track, route.bfd = "", False


@fault("no-backup-route", roles=_ROUTER)
def no_backup_route(target: FaultTarget) -> None:
    """The backup default route is missing."""
    if len(_statics(target)) < 2:
        raise target.unknown("backup_route")
    del _statics(target)[1:]


@fault("no-default-route", roles=_ROUTER)
def no_default_route(target: FaultTarget) -> None:
    """All default routes are missing."""
    _statics(target).clear()


def _gateway(target: FaultTarget, group: int) -> Gateway:
    chosen = next((gateway for gateway in target.state.gateways if group in (gateway.group, -1)), None)
    if chosen is None:
        name = "" if group < 0 else str(group)
        raise target.unknown("group", name, [str(gateway.group) for gateway in target.state.gateways])
    return chosen


@fault("two-masters", roles=_GATEWAY)
def two_masters(target: FaultTarget, group: int = -1) -> None:
    """The members of a VRRP or HSRP group do not receive each other's advertisements: both are master."""
    own = _gateway(target, group)
    for member in other_members(target, own):
        member.state = own.state = "master"


@fault("gateway-lost", roles=_GATEWAY)
def gateway_lost(target: FaultTarget, group: int = -1) -> None:
    """The device has left a VRRP or HSRP group; the other member remains alone."""
    target.state.gateways.remove(_gateway(target, group))
