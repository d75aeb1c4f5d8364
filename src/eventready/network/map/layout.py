"""MapLayout of a map: boxes and lines in coordinates, from the top left corner; deterministic, without overlaps.

Lengths are user units of the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

from eventready.core.groups import group_by
from eventready.network.map.tiers import GAP, MapNode, Pair, Tiers, arrange, place

#: Boxes of a map; of a larger network the devices of a site and tier share a box.
MOST_BOXES = 400

#: Distance of two tiers, and of two arcs over each other.
_GAP, _ARC = 44.0, 7.0

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """Rectangle of a node: left and upper edge, width, height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class MapLayout:
    """Boxes by name, corners of the lines by their ends, and the size of the whole."""

    boxes: Mapping[str, Box]
    lines: Mapping[Pair, tuple[Point, ...]]
    width: float
    height: float


def folded(
    nodes: Sequence[MapNode], pairs: Iterable[Pair], most: int = MOST_BOXES, widest: float = inf
) -> tuple[tuple[MapNode, ...], tuple[Pair, ...], Mapping[str, tuple[str, ...]]]:
    """Fold the nodes of a site and tier beyond `most` nodes, and in tiers beyond `widest`; there the sites, if need be.

    Return nodes, lines between different nodes, and all names by the first of their box.
    """
    keys: list[Callable[[MapNode], str]] = [lambda node: node.name, lambda node: node.site or node.name, lambda _: ""]
    groups: list[list[MapNode]] = []
    for row in group_by(nodes, lambda node: node.tier).values():
        for key in keys[len(nodes) > most :]:
            parts = list(group_by(row, key).values())
            if sum(max(node.width for node in part) + GAP for part in parts) <= widest:
                break
        groups += parts
    if len(groups) == len(nodes):
        return tuple(nodes), tuple(pairs), {}
    name_of = {node.name: group[0].name for group in groups for node in group}
    kept = tuple(replace(group[0], width=max(node.width for node in group)) for group in groups)
    ends = (sorted((name_of[one], name_of[other])) for one, other in pairs)
    lines = dict.fromkeys((one, other) for one, other in ends if one != other)
    return kept, tuple(lines), {group[0].name: tuple(node.name for node in group) for group in groups}


def lay_out(nodes: Sequence[MapNode], pairs: Iterable[Pair]) -> MapLayout:
    """Return the layout of nodes in their tiers. Raises ValueError for a line without two nodes."""
    tiers = Tiers.of(nodes, pairs)
    arrange(tiers)
    centres = place(tiers)
    arcs = _arcs(tiers)
    tops, bottoms = _bands(tiers, arcs)
    row_of = {vertex: number for number, row in enumerate(tiers.rows) for vertex in row}
    boxes = {
        node.name: Box(centres[at] - node.width / 2, tops[row_of[at]], node.width, node.height)
        for at, node in enumerate(nodes)
    }
    lines: dict[Pair, tuple[Point, ...]] = {}
    for pair, chain in tiers.chains.items():
        if pair in arcs:
            lines[pair] = _arc(boxes[pair[0]], boxes[pair[1]], arcs[pair], bottoms[arcs[pair].row])
            continue
        downwards = row_of[chain[0]] < row_of[chain[-1]]
        first, *passed, last = chain if downwards else chain[::-1]
        points = [(centres[first], tops[row_of[first]] + nodes[first].height)]
        for vertex in (first, *passed):  # past the taller boxes of its row, a line is vertical
            row = row_of[vertex]
            points += [(centres[vertex], tops[row])] if vertex != first else []
            points.append((centres[vertex], bottoms[row]))
        points.append((centres[last], tops[row_of[last]]))
        lines[pair] = tuple(points if downwards else points[::-1])
    width = max((box.x + box.width for box in boxes.values()), default=0.0)
    rightmost = max((x for line in lines.values() for x, _ in line), default=0.0)
    return MapLayout(boxes, lines, max(width, rightmost), (bottoms[-1] if bottoms else 0.0) + _below(arcs, tiers, -1))


@dataclass(frozen=True)
class _Arc:
    """Place of a line within a row: 0 between neighbours, else the height over (positive) or under the row."""

    row: int
    level: int


def _arcs(tiers: Tiers) -> dict[Pair, _Arc]:
    """Lines within a row; those over others are higher."""
    found: dict[Pair, _Arc] = {}
    row_of = {vertex: number for number, row in enumerate(tiers.rows) for vertex in row}
    place_of = {vertex: at for row in tiers.rows for at, vertex in enumerate(row)}
    spans: dict[tuple[int, bool], list[tuple[int, int]]] = {}
    within = [
        (abs(place_of[chain[0]] - place_of[chain[-1]]), pair)
        for pair, chain in tiers.chains.items()
        if row_of[chain[0]] == row_of[chain[-1]]
    ]
    for length, pair in sorted(within):
        chain = tiers.chains[pair]
        number = row_of[chain[0]]
        start, end = sorted((place_of[chain[0]], place_of[chain[-1]]))
        if length == 1:
            found[pair] = _Arc(number, 0)
            continue
        inside = tiers.rows[number][start + 1 : end]
        over = sum(len(tiers.above[vertex]) for vertex in inside) <= sum(len(tiers.below[vertex]) for vertex in inside)
        taken = spans.setdefault((number, over), [])
        taken.append((start, end))
        level = sum(1 for other in taken if other[0] < end and start < other[1])
        found[pair] = _Arc(number, level if over else -level)
    return found


def _bands(tiers: Tiers, arcs: Mapping[Pair, _Arc]) -> tuple[list[float], list[float]]:
    """Upper and lower edge of each row."""
    tops, bottoms = [], []
    y = 0.0
    for number, row in enumerate(tiers.rows):
        y += _ARC * max((arc.level for arc in arcs.values() if arc.row == number), default=0)
        tops.append(y)
        y += max((tiers.nodes[vertex].height for vertex in row if tiers.is_box(vertex)), default=0.0)
        bottoms.append(y)
        y += _GAP + _below(arcs, tiers, number)
    return tops, bottoms


def _below(arcs: Mapping[Pair, _Arc], tiers: Tiers, number: int) -> float:
    """Height of the arcs under a row; -1 is the last row."""
    row = number % len(tiers.rows) if tiers.rows else 0
    return _ARC * max((-arc.level for arc in arcs.values() if arc.row == row), default=0)


def _arc(one: Box, other: Box, arc: _Arc, bottom: float) -> tuple[Point, ...]:
    """Corners of a line within a row; `bottom`: lower edge of its tallest box."""
    if not arc.level:
        left, right = sorted((one, other), key=lambda box: box.x)
        y = left.y + min(left.height, right.height) / 2
        points: tuple[Point, ...] = ((left.x + left.width, y), (right.x, y))
        return points if left is one else points[::-1]
    ends = []
    for box in (one, other):
        edge = box.y if arc.level > 0 else box.y + box.height
        shift = box.width / 4 * (1 if (other if box is one else one).x > box.x else -1)
        ends.append((box.x + box.width / 2 + shift, edge))
    y = (one.y if arc.level > 0 else bottom) - _ARC * arc.level
    return ends[0], (ends[0][0], y), (ends[1][0], y), ends[1]
