"""Directed graph over integers, and the nodes cut off from its sources by a failure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

_NONE = -1


@dataclass
class Graph:
    """Nodes and arcs by number. Traffic passes through the nodes of `transit` only; others are ends."""

    transit: list[bool] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    tails: list[int] = field(default_factory=list)

    def node(self, *, transit: bool = False) -> int:
        """Add a node."""
        self.transit.append(transit)
        return len(self.transit) - 1

    def arc(self, tail: int, head: int) -> int:
        """Add an arc from `tail` to `head`."""
        self.tails.append(tail)
        self.heads.append(head)
        return len(self.heads) - 1


@dataclass(frozen=True)
class Cut:
    """Failed nodes and arcs."""

    nodes: frozenset[int] = frozenset()
    arcs: frozenset[int] = frozenset()

    def __or__(self, other: Cut) -> Cut:
        """Both failures at once."""
        return Cut(self.nodes | other.nodes, self.arcs | other.arcs)


def together(failures: Iterable[Cut]) -> Cut:
    """All failures at once."""
    found = list(failures)
    return Cut(frozenset().union(*(one.nodes for one in found)), frozenset().union(*(one.arcs for one in found)))


class Reach:
    """Nodes in reach of the sources while `down` has failed, by a tree of shortest ways.

    A failure costs a search of the branches below it alone. `backward`: nodes with a way to a source.
    """

    def __init__(
        self, graph: Graph, sources: Collection[int], down: Cut | None = None, *, backward: bool = False
    ) -> None:
        down = down or Cut()
        self._graph, self._down = graph, down
        self._sources = frozenset(sources) - down.nodes
        self._ends = graph.tails if backward else graph.heads
        self._starts = graph.heads if backward else graph.tails
        self._into, outof = _index(self._ends, len(graph.transit)), _index(self._starts, len(graph.transit))
        self.parent = [_NONE] * len(graph.transit)
        self._children: list[list[int]] = [[] for _ in graph.transit]
        self._reached = bytearray(len(graph.transit))
        self._outof = outof
        order = list(self._sources)
        for node in order:
            self._reached[node] = 1
        for node in order:  # grows while it is read
            for arc, end in self._onward(node, down):
                if not self._reached[end]:
                    self._reached[end] = 1
                    self.parent[end] = arc
                    self._children[node].append(end)
                    order.append(end)

    def __contains__(self, node: int) -> bool:
        return bool(self._reached[node])

    def way(self, node: int) -> tuple[int, ...]:
        """Arcs of the tree between a node in reach and its source, from the node on."""
        found = []
        while (arc := self.parent[node]) != _NONE:
            found.append(arc)
            node = self._starts[arc]
        return tuple(found)

    def _onward(self, node: int, down: Cut) -> Iterator[tuple[int, int]]:
        if self._graph.transit[node] or node in self._sources:
            for arc in self._outof[node]:
                end = self._ends[arc]
                if arc not in down.arcs and end not in down.nodes:
                    yield arc, end

    def lost(self, failure: Cut, opened: frozenset[int] = frozenset()) -> set[int]:
        """Nodes out of reach by the failure, failed ones included. `opened`: arcs in use after the failure alone."""
        below = self._below(failure)
        if not below:
            return below
        down = self._down | failure if self._down.nodes or self._down.arcs else failure
        if opened:
            down = Cut(down.nodes, down.arcs - (opened - failure.arcs))
        waiting = [node for node in below if node not in down.nodes and self._enters(node, below, down)]
        below.difference_update(waiting)
        for node in waiting:  # grows while it is read
            for _arc, end in self._onward(node, down):
                if end in below:
                    below.discard(end)
                    waiting.append(end)
        return below

    def _below(self, failure: Cut) -> set[int]:
        """Nodes of the tree at and below the failed ones."""
        ends = (self._ends[arc] for arc in failure.arcs)
        roots = [node for node in failure.nodes if self._reached[node]]
        roots += [end for arc, end in zip(failure.arcs, ends, strict=True) if self.parent[end] == arc]
        below = set(roots)
        for node in roots:  # grows while it is read
            for child in self._children[node]:
                if child not in below:
                    below.add(child)
                    roots.append(child)
        return below

    def _enters(self, node: int, below: set[int], down: Cut) -> bool:
        """True for a node with a way in from outside `below`, or a source of its own."""
        if node in self._sources:
            return True
        for arc in self._into[node]:
            start = self._starts[arc]
            if arc in down.arcs or start in below or not self._reached[start]:
                continue
            if self._graph.transit[start] or start in self._sources:
                return True
        return False


def _index(ends: Sequence[int], nodes: int) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in range(nodes)]
    for arc, end in enumerate(ends):
        found[end].append(arc)
    return found
