"""Users served in the graph while something has failed, and their servers after a further failure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from eventready.network.graph.forwarding import Forwarding, RoutesInForce
from eventready.network.graph.graph import Cut, Reach
from eventready.network.graph.topology import Topology
from eventready.network.graph.users import Users

#: Routes in force to origins.
RoutesTo = Callable[[frozenset[int]], RoutesInForce]


class View:
    """Users served while `down` has failed.

    `routes`: routes in force to origins, which the ways of the users follow; None: any cable, as if all routes led
    everywhere. `placed`: without a way of devices whose place in the network was not read.
    """

    def __init__(
        self,
        topology: Topology,
        users: Sequence[Users],
        down: Cut,
        routes: RoutesTo | None = None,
        *,
        placed: bool = False,
    ) -> None:
        self._users, self._down, self._owner = users, down, topology.owner
        names = topology.afloat if placed else (*topology.afloat, *topology.unplaced)
        self._afloat = frozenset(topology.nodes[name] for name in names)
        self._graph = topology.graph
        sets = dict.fromkeys(origins for one in users for origins in one.origins)
        self._routes = {origins: routes(origins) for origins in sets} if routes else {}
        self._reach = {origins: (self._new(origins), self._new(origins, towards=True)) for origins in sets}
        self._of_node: dict[int, set[int]] = defaultdict(set)
        for number, one in enumerate(users):
            for node in (*one.attach, *(node for need in one.needs for node in need)):
                self._of_node[node].add(number)
                self._of_node[self._owner.get(node, node)].add(number)
        self._at = [self._server(number, Cut(), {}) for number in range(len(users))]
        self.served = frozenset(number for number, node in enumerate(self._at) if node is not None)

    def _new(self, origins: frozenset[int], *, towards: bool = False) -> Reach:
        """Nodes in reach of the origins, or with a way towards these."""
        down = self._down | Cut(arcs=self._routes[origins].closed) if towards and self._routes else self._down
        return Reach(self._graph, origins | self._afloat, down, backward=towards)

    def towards(self, origins: frozenset[int]) -> Reach:
        """Nodes with a way to the origins."""
        return self._reach[origins][1]

    def closed_after(self, failure: Cut, origins: frozenset[int]) -> frozenset[int]:
        """Arcs without traffic towards the origins after a failure."""
        routes = self._routes.get(origins)
        return self._down.arcs | (routes.closed - routes.opened(failure) if routes else frozenset())

    def server(self, number: int) -> int | None:
        """Serving node of the users now; None without service."""
        return self._at[number]

    def _server(self, number: int, failure: Cut, lost: Mapping[frozenset[int], set[int]]) -> int | None:
        """Serving node of the users; None without service."""
        one, failed = self._users[number], failure.nodes | self._down.nodes if self._down.nodes else failure.nodes
        if not all(any(self._lives(node, failed) for node in need) for need in one.needs):
            return None
        for node in one.attach:
            if not self._lives(node, failed):
                continue
            if all(
                node not in lost.get(origins, ()) and all(node in reach for reach in self._reach[origins])
                for origins in one.origins
            ):
                return node
            if node in one.stays:
                return None
        return None

    def _lives(self, node: int, failed: frozenset[int]) -> bool:
        return node not in failed and self._owner.get(node, node) not in failed

    def servers(self, failure: Cut) -> dict[int, tuple[int, int | None]]:
        """Serving nodes before and after a failure, by the number of the users touched."""
        opened = {origins: routes.opened(failure) - self._down.arcs for origins, routes in self._routes.items()}
        lost = {
            origins: there.lost(failure) | towards.lost(failure, opened.get(origins, frozenset()))
            for origins, (there, towards) in self._reach.items()
        }
        touched = set(failure.nodes).union(*lost.values())
        concerned = set().union(*(self._of_node[node] for node in touched if node in self._of_node))
        return {
            number: (before, self._server(number, failure, lost))
            for number in sorted(concerned) if (before := self._at[number]) is not None
        }  # fmt: skip

    def lost(self, failure: Cut) -> frozenset[int]:
        """Numbers of the users with their service lost by a failure."""
        return frozenset(number for number, (_before, after) in self.servers(failure).items() if after is None)


def routes_of(forwarding: Forwarding, given: Cut, *, proven: bool) -> RoutesTo:
    """Routes in force while `given` has failed; `proven`: without the routers of unmeasured routes."""
    return lambda origins: RoutesInForce(forwarding, origins, given, routers_unread=proven)
