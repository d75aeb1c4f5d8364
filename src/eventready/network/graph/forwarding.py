"""Routes in force of the routers towards origins, and the routes in use after a failure.

A router with a static route in force forwards by that route alone, whatever cables there are beside: its other arcs
are closed. A static route is in force while its port is up, a watched one while its next hop answers; then comes the
next one by distance, static or of a protocol that carries a default in this network. With a route of a protocol in
force all arcs are open: the protocol follows its adjacencies. The default route leads out of the network; the way to
another origin is the route that the router has for its address, and the default where it has no other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Literal

from eventready.facts.records import OriginRoute, Route, RoutingPeer, StaticRoute
from eventready.network.graph.graph import Cut
from eventready.network.graph.topology import Topology
from eventready.network.network_facts import DeviceFacts, ports_towards

DEFAULT = "default_route"
#: Routing protocols that carry a default, as routers print them in parts of words, with the fact of their adjacencies.
_PROTOCOLS: Mapping[str, str] = {
    "ospf": "ospf_neighbour", "o_ase": "ospf_neighbour", "is-is": "isis_neighbour", "isis": "isis_neighbour",
    "bgp": "bgp_neighbour",
}  # fmt: skip

#: Distance of a protocol whose routes print none.
_LAST = 255
#: `in_force`: a default route was read. `open`: a full table by BGP, or a port without a known cable. `assumed`: the
#: platform cannot tell. `withdrawn`: routes are configured, none is in force. `none`: no default route at all.
#: `unread`: not measured.
RouterState = Literal["in_force", "open", "assumed", "withdrawn", "none", "unread"]


@dataclass(frozen=True)
class NextHop:
    """Next hop of a default route: arcs towards the hop, its node if known; `watched`: withdrawn by BFD or tracking.

    `beyond`: of a watched one, the arcs between a switch at the port and the next hop.
    """

    address: str
    arcs: frozenset[int]
    node: int | None
    watched: bool
    beyond: frozenset[int] = frozenset()

    def holds(self, down: Cut, heads: list[int]) -> bool:
        """True while the route stays in force: the port receives light; watched, the next hop answers as well."""
        if self.watched and self.node is not None and self.node in down.nodes:
            return False
        if self.beyond and all(arc in down.arcs or arc ^ 1 in down.arcs for arc in self.beyond):
            return False
        for arc in self.arcs:
            lit = arc ^ 1 not in down.arcs and heads[arc] not in down.nodes
            if lit and not (self.watched and arc in down.arcs):
                return True
        return False


#: Next hops of the default routes of a router with the same distance.
Level = tuple[NextHop, ...]


@dataclass(frozen=True)
class RouterRoutes:
    """Default routes of a router: levels in the order of their use. `rest`: a protocol takes over after these."""

    state: RouterState
    out: frozenset[int]
    levels: tuple[Level, ...] = ()
    rest: bool = False

    def closed(self, level: int | None) -> frozenset[int]:
        """Arcs not in use while a level is in force; None: a protocol, or nothing if there is none."""
        if level is None:
            return frozenset() if self.rest else self.out
        return self.out.difference(*(hop.arcs for hop in self.levels[level]))


class Forwarding:
    """Routes of all routers of a topology."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self.heads = topology.graph.heads
        self.dead = topology.dead
        self._to: dict[frozenset[str], Mapping[int, RouterRoutes]] = {}

    @cached_property
    def routers(self) -> Mapping[int, RouterRoutes]:
        """Default routes by node of the router."""
        return {
            self._topology.nodes[one.name]: self._routes(one, self._out(one))
            for one in self._topology.readings.all if one.device.role == "router"
        }  # fmt: skip

    def to(self, origins: frozenset[int]) -> Mapping[int, RouterRoutes]:
        """Routes to origins by node of the router: the default routes, or those to the addresses of the origins."""
        if origins <= self._topology.outward:
            return self.routers
        addresses = frozenset(address for node in origins for address in self._addresses.get(node, ()))
        if addresses not in self._to:
            by_name = {self._topology.nodes[one.name]: one for one in self._topology.readings.all}
            self._to[addresses] = {
                node: self._inward(by_name[node], one, addresses) for node, one in self.routers.items()
            }
        return self._to[addresses]

    @cached_property
    def _addresses(self) -> Mapping[int, tuple[str, ...]]:
        """Addresses of the devices, by node."""
        return {
            self._topology.nodes[one.name]: (
                one.device.hostname, *(gateway.virtual_ip or "" for gateway in one.device.expect.gateways)
            )
            for one in self._topology.readings.all
        }  # fmt: skip

    def _inward(self, reading: DeviceFacts, default: RouterRoutes, addresses: frozenset[str]) -> RouterRoutes:
        """Routes of a router to addresses; assumed without a question about the route to each of these."""
        rows = [row for row in reading.fact("origin_route", OriginRoute).each_row() if row.target in addresses]
        if "origin_route" in reading.missing and addresses.intersection(reading.device.origin_addresses):
            return RouterRoutes("unread", default.out)
        if not rows:
            return RouterRoutes("assumed", default.out)
        if all(row.absent or row.drops for row in rows):
            return RouterRoutes("none", default.out)
        by_default = [row for row in rows if str(row.prefix) == "0.0.0.0/0"]
        return default if len(by_default) == len(rows) else RouterRoutes("in_force", default.out, rest=True)

    def _out(self, reading: DeviceFacts) -> frozenset[int]:
        return self._outward[self._topology.nodes[reading.name]]

    @cached_property
    def _outward(self) -> Mapping[int, frozenset[int]]:
        """Arcs out of each node."""
        found: dict[int, list[int]] = defaultdict(list)
        for arc, tail in enumerate(self._topology.graph.tails):
            found[tail].append(arc)
        return defaultdict(frozenset, {node: frozenset(arcs) for node, arcs in found.items()})

    @property
    def unproven(self) -> frozenset[int]:
        """Nodes of the routers without a measured default route, or without a route to an origin."""
        tables = (self.routers, *self._to.values())
        return frozenset(node for one in tables for node, routes in one.items() if routes.state in {"none", "unread"})

    @cached_property
    def carriers(self) -> Mapping[str, int]:
        """Protocols from which a router of the network has its default: their facts, with the least distance seen."""
        found: dict[str, int] = {}
        for one in self._topology.readings.all:
            for row in one.fact(DEFAULT, Route).each_row():
                if row.leads_out and (fact := _carrier(row.protocol)):
                    found[fact] = min(found.get(fact, _LAST), row.distance if row.distance is not None else _LAST)
        return found

    def _routes(self, reading: DeviceFacts, out: frozenset[int]) -> RouterRoutes:
        if DEFAULT in reading.missing:
            return RouterRoutes("unread", out)
        if not reading.measured(DEFAULT):
            return RouterRoutes("assumed", out)
        used = [row for row in reading.fact(DEFAULT, Route).each_row() if row.leads_out and ":" not in str(row.prefix)]
        statics = [row for row in reading.fact("static_route", StaticRoute).each_row() if row.leads_out]
        statics = [row for row in statics if ":" not in str(row.prefix)]
        if not used:
            return RouterRoutes(self._without(reading, statics), out)
        if any(_carrier(row.protocol) for row in used):
            return RouterRoutes("in_force", out, rest=True)
        levels = [tuple(self._hop(reading, row, statics) for row in used)]
        if not all(hop.arcs for hop in levels[0]):
            return RouterRoutes("open" if _ports_known(reading) else "unread", out)
        backed = self._backed(reading)
        before = [row for row in statics if backed is None or row.distance < backed]
        levels += [tuple(level) for level in self._waiting(reading, used, before)]
        return RouterRoutes("in_force", out, tuple(levels), rest=backed is not None)

    def _without(self, reading: DeviceFacts, statics: list[StaticRoute]) -> RouterState:
        """State of a router without a default route in use."""
        if not reading.whole(DEFAULT):
            return "unread"
        peers = reading.fact("bgp_neighbour", RoutingPeer).each_row()
        if any(row.up and row.prefixes != 0 for row in peers):
            return "open"
        return "withdrawn" if statics or reading.device.expect.default_routes else "none"

    def _waiting(
        self, reading: DeviceFacts, used: list[Route], statics: list[StaticRoute]
    ) -> Iterator[Iterable[NextHop]]:
        """Levels of the static routes behind those in use, by distance."""
        hops = {(row.next_hop, row.interface if row.next_hop is None else None) for row in used}
        least = max((row.distance for row in used if row.distance is not None), default=0)
        rest = [row for row in statics if (row.next_hop, row.interface if row.next_hop is None else None) not in hops]
        rest = sorted((row for row in rest if row.distance >= least), key=lambda row: row.distance)
        for _distance, rows in groupby(rest, key=lambda row: row.distance):
            yield [self._hop(reading, row, [row]) for row in rows]

    def _backed(self, reading: DeviceFacts) -> int | None:
        """Least distance of a protocol able to carry a default here, with an adjacency in use; None without such."""
        found = [
            distance for fact, distance in self.carriers.items()
            if any(row.up for row in reading.fact(fact, RoutingPeer).each_row())
        ]  # fmt: skip
        return min(found, default=None)

    def _hop(self, reading: DeviceFacts, row: Route | StaticRoute, statics: Iterable[StaticRoute]) -> NextHop:
        address = str(row.next_hop or "")
        ports = [row.interface] if row.interface else []
        ports += ports_towards(reading, address) if address else []
        arcs = next(filter(None, (self._arcs(reading, port) for port in ports)), frozenset[int]())
        watched = any(one.protected for one in statics if str(one.next_hop or "") == address)
        owner = self._topology.directory.owner(address)
        node = self._topology.nodes[owner] if owner else None
        return NextHop(address, arcs, node, watched, self._beyond(arcs, node) if watched else frozenset())

    def _beyond(self, arcs: Iterable[int], node: int | None) -> frozenset[int]:
        """Arcs to a next hop from the devices at the far end of a port."""
        switches = {self.heads[arc] for arc in arcs} - {node}
        return frozenset(arc for one in switches for arc in self._outward[one] if self.heads[arc] == node)

    def _arcs(self, reading: DeviceFacts, port: str) -> frozenset[int]:
        """Arcs out of a port, or out of the members of a bundle."""
        return self._topology.arcs_at(reading.name, port, self._topology.nodes[reading.name])


