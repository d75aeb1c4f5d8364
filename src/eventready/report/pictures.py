"""Small charts as SVG for papers: shapes and figures that survive a copier, and the same said in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from eventready.report.charts import HEIGHT, WIDTH, chart_columns
from eventready.report.document.model import Figure
from eventready.report.model import Charted

#: Fills from dark to light, so that they differ in grey too.
COLOURS = {"fail": "#9b1c1c", "warn": "#e0a030", "not_measured": "#8a8a8a", "waived": "#c9d4e0", "pass": "#3f7d58"}
_LIGHT = frozenset({"warn", "waived"})
_FACE = 'font-family="Liberation Serif, Times New Roman, serif"'


@dataclass(frozen=True)
class Bar:
    """A line of a bar chart: its name and the number of each status."""

    name: str
    counts: dict[str, int]


@dataclass(frozen=True)
class Level:
    """A line of a chart of loads: a value in percent and the limit it is held against."""

    name: str
    value: float
    limit: float
    shown: str


def stacked(bars: Sequence[Bar], words: dict[str, str], caption: str) -> Figure:
    """Bars of equal length divided by status, with the number in each part; `words` name the statuses."""
    wide, high, left, row = 480.0, 0.0, 170.0, 26.0
    parts = [_legend(words, 24.0)]
    told = []
    for index, bar in enumerate(bars):
        y = 24 + index * row
        parts.append(_text(left - 8, y + 14, bar.name, 11, "end"))
        parts.extend(_divided(bar, left, y, wide - left - 4))
        said = ", ".join(f"{words[key].lower()} {number}" for key, number in bar.counts.items() if number)
        told.append(f"{bar.name}: {said}")
    high = 24 + len(bars) * row + 2
    return _figure(parts, wide, high, "; ".join(told), caption)


def _divided(bar: Bar, left: float, y: float, room: float) -> list[str]:
    total = sum(bar.counts.values())
    parts, x = [], left
    for key, number in bar.counts.items():
        length = room * number / total if total else 0
        if not length:
            continue
        parts.append(_rect(x, y, length, 19, COLOURS[key]))
        if length > 8 + 6 * len(str(number)):
            parts.append(
                _text(x + length / 2, y + 14, str(number), 11, "middle", fill="#000" if key in _LIGHT else "#fff")
            )
        x += length
    return parts


def _legend(words: dict[str, str], left: float) -> str:
    parts, x = [], left
    for key, word in words.items():
        parts.append(_rect(x, 4, 9, 9, COLOURS[key]) + _text(x + 12, 12, word, 10))
        x += 22 + 5.2 * len(word)
    return "".join(parts)


def levels(rows: Sequence[Level], caption: str, limit_word: str) -> Figure:
    """Loads as bars from 0 to 100 %, a mark at each limit."""
    wide, left, row = 480.0, 170.0, 22.0
    room = wide - left - 44
    parts, told = [], []
    for index, level in enumerate(rows):
        y = 4 + index * row
        over = level.value >= level.limit
        length = room * min(max(level.value, 0), 100) / 100
        mark = left + room * min(level.limit, 100) / 100
        parts += [
            _text(left - 8, y + 13, level.name, 10, "end"),
            _rect(left, y, room, 16, "#eeeeee"),
            _rect(left, y, max(length, 1), 16, COLOURS["fail"] if over else COLOURS["pass"]),
            _rect(mark - 0.8, y - 1, 1.6, 18, "#000"),
            _text(left + room + 5, y + 13, level.shown, 10),
        ]
        told.append(f"{level.name}: {level.shown} ({limit_word} {level.limit:g}%)")
    return _figure(parts, wide, 6 + len(rows) * row, "; ".join(told), caption)


def columns(charts: Sequence[Charted], caption: str) -> Figure:
    """The readiness report's small charts side by side, oldest run first."""
    gap = 24.0
    wide = len(charts) * (WIDTH + gap) - gap
    parts, told = [], []
    for index, chart in enumerate(charts):
        left = index * (WIDTH + gap)
        parts.append(_text(left, 16, chart.title, 17, weight="bold"))
        for column in chart_columns(chart):
            fill = COLOURS.get(chart.status, "#3f5f8a") if column.last else "#b9c2cc"
            parts.append(_rect(left + column.x, 30 + column.y, column.width, column.height, fill))
            parts.append(_text(left + column.middle, 26 + column.y, column.label, 14, "middle"))
        base = 30 + HEIGHT
        parts.append(f'<line x1="{left:.1f}" y1="{base}" x2="{left + WIDTH:.1f}" y2="{base}" stroke="#000"/>')
        told.append(f"{chart.title}: {', '.join(chart.shown)}")
    return _figure(parts, wide, 34 + HEIGHT, "; ".join(told), caption)


def _figure(parts: Sequence[str], wide: float, high: float, alt: str, caption: str) -> Figure:
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:g} {high:g}" width="{wide:g}" height="{high:g}">'
        f"{''.join(parts)}</svg>"
    )
    shown = 150.0
    return Figure(svg, alt, caption, shown, round(shown * high / wide, 1))


def _rect(x: float, y: float, wide: float, high: float, fill: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" fill="{fill}"/>'


def _text(
    x: float, y: float, text: str, size: float, anchor: str = "start", *, fill: str = "#000", weight: str = "normal"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" fill="{fill}" '
        f'font-weight="{weight}" {_FACE}>{escape(text)}</text>'
    )
