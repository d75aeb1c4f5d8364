"""Ten fixed networks in tiers, and the crossings of a drawing."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise

from eventready.network.map.layout import Point
from eventready.network.map.tiers import MapNode, Pair

Network = tuple[tuple[MapNode, ...], tuple[Pair, ...]]


def box(name: str, tier: int) -> MapNode:
    return MapNode(name, tier, 60.0, 24.0, name[:2])


def province() -> Network:
    """Two upstreams, a pair of cores, aggregation, venues with two edges each, controllers and sites."""
    names = [("up-1", 0), ("up-2", 0), ("core-1", 1), ("core-2", 1), ("agg-1", 2), ("agg-2", 2)]
    lines = [("up-1", "core-1"), ("up-2", "core-2"), ("core-1", "core-2"), ("agg-1", "agg-2")]
    lines += [(core, agg) for core in ("core-1", "core-2") for agg in ("agg-1", "agg-2")]
    for venue in ("hn", "vh", "dt"):
        for number in "12":
            edge = f"edge-{venue}-{number}"
            names.append((edge, 3))
            lines += [(f"agg-{number}", edge), (edge, f"ap-{venue}-{number}"), (edge, f"ap-{venue}-3")]
        names += [(f"ap-{venue}-{number}", 4) for number in "123"]
        lines.append((f"edge-{venue}-1", f"edge-{venue}-2"))
    names += [("bsc-1", 2), ("bsc-2", 2), ("wlc-1", 2), ("svc-1", 3)]
    lines += [("core-1", "bsc-1"), ("core-2", "bsc-2"), ("core-1", "wlc-1"), ("core-2", "wlc-1"), ("core-1", "svc-1")]
    return tuple(box(*one) for one in names), tuple(lines)


def rings(count: int, length: int) -> Network:
    """Access rings, each closed over two aggregation routers."""
    nodes, lines = [box("core", 0)], []
    for ring in range(count):
        pair = f"agg-{ring}-1", f"agg-{ring}-2"
        nodes += [box(name, 1) for name in pair]
        lines += [("core", pair[0]), ("core", pair[1]), pair]
        chain = [f"acc-{ring}-{number}" for number in range(length)]
        nodes += [box(name, 2) for name in chain]
        lines += [(pair[0], chain[0]), *pairwise(chain), (chain[-1], pair[1])]
    return tuple(nodes), tuple(lines)


def tiered(seed: int, sizes: Sequence[int], homes: int, *, skips: int = 0) -> Network:
    """Each node has up to `homes` lines to the tier above; `skips` lines pass a tier."""
    drawn = random.Random(seed)
    rows = [[f"n{tier}-{number}" for number in range(size)] for tier, size in enumerate(sizes)]
    lines = [
        (upper, name)
        for above, row in pairwise(rows)
        for name in row
        for upper in drawn.sample(above, min(homes, len(above)))
    ]
    for _ in range(skips):
        tier = drawn.randrange(len(rows) - 2)
        lines.append((drawn.choice(rows[tier]), drawn.choice(rows[tier + 2])))
    return tuple(box(name, tier) for tier, row in enumerate(rows) for name in row), tuple(dict.fromkeys(lines))


def networks() -> Mapping[str, Network]:
    return {
        "province": province(),
        "rings": rings(3, 4),
        "one ring": rings(1, 7),
        "dual homed": tiered(1, (2, 4, 12), 2),
        "two skips": tiered(2, (2, 4, 8, 12), 1, skips=4),
        "tree": tiered(3, (1, 4, 16, 40), 1),
        "mesh": tiered(4, (3, 6, 10), 3),
        "wide": tiered(5, (2, 8, 50), 2),
        "deep": tiered(6, (2, 4, 6, 8, 8, 10), 2),
        "skips": tiered(7, (2, 6, 12, 20), 1, skips=10),
    }


def crossings(lines: Mapping[Pair, Sequence[Point]]) -> int:
    """Pairs of lines without a common end that cross."""
    return sum(not set(one) & set(other) and _cross(lines[one], lines[other]) for one, other in combinations(lines, 2))


def _cross(one: Sequence[Point], other: Sequence[Point]) -> bool:
    return any(_segments_cross(a, b, c, d) for a, b in pairwise(one) for c, d in pairwise(other))


def _segments_cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
