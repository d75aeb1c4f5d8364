"""Shapes of the figures as SVG, in colours different in grey too."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from eventready.drawing.figure import Chart

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
