"""Maps: no overlaps, the same drawing every time, and hardly more crossings than Graphviz."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eventready.network.map.layout import Box, MapLayout, Point, folded, lay_out
from eventready.network.map.tiers import MapNode, Pair
from tests.network.map.graphs import box, crossings, networks, tiered

#: Crossings of the same networks drawn by Graphviz' `dot` 2.43 with `rank=same` per tier, counted in its splines.
DOT = {
    "province": 8, "rings": 0, "one ring": 0, "dual homed": 34, "two skips": 0, "tree": 0, "mesh": 122, "wide": 780,
    "deep": 72, "skips": 11,
}  # fmt: skip


def sound(nodes: tuple[MapNode, ...], layout: MapLayout) -> None:
    """Boxes apart from each other, below those of the tier above, and no line through a box or outside."""
    boxes = layout.boxes
    assert set(boxes) == {node.name for node in nodes}
    for one, other in combinations(boxes.values(), 2):
        assert _apart(one, other)
    tier = {node.name: node.tier for node in nodes}
    for upper, lower in combinations(nodes, 2):
        if upper.tier < lower.tier:
            assert boxes[upper.name].y + boxes[upper.name].height < boxes[lower.name].y
    for pair, points in layout.lines.items():
        assert _touches(boxes[pair[0]], points[0])
        assert _touches(boxes[pair[1]], points[-1])
        for x, y in points:
            assert -1e-6 <= x <= layout.width + 1e-6
            assert -1e-6 <= y <= layout.height + 1e-6
        inside = [name for name in boxes if _passes(points, boxes[name])]
        assert not inside, (pair, inside, tier)


def _apart(one: Box, other: Box) -> bool:
    beside = one.x + one.width < other.x + 1e-6 or other.x + other.width < one.x + 1e-6
    return beside or one.y + one.height < other.y or other.y + other.height < one.y


def _touches(place: Box, point: Point) -> bool:
    return (
        place.x - 1e-6 <= point[0] <= place.x + place.width + 1e-6
        and place.y - 1e-6 <= point[1] <= place.y + place.height + 1e-6
    )


def _passes(points: tuple[Point, ...], place: Box) -> bool:
    """True for a point of a line strictly inside the box."""
    for (ax, ay), (bx, by) in pairwise(points):
        for step in range(21):
            x, y = ax + (bx - ax) * step / 20, ay + (by - ay) * step / 20
            if place.x + 0.01 < x < place.x + place.width - 0.01 and place.y + 0.01 < y < place.y + place.height - 0.01:
                return True
    return False


@pytest.mark.parametrize("name", DOT)
def test_a_map_has_no_overlap(name: str) -> None:
    nodes, lines = networks()[name]
    layout = lay_out(nodes, lines)
    sound(nodes, layout)
    assert layout == lay_out(nodes, lines)


def test_crossings_are_hardly_more_than_those_of_graphviz() -> None:
    ratios = [
        (crossings(lay_out(nodes, lines).lines) + 1) / (DOT[name] + 1) for name, (nodes, lines) in networks().items()
    ]
    assert sum(ratios) / len(ratios) <= 1.15, ratios


@st.composite
def any_network(draw: st.DrawFn) -> tuple[tuple[MapNode, ...], tuple[Pair, ...]]:
    tiers = draw(st.lists(st.integers(0, 3), min_size=1, max_size=14))
    wide = draw(st.lists(st.floats(20, 200), min_size=len(tiers), max_size=len(tiers)))
    nodes = tuple(
        MapNode(f"n{number}", tier, width, 20 + number % 3 * 12)
        for number, (tier, width) in enumerate(zip(tiers, wide, strict=True))
    )
    names = st.sampled_from([node.name for node in nodes])
    pairs = draw(st.lists(st.tuples(names, names).filter(lambda pair: pair[0] < pair[1]), max_size=20, unique=True))
    return nodes, tuple(pairs)


#: The line from a short box in the middle of a row of taller ones leaves towards the side.
AMONG_TALLER = (
    tuple(MapNode(f"n{number}", int(number == 2), 20, 20 + number % 3 * 12) for number in range(7)),
    (("n0", "n2"), ("n2", "n6")),
)


@given(any_network())
@example(AMONG_TALLER)
def test_any_map_is_sound(network: tuple[tuple[MapNode, ...], tuple[Pair, ...]]) -> None:
    sound(network[0], lay_out(*network))


@pytest.mark.parametrize("pair", [("a", "a"), ("a", "b")])
def test_a_line_needs_two_nodes(pair: Pair) -> None:
    with pytest.raises(ValueError, match="no line of a map"):
        lay_out([box("a", 0)], [pair])


def test_a_large_network_is_folded_by_site_and_tier() -> None:
    nodes, lines = tiered(9, (2, 8, 500), 2)
    kept, kept_lines, within = folded(nodes, lines, 400)
    assert len(kept) < 400
    assert sorted(name for names in within.values() for name in names) == sorted(node.name for node in nodes)
    of_box = {name: first for first, names in within.items() for name in names}
    assert set(map(frozenset, kept_lines)) == {
        frozenset((of_box[one], of_box[other])) for one, other in lines if of_box[one] != of_box[other]
    }
    assert len(set(map(frozenset, kept_lines))) == len(kept_lines)
    assert folded(nodes, lines, 1000) == (nodes, lines, {})
