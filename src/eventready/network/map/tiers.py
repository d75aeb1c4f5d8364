"""Tiers of a map as rows of vertices: boxes, and points where a line passes a tier."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise


@dataclass(frozen=True)
class MapNode:
    """Box of a map: its tier from the top, from 0, its size, and its site for folding."""

    name: str
    tier: int
    width: float
    height: float
    site: str = ""


#: Line between two boxes, by name.
Pair = tuple[str, str]


@dataclass
class Tiers:
    """Rows of vertices by number, with neighbours above, below and in the row.

    The first vertices are the boxes, in their order; the others are the points of `chains`, the vertices of each line
    from the upper to the lower box.
    """

    nodes: Sequence[MapNode]
    rows: list[list[int]] = field(default_factory=list)
    above: list[list[int]] = field(default_factory=list)
    below: list[list[int]] = field(default_factory=list)
    beside: list[list[int]] = field(default_factory=list)
    chains: dict[Pair, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, nodes: Sequence[MapNode], pairs: Iterable[Pair]) -> Tiers:
        """Rows in the order of the nodes. Raises ValueError for a name without a node and for a line to itself."""
        tiers = cls(nodes)
        numbers = {node.name: number for number, node in enumerate(nodes)}
        levels = sorted({node.tier for node in nodes})
        row_of = {tier: row for row, tier in enumerate(levels)}
        tiers.rows = [[] for _ in levels]
        for node in nodes:
            tiers._add(row_of[node.tier])
        for pair in dict.fromkeys(pairs):
            if pair[0] == pair[1] or not numbers.keys() >= set(pair):
                raise ValueError(f"no line of a map: {pair}")
            upper, lower = sorted(pair, key=lambda name: (nodes[numbers[name]].tier, numbers[name]))
            rows = row_of[nodes[numbers[upper]].tier], row_of[nodes[numbers[lower]].tier]
            chain = [numbers[upper], *(tiers._add(row) for row in range(rows[0] + 1, rows[1])), numbers[lower]]
            tiers.chains[pair] = chain if upper == pair[0] else chain[::-1]
            if rows[0] == rows[1]:
                tiers._join(tiers.beside, chain)
                continue
            for one, other in pairwise(chain):
                tiers.below[one].append(other)
                tiers.above[other].append(one)
        return tiers

    def _add(self, row: int) -> int:
        number = len(self.above)
        self.rows[row].append(number)
        for lists in (self.above, self.below, self.beside):
            lists.append([])
        return number

    @staticmethod
    def _join(lists: list[list[int]], chain: Sequence[int]) -> None:
        lists[chain[0]].append(chain[-1])
        lists[chain[-1]].append(chain[0])

    def is_box(self, vertex: int) -> bool:
        """True for a box, False for a point of a line."""
        return vertex < len(self.nodes)

    def width(self, vertex: int) -> float:
        """Width of a vertex; a point has none."""
        return self.nodes[vertex].width if self.is_box(vertex) else 0.0

    def crossings(self) -> int:
        """Crossings of all lines in the order of the rows."""
        between = sum(self._between(upper, lower) for upper, lower in zip(self.rows, self.rows[1:], strict=False))
        return between + sum(map(self.covered, self.rows))

    def _between(self, upper: Sequence[int], lower: Sequence[int]) -> int:
        """Crossings of the lines between two rows."""
        place = {vertex: at for at, vertex in enumerate(lower)}
        passed: list[int] = []
        count = 0
        for vertex in upper:
            ends = sorted(place[other] for other in self.below[vertex])
            count += sum(len(passed) - bisect_left(passed, end + 1) for end in ends)
            for end in ends:
                insort(passed, end)
        return count

    def covered(self, row: Sequence[int]) -> int:
        """Lines under the arcs between two vertices of a row; an arc is on the side with fewer."""
        place = {vertex: at for at, vertex in enumerate(row)}
        arcs = [
            (at, place[other]) for at, vertex in enumerate(row) for other in self.beside[vertex] if place[other] > at
        ]
        if not arcs:
            return 0
        ups = list(accumulate((len(self.above[vertex]) for vertex in row), initial=0))
        downs = list(accumulate((len(self.below[vertex]) for vertex in row), initial=0))
        return sum(min(ups[end] - ups[start + 1], downs[end] - downs[start + 1]) for start, end in arcs)
