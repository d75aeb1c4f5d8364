"""Tiers of a map as rows of vertices (boxes, and points where a line passes a tier), their order and their places."""

from __future__ import annotations

import itertools
import random
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


#: Sweeps over all tiers from a start, passes of adjacent exchange after each, and starts in mixed order.
_SWEEPS, _PASSES, _MIXED = 16, 8, 6
#: Sweeps with the vertices of a line within a row together, then as many with each by itself.
_APART = 6


def arrange(tiers: Tiers) -> None:
    """Order each row. The same tiers give the same order."""
    pairs = _joined(tiers), [(vertex,) for vertex in range(len(tiers.above))]
    best, order = tiers.crossings(), _copy(tiers.rows)
    mixed = random.Random(0)  # noqa: S311  the same starts in every map
    starts = [_copy(tiers.rows), _from_the_widest(tiers)]
    starts += [[mixed.sample(row, len(row)) for row in tiers.rows] for _ in range(_MIXED)]
    for start in starts:
        tiers.rows, idle = start, 0
        for sweep in range(_SWEEPS):
            _sweep(tiers, pairs[sweep // _APART % 2], downwards=sweep % 2 == 0, last_first=sweep % 4 > 1)
            _exchange(tiers)
            count = tiers.crossings()
            idle = 0 if count < best else idle + 1
            if count < best:
                best, order = count, _copy(tiers.rows)
            if not best or idle > _SWEEPS // 2:
                break
    tiers.rows = order


def _copy(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    return [list(row) for row in rows]


def _from_the_widest(tiers: Tiers) -> list[list[int]]:
    """Order of a breadth-first search from the longest row."""
    longest = max(tiers.rows, key=len, default=[])
    seen = dict.fromkeys(longest)
    queue = list(longest)
    for vertex in queue:
        for other in (*tiers.above[vertex], *tiers.below[vertex], *tiers.beside[vertex]):
            if other not in seen:
                seen[other] = None
                queue.append(other)
    rank = {vertex: at for at, vertex in enumerate(seen)}
    return [sorted(row, key=lambda vertex: rank.get(vertex, len(rank))) for row in tiers.rows]


def _joined(tiers: Tiers) -> list[tuple[int, ...]]:
    """Vertices joined by lines within their row, by vertex."""
    groups: dict[int, tuple[int, ...]] = {}
    for vertex in range(len(tiers.above)):
        if vertex not in groups:
            group = [vertex]
            for one in group:
                group += [other for other in tiers.beside[one] if other not in group]
            groups.update(dict.fromkeys(group, tuple(group)))
    return [groups[vertex] for vertex in range(len(tiers.above))]


def _sweep(tiers: Tiers, groups: Sequence[tuple[int, ...]], *, downwards: bool, last_first: bool) -> None:
    """Order each row by the mean place of the neighbours in the row before, of a vertex and its group.

    `last_first` decides between equals.
    """
    rows = range(len(tiers.rows)) if downwards else range(len(tiers.rows) - 1, -1, -1)
    near = tiers.above if downwards else tiers.below
    place = {vertex: at for row in tiers.rows for at, vertex in enumerate(row)}
    for number in rows:
        row = tiers.rows[number]
        wanted = {}
        for at, vertex in enumerate(row):
            places = [place[other] for other in near[vertex]] or [place[other] for other in tiers.beside[vertex]]
            wanted[vertex] = sum(places) / len(places) if places else float(at)
        means = {vertex: sum(wanted[one] for one in groups[vertex]) / len(groups[vertex]) for vertex in row}
        ordered = row[::-1] if last_first else row
        keys = {vertex: (means[vertex], groups[vertex][0], wanted[vertex]) for vertex in row if len(groups[vertex]) > 1}
        tiers.rows[number] = sorted(ordered, key=lambda vertex: keys.get(vertex) or (means[vertex],))
        place.update((vertex, at) for at, vertex in enumerate(tiers.rows[number]))


def _exchange(tiers: Tiers) -> None:
    """Exchange neighbours in a row while this removes crossings."""
    place = {vertex: at for row in tiers.rows for at, vertex in enumerate(row)}
    for _ in range(_PASSES):
        gained = 0
        for row in tiers.rows:
            arcs = any(tiers.beside[vertex] for vertex in row)
            for at in range(len(row) - 1):
                one, other = row[at], row[at + 1]
                gain = _gain(tiers.above, place, one, other) + _gain(tiers.below, place, one, other)
                if arcs:
                    before = tiers.covered(row)
                    row[at], row[at + 1] = other, one
                    gain += before - tiers.covered(row)
                    row[at], row[at + 1] = one, other
                if gain > 0:
                    gained += gain
                    row[at], row[at + 1] = other, one
                    place[one], place[other] = at + 1, at
        if not gained:
            return


def _gain(near: Sequence[Sequence[int]], place: dict[int, int], one: int, other: int) -> int:
    """Crossings removed by the exchange of two neighbours, on a side of the row."""
    first, second = sorted(place[end] for end in near[one]), sorted(place[end] for end in near[other])
    return _inversions(first, second) - _inversions(second, first)


def _inversions(left: Sequence[int], right: Sequence[int]) -> int:
    """Pairs of ends with the left end beyond the right end; both sorted."""
    count = at = 0
    for end in left:
        while at < len(right) and right[at] < end:
            at += 1
        count += at
    return count


#: Gap between two boxes, and beside a passing line.
GAP, PASS = 16.0, 9.0

#: Weight of a line's point beside a box: long lines are straight before boxes are centred.
_STRAIGHT = 6.0
_PLACING_SWEEPS = 10


def place(tiers: Tiers) -> list[float]:
    """Return the centre of each vertex; the leftmost edge is at 0."""
    centres = [0.0] * len(tiers.above)
    for row in tiers.rows:
        _set(centres, row, _offsets(tiers, row))
    for sweep in range(_PLACING_SWEEPS):
        downwards = sweep % 2 == 0
        near = tiers.above if downwards else tiers.below
        for row in tiers.rows if downwards else reversed(tiers.rows):
            sides = [near] if sweep < _PLACING_SWEEPS - 2 else [tiers.above, tiers.below]
            wanted = [_wanted(centres, vertex, sides) for vertex in row]
            weights = [1.0 if tiers.is_box(vertex) else _STRAIGHT for vertex in row]
            offsets = _offsets(tiers, row)
            free = [want - offset for want, offset in zip(wanted, offsets, strict=True)]
            _set(centres, row, [x + offset for x, offset in zip(_rising(free, weights), offsets, strict=True)])
    middle = _middle(centres, [row for row in tiers.rows if _linked(tiers, row)])
    for row in tiers.rows:
        if not _linked(tiers, row):
            shift = middle - _middle(centres, [row])
            _set(centres, row, [centres[vertex] + shift for vertex in row])
    left = min((centres[vertex] - tiers.width(vertex) / 2 for row in tiers.rows for vertex in row), default=0.0)
    return [centre - left for centre in centres]


def _linked(tiers: Tiers, row: Sequence[int]) -> bool:
    return any(tiers.above[vertex] or tiers.below[vertex] for vertex in row)


def _middle(centres: Sequence[float], rows: Sequence[Sequence[int]]) -> float:
    """Return the middle of rows; 0 without any."""
    places = [centres[vertex] for row in rows for vertex in row]
    return (min(places) + max(places)) / 2 if places else 0.0


def _set(centres: list[float], row: Sequence[int], places: Sequence[float]) -> None:
    for vertex, x in zip(row, places, strict=True):
        centres[vertex] = x


def _offsets(tiers: Tiers, row: Sequence[int]) -> list[float]:
    """Smallest centres of a row from 0."""
    offsets = [0.0] if row else []
    for one, other in itertools.pairwise(row):
        gap = GAP if tiers.is_box(one) and tiers.is_box(other) else PASS
        offsets.append(offsets[-1] + (tiers.width(one) + tiers.width(other)) / 2 + gap)
    return offsets


def _wanted(centres: Sequence[float], vertex: int, sides: Sequence[Sequence[Sequence[int]]]) -> float:
    """Mean place of the neighbours of a vertex; without any, its own."""
    ends = [other for near in sides for other in near[vertex]]
    if not ends:
        return centres[vertex]
    return sum(centres[other] for other in ends) / len(ends)


def _rising(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Nearest rising values, by least squares with weights."""
    pools: list[list[float]] = []  # mean, weight, count
    for value, weight in zip(values, weights, strict=True):
        pools.append([value, weight, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, heavy, count = pools.pop()
            pool = pools[-1]
            pool[0] = (pool[0] * pool[1] + mean * heavy) / (pool[1] + heavy)
            pool[1] += heavy
            pool[2] += count
    return [mean for mean, _weight, count in pools for _ in range(int(count))]
