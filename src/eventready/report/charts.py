"""Columns of small charts as rectangles in a fixed frame; the page draws them, and the words stay text."""

from __future__ import annotations

from dataclasses import dataclass

from eventready.report.model import Charted

WIDTH, HEIGHT, ROOM = 240.0, 96.0, 16.0

#: Up to so many columns each carries its figure; among more only the first, the highest and the last do.
ALL_LABELLED = 8


@dataclass(frozen=True)
class Column:
    """One run: the rectangle from `x`, `y` down to the base line, its figure, and what a pointer shows."""

    x: float
    y: float
    width: float
    height: float
    label: str
    hint: str
    last: bool

    @property
    def middle(self) -> float:
        """Where the figure stands."""
        return round(self.x + self.width / 2, 1)


def chart_columns(chart: Charted) -> tuple[Column, ...]:
    """The columns of a chart; a value that is not zero is never drawn as nothing."""
    step = WIDTH / max(len(chart.values), 6)
    width = min(step * 0.7, 26.0)
    highest = max(range(len(chart.values)), key=lambda index: chart.values[index])
    labelled = {0, highest, len(chart.values) - 1}
    drawn = []
    for index, value in enumerate(chart.values):
        height = (HEIGHT - ROOM) * min(value / chart.top, 1.0)
        height = max(height, 1.5) if value else 0.0
        shown = chart.shown[index] if len(chart.values) <= ALL_LABELLED or index in labelled else ""
        drawn.append(
            Column(
                x=round(index * step + (step - width) / 2, 1),
                y=round(HEIGHT - height, 1),
                width=round(width, 1),
                height=round(height, 1),
                label=shown,
                hint=f"{chart.moments[index]}: {chart.shown[index]}",
                last=index == len(chart.values) - 1,
            )
        )
    return tuple(drawn)
