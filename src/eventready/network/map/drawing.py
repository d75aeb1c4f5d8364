"""Map of the network as a figure: boxes with names and states, lines by state; legible in a photocopy.

Lengths are user units of the picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

from eventready.drawing.svg import COLOURS, Figure, drawing, label, rectangle, width
from eventready.network.map.layout import Box, MapLayout, Point
from eventready.network.map.tiers import MapNode, Pair

LineState = Literal["carrying", "lost", "not_measured"]

#: Size of the letters in user units, margin of a box with its stripe, distance of lines, margin of the map.
_SIZE, _INSIDE, _STRIPE, _LINE, _MARGIN = 11.0, 6.0, 5.0, 13.5, 8.0
_POINT = 25.4 / 72

#: Height of the legend, and the least width of a map: a page stretches a narrower one.
_LEGEND, _LEAST = 22.0, 600.0

#: Room on paper in mm, wide and high.
PORTRAIT, LANDSCAPE = (165.0, 190.0), (245.0, 100.0)

_STROKES: Mapping[LineState, str] = {
    "carrying": 'stroke="#222" stroke-width="1.2"',
    "lost": 'stroke="#9b1c1c" stroke-width="1.6" stroke-dasharray="2 4"',
    "not_measured": 'stroke="#8a8a8a" stroke-width="1.2" stroke-dasharray="7 4"',
}


@dataclass(frozen=True)
class MapBox:
    """Device on the map: lines of text, the name first; status; `single` for a single point of failure.

    `marked`: on grey ground, for a device of a change. `href`: address of its page.
    """

    name: str
    tier: int
    lines: tuple[str, ...]
    status: str = ""
    single: bool = False
    site: str = ""
    marked: bool = False
    href: str = ""

    def node(self) -> MapNode:
        """Return the box in the size of its text."""
        widest = max(text_width(text, bold=not number) for number, text in enumerate(self.lines))
        return MapNode(
            self.name, self.tier, widest + 2 * _INSIDE + _STRIPE, _LINE * len(self.lines) + _INSIDE, self.site
        )


@dataclass(frozen=True)
class MapWords:
    """Words of the legend: statuses, single points, states of lines."""

    statuses: Mapping[str, str]
    single: str
    lines: Mapping[LineState, str]


def text_width(text: str, *, bold: bool = False) -> float:
    """Width of a text in a box, in user units."""
    return width(text, _SIZE, bold=bold) / _POINT


def network_map(
    boxes: Sequence[MapBox], lines: Mapping[Pair, LineState], layout: MapLayout, words: MapWords, caption: str, *,
    room: tuple[float, float] = PORTRAIT,
) -> Figure:  # fmt: skip
    """Figure of a layout. Its text names every box with its lines, and every line with another state than carrying."""
    shapes = [_line(layout.lines[pair], state) for pair, state in lines.items()]
    shapes += [shape for box in boxes for shape in _box(box, layout.boxes[box.name])]
    legend, wide = _legend(words, {box.status for box in boxes}, set(lines.values()), any(box.single for box in boxes))
    inner = max(wide, layout.width, _LEAST)
    wide, high = inner + 2 * _MARGIN, layout.height + 2 * _MARGIN + _LEGEND
    left = _MARGIN + (inner - layout.width) / 2
    moved = f'<g transform="translate({left:g} {_MARGIN + _LEGEND:g})">{"".join(shapes)}</g>'
    texts = [", ".join((*box.lines, words.single) if box.single else box.lines) for box in boxes]
    texts += [f"{one} - {other}: {words.lines[state]}" for (one, other), state in lines.items() if state != "carrying"]
    chart = drawing([legend, moved], wide, high, "; ".join(texts))
    return Figure((chart,), caption, min(room[0], wide * _POINT, room[1] * wide / high))


def _box(box: MapBox, place: Box) -> list[str]:
    thick, ground = 2.6 if box.single else 0.8, "#d9d9d9" if box.marked else "#fff"
    shapes = [rectangle(place.x, place.y, place.width, place.height, ground, stroke="#000", stroke_width=thick)]
    if box.status:
        shapes.append(rectangle(place.x + 1, place.y + 1, _STRIPE, place.height - 2, COLOURS[box.status]))
    x = place.x + _STRIPE + _INSIDE
    for number, text in enumerate(box.lines):
        y = place.y + _LINE * (number + 1) - 1
        shapes.append(_fitted(x, y, text, bold=not number))
    return [f'<a href="{escape(box.href)}">', *shapes, "</a>"] if box.href else shapes


def _fitted(x: float, y: float, text: str, *, bold: bool = False) -> str:
    return label(x, y, text, _SIZE, weight="bold" if bold else "normal", length=text_width(text, bold=bold))


def _line(points: Sequence[Point], state: LineState) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" {_STROKES[state]}/>'


def _legend(words: MapWords, statuses: set[str], states: set[LineState], single: bool) -> tuple[str, float]:
    """Return the legend of the parts of the map, and its width."""
    shapes, x = [], _MARGIN
    for status, word in words.statuses.items():
        if status in statuses:
            shapes.append(rectangle(x, 5, 9, 9, COLOURS[status]) + _fitted(x + 13, 13, word))
            x += 13 + text_width(word) + 14
    if single:
        shapes.append(rectangle(x + 1, 6, 14, 8, "#fff", stroke="#000", stroke_width=2.6))
        shapes.append(_fitted(x + 20, 13, words.single))
        x += 20 + text_width(words.single) + 14
    for state, word in words.lines.items():
        if state in states:
            shapes.append(_line(((x, 10), (x + 24, 10)), state) + _fitted(x + 28, 13, word))
            x += 28 + text_width(word) + 14
    return "".join(shapes), x - _MARGIN
