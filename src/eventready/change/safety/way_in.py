"""The way in: the route from a device back to this machine, read from the device."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from eventready.change.errors import require_answer
from eventready.change.forms.tree import Tree
from eventready.change.safety.forbidden import sections_with_address
from eventready.core.errors import EventreadyError, RefusedError
from eventready.core.messages import Message, message
from eventready.core.strings.pattern import find_in_answer
from eventready.facts.parsing.routes import Hop, address_in, routes_in_use
from eventready.platforms.model import PlatformSpec, WayInSpec
from eventready.session.connect import Session
from eventready.workspace.devices.device import Device

#: The most routes of a way in: to this machine, and to next hops and neighbours that are not connected.
_MOST_ROUTES = 8
#: Protocols with sessions to a neighbour that is reached by a route of its own.
_MULTIHOP = re.compile(r"(?i)[ei]?bgp")
_VRF = re.compile(r"[\w.:-]{1,64}")


@dataclass(frozen=True)
class RouteBack:
    """Route of a device to an address. `process` is empty if the device does not name the process."""

    address: str
    protocol: str
    process: str
    hops: tuple[Hop, ...]

    @property
    def name(self) -> str:
        """Return the protocol and its process."""
        return f"{self.protocol} {self.process}".strip()

    def __str__(self) -> str:
        """Return the route for messages: `ospf 1, 10.0.0.1 (Gi0/0/0)`."""
        hops = (f"{hop.next_hop} ({hop.interface})" if hop.next_hop and hop.interface else hop.next_hop or hop.interface
                for hop in self.hops)  # fmt: skip
        return f"{self.name}, {' + '.join(dict.fromkeys(hops))}"


@dataclass(frozen=True)
class WayIn:
    """The route back to `station`, and the routes to next hops without a direct connection.

    `unread`: the reason why there are no routes; empty for a platform without routing in its configuration. `vrf` is
    empty for the global table.
    """

    station: str = ""
    routes: tuple[RouteBack, ...] = ()
    unread: Message | str | None = None
    vrf: str = ""

    @property
    def interfaces(self) -> frozenset[str]:
        """Return the interfaces of all routes."""
        return frozenset(hop.interface for route in self.routes for hop in route.hops if hop.interface)

    @property
    def neighbours(self) -> frozenset[str]:
        """Return the next hops and the announcing neighbours."""
        hops = (hop for route in self.routes for hop in route.hops)
        return frozenset(one for hop in hops for one in (hop.next_hop, hop.neighbour) if one)

    @property
    def shown(self) -> str:
        """Return the routes (at least a single route) for messages."""
        first, *others = self.routes
        return "; ".join([str(first), *(f"{route.address}: {route}" for route in others)])


def read_way_in(platform: PlatformSpec, device: Device, session: Session, running: Tree) -> WayIn:
    """Ask the device for the route back to this machine, in the VRF of its management interface. Read-only.

    No answer of the device raises: `unread` has the reason.
    """
    spec = platform.way_in
    if spec is not None and not spec.routed:
        return WayIn()
    station = device.access.seen_from or (spec and _seen_by_device(spec, session)) or own_address(session)
    if spec is None:
        return WayIn(station, unread=message("change:way_in.no_command", platform=device.platform))
    if not station:
        return WayIn(unread=message("change:way_in.no_station"))
    try:
        vrf = _vrf_of(platform, device, running)
        return WayIn(station, _routes(spec, session, station, vrf), vrf=vrf)
    except EventreadyError as error:
        return WayIn(station, unread=error.cause)


def own_address(session: Session) -> str:
    """Return the address of this machine towards the device, or of the jump host; empty if unknown.

    A loopback address is unknown: a port of this machine leads to the device.
    """
    target = session.target
    if target.jump is not None:
        address = _resolved(target.jump.host)
    else:
        address = "" if target.proxy_command else _source_towards(target.host)
    return "" if not address or ipaddress.IPv4Address(address).is_loopback else address


def _source_towards(host: str) -> str:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((host, 9))  # sends nothing
            return str(probe.getsockname()[0])
    except OSError:
        return ""


def _resolved(host: str) -> str:
    try:
        return str(socket.getaddrinfo(host, None, family=socket.AF_INET, type=socket.SOCK_STREAM)[0][4][0])
    except OSError:
        return ""


def _seen_by_device(spec: WayInSpec, session: Session) -> str:
    """Return the far end of this session as shown by the device; empty if the device does not show an address."""
    if spec.station is None:
        return ""
    (reply,) = session.send_commands([spec.station.command])
    found = find_in_answer(spec.station.found, reply.text)
    return address_in(found["address"]) if found else ""


def _vrf_of(platform: PlatformSpec, device: Device, running: Tree) -> str:
    """Return the VRF of the management interface; empty for the global table."""
    spec, change = platform.way_in, platform.change
    if spec is None or change is None or not spec.vrf:
        return ""
    found = (
        re.fullmatch(spec.vrf.replace("{interface}", re.escape(one.interface)), line)
        for one in sections_with_address(change, running, device.hostname)
        for line in one.lines
    )
    name = next((match["vrf"] for match in found if match), "")
    if name and not _VRF.fullmatch(name):
        raise RefusedError(message("change:way_in.vrf", vrf=ascii(name)[1:-1]))
    return name


def _routes(spec: WayInSpec, session: Session, station: str, vrf: str) -> tuple[RouteBack, ...]:
    """Return the route to the station, then those to its next hops, until every next hop is directly connected."""
    routes: list[RouteBack] = []
    waiting = [station]
    while waiting:
        address = waiting.pop(0)
        if len(routes) == _MOST_ROUTES:
            raise RefusedError(message("change:way_in.long", most=_MOST_ROUTES))
        found = _looked_up(spec, session, address, vrf, at_once=not routes)
        routes += found
        known = {route.address for route in routes}
        waiting += [one for one in dict.fromkeys(_indirect(found)) if one not in known and one not in waiting]
    return tuple(routes)


def _indirect(routes: Iterable[RouteBack]) -> Iterator[str]:
    """Yield the next hops and neighbours reached by another route."""
    for route in routes:
        for hop in route.hops:
            if hop.next_hop and (not hop.interface or hop.relay):
                yield hop.next_hop
            if hop.neighbour and _MULTIHOP.fullmatch(route.protocol) and (hop.relay or hop.neighbour != hop.next_hop):
                yield hop.neighbour


def _looked_up(spec: WayInSpec, session: Session, address: str, vrf: str, *, at_once: bool) -> tuple[RouteBack, ...]:
    """Return the routes to an address. `at_once`: ask for the default route in the same round trip."""
    texts = (spec.route_vrf, spec.default_vrf) if vrf else (spec.route, spec.default)
    commands = [text.replace("{address}", address).replace("{vrf}", vrf) for text in texts if text]
    for batch in [commands] if at_once else [[command] for command in commands]:
        for reply in session.send_commands(batch):
            text = require_answer(reply)
            if not (spec.absent and find_in_answer(spec.absent, text)):
                return parse_routes(spec, text, address)
    raise RefusedError(message("change:way_in.no_route", address=address))


def parse_routes(spec: WayInSpec, text: str, address: str) -> tuple[RouteBack, ...]:
    """Return the routes in use of an answer. Raises RefusedError if a route or a next hop is missing."""
    routes = [RouteBack(address, one.protocol, one.process, one.hops) for one in routes_in_use(spec, text)]
    if not routes or not all(route.hops for route in routes):
        raise RefusedError(message("change:way_in.unread", address=address))
    return tuple(routes)