def _ports_known(reading: DeviceFacts) -> bool:
    """Return True where no port or address of the router is missing."""
    return not any(reading.partly(fact) or fact in reading.missing for fact in ("interface", "address"))


def _carrier(protocol: str) -> str | None:
    plain = protocol.casefold()
    return next((fact for name, fact in _PROTOCOLS.items() if name in plain), None)


class RoutesInForce:
    """Routes in force while `given` has failed, and the arcs closed by these.

    `routers_unread`: closes all arcs of the routers without a measured default route as well.
    """

    def __init__(self, forwarding: Forwarding, origins: frozenset[int], given: Cut, *, routers_unread: bool) -> None:
        self._forwarding, self._routers = forwarding, forwarding.to(origins)
        self._down = forwarding.dead | given
        self._level = {node: self._first(routes, given) for node, routes in self._routers.items()}
        self._touched: dict[int, set[int]] = defaultdict(set)
        self._beyond: dict[int, set[int]] = defaultdict(set)
        closed: set[int] = set()
        for node, routes in self._routers.items():
            if routes.state == "withdrawn" or (routers_unread and routes.state in ("none", "unread")):
                closed |= routes.out
            elif routes.levels:
                closed |= routes.closed(self._level[node])
                self._note(node, routes)
        self.closed = frozenset(closed)

    def _note(self, node: int, routes: RouterRoutes) -> None:
        level = self._level[node]
        for hop in routes.levels[level] if level is not None else ():
            for arc in hop.beyond:
                self._touched[arc].add(node)
                self._touched[arc ^ 1].add(node)
            for arc in hop.arcs:
                self._touched[arc].add(node)
                self._touched[arc ^ 1].add(node)
                self._beyond[self._forwarding.heads[arc]].add(node)
            if hop.node is not None:
                self._beyond[hop.node].add(node)

    def _first(self, routes: RouterRoutes, failure: Cut, start: int = 0) -> int | None:
        """First level in force; the level read as in force stays unless the failure concerns the level."""
        heads = self._forwarding.heads
        for place in range(start, len(routes.levels)):
            arcs = frozenset().union(*(hop.arcs | hop.beyond for hop in routes.levels[place]))
            believed = place == 0 and not any(arc in failure.arcs or arc ^ 1 in failure.arcs for arc in arcs)
            down = failure if believed else self._down | failure
            if any(hop.holds(down, heads) for hop in routes.levels[place]):
                return place
        return None

    def opened(self, failure: Cut) -> frozenset[int]:
        """Arcs in use after a failure only: arcs of the routes taking over."""
        nodes = set[int]().union(*(self._touched[arc] for arc in failure.arcs if arc in self._touched))
        nodes.update(*(self._beyond[node] for node in failure.nodes if node in self._beyond))
        found: set[int] = set()
        for node in nodes:
            routes, level = self._routers[node], self._level[node]
            now = self._first(routes, failure, level or 0)
            if now != level:
                found |= routes.closed(level) - routes.closed(now)
        return frozenset(found)
