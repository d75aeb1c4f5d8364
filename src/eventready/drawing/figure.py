"""Figure: charts as SVG side by side over a caption; lengths in mm."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Chart:
    """A picture as SVG, `ratio` its height over its width; `alt` has every text in the picture."""

    svg: str
    alt: str
    ratio: float
    status: str = ""


@dataclass(frozen=True)
class Figure:
    """Charts side by side over a caption; `width` in mm for all of them."""

    charts: tuple[Chart, ...]
    caption: str
    width: float = 150.0
    source: str = ""

    GAP = 6.0

    @property
    def chart_width(self) -> float:
        """Return the width of each chart, in mm."""
        return (self.width - self.GAP * (len(self.charts) - 1)) / len(self.charts)
