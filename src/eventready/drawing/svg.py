"""Pictures as SVG side by side over a caption, their shapes in colours different in grey too, and widths of texts.

Lengths are user units of the picture.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape


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


FONTS = Path(__file__).parent / "fonts"
_POINT = 25.4 / 72


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a line of text in mm; a letter missing in the font counts as half an em."""
    advances = _advances("LiberationSerif-Bold.ttf" if bold else "LiberationSerif-Regular.ttf")
    return sum(advances.get(ord(letter), 0.5) for letter in text) * size * _POINT


@cache
def _advances(name: str) -> dict[int, float]:
    """Code point to advance in em."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415  only papers and drawings measure letters

    with TTFont(FONTS / name, lazy=True) as font:
        per_em, advances = font["head"].unitsPerEm, font["hmtx"].metrics
        return {code: advances[glyph][0] / per_em for code, glyph in font.getBestCmap().items()}


#: Fills from dark to light, by status.
COLOURS = {"fail": "#9b1c1c", "warn": "#e0a030", "not_measured": "#8a8a8a", "waived": "#c9d4e0", "pass": "#3f7d58"}
_FONT = 'font-family="Liberation Serif, Times New Roman, serif"'


def drawing(shapes: Iterable[str], wide: float, high: float, alt: str, status: str = "") -> Chart:
    """Picture of shapes, in user units; `alt` is its text."""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:g} {high:g}" width="{wide:g}" height="{high:g}">'
        f"{''.join(shapes)}</svg>"
    )
    return Chart(svg, alt, high / wide, status)


def rectangle(x: float, y: float, wide: float, high: float, fill: str, **more: str | float) -> str:
    """Rectangle; further attributes with underscores for hyphens."""
    rest = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in more.items())
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" fill="{fill}"{rest}/>'


def label(
    x: float, y: float, text: str, size: float, anchor: str = "start", *, fill: str = "#000", weight: str = "normal",
    length: float = 0,
) -> str:  # fmt: skip
    """Line of text from its base line; empty for no text. With a `length` any font fills this width."""
    fitted = f' textLength="{length:.1f}" lengthAdjust="spacingAndGlyphs"' if length else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" fill="{fill}" '
        f'font-weight="{weight}" {_FONT}{fitted}>{escape(text)}</text>'
        if text
        else ""
    )
