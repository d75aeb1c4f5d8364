"""Horizontal places of the vertices of ordered tiers: near their neighbours, with a gap between boxes.

Each row is the least sum of squared distances to the wanted places under the minimum distances, an isotonic regression
(pool adjacent violators; Barlow et al. 1972).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from eventready.network.map.tiers import Tiers

#: Gap between two boxes, and beside a passing line.
GAP, PASS = 16.0, 9.0

#: Weight of a line's point beside a box: long lines are straight before boxes are centred.
_STRAIGHT = 6.0
_SWEEPS = 10


def place(tiers: Tiers) -> list[float]:
    """Return the centre of each vertex; the leftmost edge is at 0."""
    centres = [0.0] * len(tiers.above)
    for row in tiers.rows:
        _set(centres, row, _offsets(tiers, row))
    for sweep in range(_SWEEPS):
        downwards = sweep % 2 == 0
        near = tiers.above if downwards else tiers.below
        for row in tiers.rows if downwards else reversed(tiers.rows):
            sides = [near] if sweep < _SWEEPS - 2 else [tiers.above, tiers.below]
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
