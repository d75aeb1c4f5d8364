"""Charts as SVG: shapes and figures legible in a photocopy, and the same figures as alternative text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from eventready.drawing.svg import COLOURS, Chart, Figure, drawing, label, rectangle

_LIGHT = frozenset({"warn", "waived"})
_CURRENT, _EARLIER = "#3f5f8a", "#b9c2cc"

#: Width of a bar chart and of its left margin with the names of the bars, in user units of the SVG.
_WIDTH, _NAMES = 480.0, 170.0

#: mm of a bar chart on paper.
_PAPER = 100.0

#: A column chart: its width, the height of its plot, the room above a column for its figure, and the base line.
_COLUMNS, _PLOT, _ROOM, _BASE = 240.0, 96.0, 16.0, 126.0

#: Up to so many columns, with room for them, each has its figure; else the first, the highest and the last.
ALL_LABELLED = 8


@dataclass(frozen=True)
class Bar:
    """A bar: its name and the number of findings of each status."""

    name: str
    counts: Mapping[str, int]


@dataclass(frozen=True)
class Level:
    """A load: its name, value and limit in percent, and the value as text."""

    name: str
    value: float
    limit: float
    text: str


@dataclass(frozen=True)
class Series:
    """Values of successive runs in the same unit, oldest first, between 0 and `top`; a text and a moment for each."""

    title: str
    status: str
    values: tuple[float, ...]
    texts: tuple[str, ...]
    moments: tuple[str, ...]
    top: float


def stacked_bars(bars: Sequence[Bar], words: Mapping[str, str], caption: str) -> Figure:
    """Bars of equal length, divided by status; `words` names the statuses."""
    shapes, texts = [_legend(words, 24.0)], []
    for index, bar in enumerate(bars):
        y = 24 + index * 26.0
        shapes.append(label(_NAMES - 8, y + 14, bar.name, 11, "end"))
        shapes += _divided(bar, y)
        numbers = ", ".join(f"{words[key].lower()} {number}" for key, number in bar.counts.items() if number)
        texts.append(f"{bar.name}: {numbers}")
    return Figure((drawing(shapes, _WIDTH, 26 + len(bars) * 26.0, "; ".join(texts)),), caption, _PAPER)


def _divided(bar: Bar, y: float) -> list[str]:
    room, total = _WIDTH - _NAMES - 4, sum(bar.counts.values())
    shapes, x = [], _NAMES
    for key, number in bar.counts.items():
        length = room * number / total if total else 0
        if not length:
            continue
        shapes.append(rectangle(x, y, length, 19, COLOURS[key]))
        if length > 8 + 6 * len(str(number)):
            fill = "#000" if key in _LIGHT else "#fff"
            shapes.append(label(x + length / 2, y + 14, str(number), 11, "middle", fill=fill))
        x += length
    return shapes


def _legend(words: Mapping[str, str], left: float) -> str:
    shapes, x = [], left
    for key, word in words.items():
        shapes.append(rectangle(x, 4, 9, 9, COLOURS[key]) + label(x + 12, 12, word, 10))
        x += 22 + 5.2 * len(word)
    return "".join(shapes)


def load_bars(levels: Sequence[Level], caption: str, limit_word: str) -> Figure:
    """Loads as bars from 0 to 100 %, with a mark at each limit."""
    room = _WIDTH - _NAMES - 44
    shapes, texts = [], []
    for index, level in enumerate(levels):
        y = 4 + index * 22.0
        length = room * min(max(level.value, 0), 100) / 100
        mark = _NAMES + room * min(level.limit, 100) / 100
        fill = COLOURS["fail"] if level.value >= level.limit else COLOURS["pass"]
        shapes += [
            label(_NAMES - 8, y + 13, level.name, 10, "end"),
            rectangle(_NAMES, y, room, 16, "#eeeeee"),
            rectangle(_NAMES, y, max(length, 1), 16, fill),
            rectangle(mark - 0.8, y - 1, 1.6, 18, "#000"),
            label(_NAMES + room + 5, y + 13, level.text, 10),
        ]
        texts.append(f"{level.name}: {level.text} ({limit_word} {level.limit:g}%)")
    return Figure((drawing(shapes, _WIDTH, 6 + len(levels) * 22.0, "; ".join(texts)),), caption, _PAPER)


def column_charts(series: Sequence[Series], caption: str) -> Figure:
    """A small chart per series, with a column per run; the last column stands out."""
    return Figure(tuple(_columns(one) for one in series), caption)


def _columns(series: Series) -> Chart:
    count = len(series.values)
    step = _COLUMNS / max(count, 6)
    wide = min(step * 0.7, 26.0)
    highest = max(range(count), key=lambda index: series.values[index])
    fitting = max(map(len, series.texts)) * 8 <= step + 4
    labelled = set(range(count)) if count <= ALL_LABELLED and fitting else {0, highest, count - 1}
    shapes = [label(0, 16, series.title, 17, weight="bold")]
    for index, value in enumerate(series.values):
        last = index == count - 1
        x, high = index * step + (step - wide) / 2, _column_height(value, series.top)
        fill = COLOURS.get(series.status, _CURRENT) if last else _EARLIER
        figure = series.texts[index] if index in labelled else ""
        hint = escape(f"{series.moments[index]}: {series.texts[index]}")
        shapes.append(
            f"<g><title>{hint}</title>{rectangle(x, _BASE - high, wide, high, fill)}"
            + label(x + wide / 2, _BASE - high - 4, figure, 14, "middle", weight="bold" if last else "normal")
            + "</g>"
        )
    shapes.append(f'<line x1="0" y1="{_BASE:g}" x2="{_COLUMNS:g}" y2="{_BASE:g}" stroke="#000"/>')
    if count > 1:
        shapes.append(label(0, _BASE + 14, series.moments[0], 11))
    shapes.append(label(_COLUMNS, _BASE + 14, series.moments[-1], 11, "end"))
    ends = dict.fromkeys((series.moments[0], series.moments[-1]))
    alt = f"{series.title}: {', '.join(series.texts)} ({' - '.join(ends)})"
    return drawing(shapes, _COLUMNS, _BASE + 20, alt, series.status)


def _column_height(value: float, top: float) -> float:
    """The height of a column; a value above zero is visible."""
    return max((_PLOT - _ROOM) * min(value / top, 1.0), 1.5) if value else 0.0
