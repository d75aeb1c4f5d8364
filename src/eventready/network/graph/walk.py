"""Ways of users from hop to hop, each hop with its witness, and the users resting on an element."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush
from typing import Literal, Protocol

from eventready.network.graph.forwarding import Forwarding, RouterState
from eventready.network.graph.graph import Cut, Reach
from eventready.network.graph.topology import Topology
from eventready.network.graph.users import Users
from eventready.network.graph.view import View

#: Proof of a hop: an adjacency, a BFD session or a port in service at the receiver; a declaration is none.
Witness = Literal["adjacency", "bfd", "port", "attached", "declared", "none"]


@dataclass(frozen=True)
class WayHop:
    """Hop of a way: ends as (device, port), a port may be empty; `witness` of this run."""

    near: tuple[str, str]
    far: tuple[str, str]
    witness: Witness

    @property
    def proven(self) -> bool:
        """True for a hop with a witness."""
        return self.witness not in {"declared", "none"}


@dataclass(frozen=True)
class ServiceWay:
    """Way of users to an origin. `devices`: in order, from the users on."""

    devices: tuple[str, ...]
    hops: tuple[WayHop, ...]

    @property
    def proven(self) -> bool:
        """True for a way with a witness of each hop."""
        return all(hop.proven for hop in self.hops)


@dataclass(frozen=True)
class UserWay:
    """First and second way of users out of the network, as measured; a way may be missing."""

    first: ServiceWay | None
    second: ServiceWay | None


class WalkedNetwork(Protocol):
    """Network with the views of its users, as `outcome.WhatIf`."""

    topology: Topology
    forwarding: Forwarding
    given: Cut

    @property
    def users(self) -> Sequence[Users]:
        """Users of all services."""

    @property
    def measured(self) -> View:
        """View with the ways known to carry traffic."""

    @property
    def promised(self) -> View:
        """View with everything expected or configured, as if all of this worked."""

    @property
    def takes_next(self) -> Mapping[int, tuple[str, ...]]:
        """Elements able to take the service although another way is promised, by number of the users."""


class Walks:
    """Ways of all users of a network."""

    def __init__(self, network: WalkedNetwork) -> None:
        self._network, self._topology = network, network.topology
        self._names = {node: name for name, node in network.topology.nodes.items()}
        self._parts = {node: name for name, node in network.topology.parts.items()}
        self._outof: list[list[int]] = [[] for _ in network.topology.graph.transit]
        for arc, tail in enumerate(network.topology.graph.tails):
            self._outof[tail].append(arc)
        self._known: dict[tuple[int, tuple[int, ...], frozenset[int]], list[tuple[int, ...]]] = {}

    # --- ways ----------------------------------------------------------------------------------------------------

    def of(self, number: int) -> UserWay:
        """Ways of users out of the network; to their first origins if none of these lead out."""
        users = self._network.users[number]
        ways = self._arcs(self._network.measured, number, users, self._outward(users)) if users.origins else []
        first, second = (*(self._way(arcs) for arcs in ways), None, None)[:2]
        return UserWay(first, second)

    def _outward(self, users: Users) -> frozenset[int]:
        return next((one for one in users.origins if one <= self._topology.outward), users.origins[0])

    def _arcs(self, view: View, number: int, users: Users, origins: frozenset[int]) -> list[tuple[int, ...]]:
        """First and second way to the origins, as arcs; they share no device and no cable."""
        server = view.server(number)
        key = id(view), (server if server is not None else -1, *users.attach), origins
        if key not in self._known:
            self._known[key] = list(self._search(view, server, users, origins))
        return self._known[key]

    def _search(
        self, view: View, server: int | None, users: Users, origins: frozenset[int]
    ) -> Iterator[tuple[int, ...]]:
        reach = view.towards(origins)
        start = server if server is not None and server in reach else None
        if start is None:
            return
        first = reach.way(start)
        dead = self._topology.dead.arcs
        if any(arc ^ 1 in dead for arc in first):  # a cable that carries one way only
            first = self._nearest(reach, origins, [start], lambda arc: arc ^ 1 in dead)[1] or first
        yield first
        others = [node for node in users.attach if node != start and node in reach and node not in users.stays]
        starts = [*others, start]
        second = self._beside(view, first, starts, origins, apart=True)
        if second := second or self._beside(view, first, starts, origins, apart=False):
            yield second

    def _beside(
        self, view: View, first: tuple[int, ...], starts: Sequence[int], origins: frozenset[int], *, apart: bool
    ) -> tuple[int, ...]:
        """Way around the devices of the first way (`apart`), or around its cables alone."""
        graph, owner = self._topology.graph, self._topology.owner
        on_way = {owner.get(node, node) for arc in first for node in (graph.tails[arc], graph.heads[arc])}
        outside = [
            arc for arc in first if arc in self._cables or (apart and owner.get(graph.tails[arc]) != graph.heads[arc])
        ]
        failure = self._topology.whole(Cut(arcs=frozenset(one for arc in outside for one in (arc, arc ^ 1))))
        barred = view.closed_after(failure, origins) | failure.arcs
        ends = on_way - {owner.get(node, node) for node in starts} - origins if apart else set[int]()
        reach = view.towards(origins)
        _start, way = self._nearest(
            reach, origins, starts, lambda arc: arc in barred or owner.get(graph.heads[arc], graph.heads[arc]) in ends
        )
        return way

    def _nearest(
        self, reach: Reach, origins: frozenset[int], starts: Iterable[int], barred: Callable[[int], bool]
    ) -> tuple[int | None, tuple[int, ...]]:
        """Start and arcs of a way to the origins without barred arcs, the nearest to the origins tried first."""
        graph = self._topology.graph
        waiting: list[tuple[int, int, int, tuple[int, ...]]] = []
        for node in starts:
            heappush(waiting, (len(reach.way(node)), node, node, ()))
        seen = set[int]()
        while waiting:
            _depth, node, start, way = heappop(waiting)
            if node in origins:
                return start, way
            if node in seen:
                continue
            seen.add(node)
            for arc in self._outof[node] if graph.transit[node] or not way else ():
                head = graph.heads[arc]
                if head not in seen and head in reach and not barred(arc):
                    heappush(waiting, (len(reach.way(head)), head, start, (*way, arc)))
        return None, ()

    def _way(self, arcs: Iterable[int]) -> ServiceWay:
        graph = self._topology.graph
        hops = tuple(map(self._hop, arcs))
        nodes = [self._names.get(graph.tails[arc]) or self._parts.get(graph.tails[arc], ("", ""))[0] for arc in arcs]
        last = [hop.far[0] for hop in hops[-1:]]
        return ServiceWay(tuple(dict.fromkeys(filter(None, (*nodes, *last)))), hops)

    def _hop(self, arc: int) -> WayHop:
        graph, cable = self._topology.graph, self._cables.get(arc)
        if cable is None:
            ends = [
                self._parts.get(node) or (self._names.get(node, ""), "")
                for node in (graph.tails[arc], graph.heads[arc])
            ]
            return WayHop(ends[0], ends[1], "attached")
        near, far = cable
        return WayHop(near, far, self._witness(arc, far))

    def _witness(self, arc: int, far: tuple[str, str]) -> Witness:
        states = self._topology.known.ports[far[0]]
        if arc in self._topology.unmeasured.arcs or arc ^ 1 in self._topology.dead.arcs:
            return "none"
        if states.adjacent(far[1]):
            return "adjacency"
        if states.watched(far[1]):
            return "bfd"
        return "port" if states.receives(far[1]) else "none"

    @cached_property
    def _cables(self) -> Mapping[int, tuple[tuple[str, str], tuple[str, str]]]:
        """Ends of the cables by arc, the near end first."""
        found = {}
        for cable in self._topology.cables:
            for arc in self._topology.elements[cable.name].failure.arcs:
                one = self._topology.graph.tails[arc] == self._topology.nodes[cable.one[0]]
                found[arc] = (cable.one, cable.other) if one else (cable.other, cable.one)
        return found

    # --- what is missing -----------------------------------------------------------------------------------------

    def missing(self, number: int) -> tuple[str, ...]:
        """Cables and devices of the promised way of users without traffic now, or without a witness.

        Users with one way left: of a way beside the element that takes them next. Names as in the elements.
        """
        users = self._network.users[number]
        promised = users.promised or users
        taken = self._network.takes_next.get(number, ())
        failure = self._topology.elements[taken[0]].failure if taken else Cut()
        found: dict[str, None] = {}
        for origins in promised.origins:
            start, way = self._promised_way(promised, origins, failure)
            found |= dict.fromkeys(self._without_traffic(way, origins))
            if not found and start is not None and taken and start not in users.attach[:1]:
                found[self.device(start)] = None
            if found:
                break
        return tuple(found)

    def _promised_way(self, users: Users, origins: frozenset[int], failure: Cut) -> tuple[int | None, tuple[int, ...]]:
        """Start and arcs of a promised way around a failure."""
        graph, owner = self._topology.graph, self._topology.owner
        reach = self._network.promised.towards(origins)

        def gone(node: int) -> bool:
            return bool({node, owner.get(node, node)} & failure.nodes)

        starts = [node for node in users.attach if node in reach and not gone(node)]
        return self._nearest(reach, origins, starts, lambda arc: arc in failure.arcs or gone(graph.heads[arc]))

    def _without_traffic(self, way: Iterable[int], origins: frozenset[int]) -> Iterator[str]:
        """Names of the cables without traffic or a witness, and of the routers without a route, of a way."""
        network, topology, graph = self._network, self._topology, self._topology.graph
        down = topology.dead | topology.unmeasured | network.given
        closed = network.measured.closed_after(Cut(), origins) - down.arcs
        routers = network.forwarding.to(origins)
        for arc in way:
            tail, head = graph.tails[arc], graph.heads[arc]
            if head in down.nodes:
                yield self.device(head)
            elif tail in down.nodes:
                yield self.device(tail)
            elif arc in down.arcs or arc ^ 1 in down.arcs:
                cable = self._cables.get(arc)
                yield " - ".join(sorted(" ".join(end) for end in cable)) if cable else " ".join(self._end(head, tail))
            elif arc in closed and tail in routers and routers[tail].state in {"none", "unread", "withdrawn"}:
                yield self.device(tail)

    def device(self, node: int) -> str:
        return self._names.get(self._topology.owner.get(node, node), "")

    def _end(self, *nodes: int) -> tuple[str, str]:
        return next((self._parts[node] for node in nodes if node in self._parts), (self.device(nodes[0]), ""))

    def unproven_origins(self, number: int) -> tuple[str, ...]:
        """Devices of the first origins within the network to which no proven way of users leads."""
        users = self._network.users[number]
        promised = users.promised or users
        for origins in promised.origins:
            reach = self._network.measured.towards(origins)
            if not origins <= self._topology.outward and not any(node in reach for node in users.attach):
                return tuple(dict.fromkeys(map(self.device, sorted(origins))))
        silent, owner = self._topology.unmeasured.nodes, self._topology.owner
        for need in promised.needs:
            if need and all(owner.get(node, node) in silent for node in need):
                return tuple(dict.fromkeys(map(self.device, need)))
        return ()

    def routers_of(self, number: int) -> Iterator[tuple[str, RouterState]]:
        """Routers of the first promised way out of users, with the state of their routes."""
        users = self._network.users[number]
        promised = users.promised or users
        routers = self._network.forwarding.routers
        for origins in promised.origins:
            if origins <= self._topology.outward:
                _start, way = self._promised_way(promised, origins, Cut())
                for arc in way:
                    if (tail := self._topology.graph.tails[arc]) in routers:
                        yield self.device(tail), routers[tail].state

    # --- bearing -------------------------------------------------------------------------------------------------

    def bearing(self, device: str, subject: str) -> tuple[Cut, frozenset[int]]:
        """Element of a finding, and the users with ways over the element.

        The element is the port, cell, access point or server of the subject, else the device.
        """
        users = self._named.get((device, subject.casefold()))
        if users is not None:
            return Cut(), users
        cut = self.element(device, subject)
        if cut is None:
            return Cut(), frozenset()
        on = self._resting
        found = (
            on.get(one, frozenset())
            for one in (*(("node", node) for node in cut.nodes), *(("arc", arc) for arc in cut.arcs))
        )
        return cut, frozenset[int]().union(*found)

    def element(self, device: str, subject: str) -> Cut | None:
        """Cut of a port with a cable named by the first word of a subject, else of the device; None if unknown."""
        topology = self._topology
        if device not in topology.nodes:
            return None
        arcs = topology.arcs_at(device, subject.partition(" ")[0]) if subject else frozenset[int]()
        return Cut(arcs=arcs) if arcs else Cut(frozenset({topology.nodes[device]}))

    @cached_property
    def _named(self) -> Mapping[tuple[str, str], frozenset[int]]:
        """Users by device and name of their cell or access point."""
        found: dict[tuple[str, str], set[int]] = defaultdict(set)
        for number, users in enumerate(self._network.users):
            if users.service in {"mobile", "wifi"}:
                for node in users.attach:
                    found[self._names[self._topology.owner.get(node, node)], users.name.casefold()].add(number)
        return {key: frozenset(numbers) for key, numbers in found.items()}

    @cached_property
    def _resting(self) -> Mapping[tuple[str, int], frozenset[int]]:
        """Users by the nodes and arcs of their ways, of those in use and of those promised."""
        found: dict[tuple[str, int], set[int]] = defaultdict(set)
        graph, owner = self._topology.graph, self._topology.owner
        for number, users in enumerate(self._network.users):
            promised = users.promised or users
            views = [(self._network.measured, users), (self._network.promised, promised)]
            ways = [
                way for view, one in views for origins in one.origins for way in self._arcs(view, number, one, origins)
            ]
            arcs = {same for way in ways for arc in way for same in (arc, arc ^ 1)}
            nodes = {node for arc in arcs for node in (graph.tails[arc], graph.heads[arc])}
            nodes |= {node for one in (users, promised) for node in one.attach}
            nodes |= {node for one in (users, promised) for need in one.needs for node in need}
            for node in {*nodes, *(owner.get(node, node) for node in nodes)}:
                found["node", node].add(number)
            for arc in arcs:
                found["arc", arc].add(number)
        return {key: frozenset(numbers) for key, numbers in found.items()}
