"""Routing neighbours, silent loss, default routes, gateway groups."""

from __future__ import annotations

from collections.abc import Iterator

from eventready.lab.fault import On, fault
from eventready.lab.state import DeviceState, Gateway, Static
from eventready.lab.topology import partner

_ROUTER = ("router",)


def _far_ends(on: On, address: str) -> Iterator[DeviceState]:
    """The devices at the other end of the path to `address`: those that speak to our own address on it."""
    own = partner(address)
    for name in on.machines:
        far = on.peek(name)
        speaks = any(own and own in (neighbour.address, neighbour.peer) for neighbour in far.peers)
        meant = speaks or any(own and own == session.peer for session in far.bfd) or far.router_id == address
        other = on.other(name) if meant and name != on.state.name else None
        if other:
            yield other


@fault("neighbour-lost", roles=_ROUTER)
def neighbour_lost(on: On, peer: str = "", protocol: str = "") -> None:
    """A routing neighbour is not up (OSPF stuck, BGP down) although the link is; BFD stays up."""
    known = [n for n in on.state.peers if peer in (n.peer, n.address, "") and protocol in (n.protocol, "")]
    if not known:
        raise on.refuse(f"neighbour {protocol} {peer}".rstrip(), [f"{n.protocol} {n.peer}" for n in on.state.peers])
    lost = known[0]
    lost.up = False
    for far in _far_ends(on, lost.address):
        ours = {partner(lost.address), on.state.router_id, on.state.name} - {""}
        for neighbour in far.peers:
            if neighbour.protocol == lost.protocol and {neighbour.peer, neighbour.address} & ours:
                neighbour.up = False


@fault("bfd-down", roles=_ROUTER)
def bfd_down(on: On, peer: str = "") -> None:
    """Packets are lost in silence: ports stay up; BFD and what follows it are down at both ends."""
    session = next((session for session in on.state.bfd if peer in (session.peer, "")), None)
    if session is None:
        raise on.refuse(f"BFD session to {peer}", [session.peer for session in on.state.bfd])
    _lose_path(on.state, session.peer)
    for far in _far_ends(on, session.peer):
        _lose_path(far, partner(session.peer))


def _lose_path(state: DeviceState, address: str) -> None:
    for session in state.bfd:
        session.up = session.up and session.peer != address
    for neighbour in state.peers:
        neighbour.up = neighbour.up and not (neighbour.bfd and neighbour.address == address)


def _statics(on: On) -> list[Static]:
    if not on.state.statics:
        raise on.refuse("static default route", [])
    return on.state.statics


@fault("unwatched-route", roles=_ROUTER)
def unwatched_route(on: On) -> None:
    """The static default route has neither BFD nor tracking: its backup would never take over."""
    for route in _statics(on):
        route.track, route.bfd = "", False


@fault("no-backup-route", roles=_ROUTER)
def no_backup_route(on: On) -> None:
    """The backup of the default route is gone."""
    if len(_statics(on)) < 2:
        raise on.refuse("backup of its default route", [])
    del _statics(on)[1:]


@fault("no-default-route", roles=_ROUTER)
def no_default_route(on: On) -> None:
    """No default route is left."""
    _statics(on).clear()


def _gateway(on: On, group: int) -> Gateway:
    chosen = next((gateway for gateway in on.state.gateways if group in (gateway.group, -1)), None)
    if chosen is None:
        raise on.refuse(f"group {group}", [str(gateway.group) for gateway in on.state.gateways])
    return chosen


@fault("two-masters", roles=_ROUTER)
def two_masters(on: On, group: int = -1) -> None:
    """The members of a VRRP or HSRP group do not hear each other: both are master."""
    mine = _gateway(on, group)
    for name in [name for name in on.machines if name != on.state.name]:
        far = on.peek(name)
        for number, theirs in enumerate(far.gateways):
            if (theirs.protocol, theirs.group, theirs.virtual_ip) == (mine.protocol, mine.group, mine.virtual_ip):
                other = on.other(name)
                if other:
                    other.gateways[number].state = mine.state = "master"


@fault("gateway-lost", roles=_ROUTER)
def gateway_lost(on: On, group: int = -1) -> None:
    """The device is no longer a member of a VRRP or HSRP group: the other one stands alone."""
    on.state.gateways.remove(_gateway(on, group))
