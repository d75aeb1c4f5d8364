"""Tables of FRR 10.3: JSON in its own form, neighbours remembered by OSPF, routes in use."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import cast

from eventready_lab.device.dialect import Render
from eventready_lab.device.state import DeviceState, Gateway, Peer
from eventready_lab.device.view import View
from eventready_lab.dialects._shared.forwarding import connected, in_use, learned, network, way, works


def printed(render: Render) -> Render:
    """Return a rendering of the same JSON document in FRR's form: two blanks of indentation, none before a colon."""
    source = cast("Callable[[View], str]", render)

    def form(view: View) -> str:
        document = json.loads(source(view))
        return json.dumps(document, indent=2, separators=(",", ":")) if document else "{}" if document == {} else "[]"

    return form


def clock(seconds: int) -> str:
    """`00:12:44`, `1d02h33m`, `03w2d04h`."""
    days, weeks = seconds // 86_400, seconds // 604_800
    if weeks:
        return f"{weeks:02}w{days % 7}d{seconds // 3600 % 24:02}h"
    if days:
        return f"{days}d{seconds // 3600 % 24:02}h{seconds // 60 % 60:02}m"
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def colons(mac: str) -> str:
    """A MAC address in pairs with colons."""
    digits = mac.replace(".", "")
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def _forgotten(state: DeviceState, peer: Peer) -> bool:
    """Return True for a neighbour removed by OSPF: its port has no carrier, or its BFD session is down."""
    port = state.ports.get(peer.interface)
    silent = any(session.peer == peer.address and not session.up for session in state.bfd)
    return not peer.up and (silent or (port is not None and not works(port)))


def remembered(state: DeviceState) -> list[tuple[str, list[Peer]]]:
    """The OSPF neighbours by router id."""
    found: dict[str, list[Peer]] = {}
    for peer in state.peers:
        if peer.protocol == "ospf" and not _forgotten(state, peer):
            found.setdefault(peer.peer, []).append(peer)
    return list(found.items())


def vrrp_groups(state: DeviceState) -> list[list[Gateway]]:
    """The VRRP groups, as memberships by address family."""
    found: dict[tuple[str, int], list[Gateway]] = {}
    for group in state.gateways:
        if group.protocol == "vrrp":
            found.setdefault((group.interface, group.group), []).append(group)
    return list(found.values())


def of_family(members: Sequence[Gateway], ipv6: bool) -> Gateway | None:
    """The membership of an address family."""
    return next((one for one in members if (":" in one.virtual_ip) is ipv6), None)


def _learnt(state: DeviceState) -> list[tuple[str, str]]:
    """The default route of an iBGP neighbour, after the loss of the router's own default routes."""
    inside = (p for p in state.peers if p.protocol == "bgp" and p.up and p.remote_as == state.local_as)
    return [(peer.peer, peer.interface) for peer in inside][:1] if state.statics else []


def default_hops(state: DeviceState) -> list[tuple[str, str]]:
    """(next hop, port) of the default routes in use."""
    return [(route.next_hop, route.interface) for route in in_use(state)] or _learnt(state)


def route_to(state: DeviceState, address: str) -> tuple[str, str, int, list[str]] | None:
    """(prefix, protocol, distance, next hops in words) of the route to an address; None without a route."""
    if port := connected(state, address):
        return network(state, address), "connected", 0, [f"directly connected, {port}"]
    if found := learned(state, address):
        return found.prefix, "ospf", 110, [f"{found.next_hop}, via {found.interface}"]
    routes = in_use(state)
    hops = [(one.next_hop, one.interface or way(state, one)) for one in routes] or _learnt(state)
    words = [f"{hop}, via {port}" if port else f"{hop} (recursive)" for hop, port in hops]
    return ("0.0.0.0/0", "static" if routes else "bgp", routes[0].distance if routes else 200, words) if hops else None
