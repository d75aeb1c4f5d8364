"""Order in the tiers with few crossings: barycentres from tier to tier, and exchange of adjacent vertices.

Sources: Sugiyama, Tagawa, Toda 1981 (layers, barycentres); Gansner et al. 1993 (adjacent exchange, best of all sweeps).
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from eventready.network.map.tiers import Tiers

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
