"""Width of a text, from the vendored fonts with the widths of Times New Roman."""

from __future__ import annotations

from functools import cache
from pathlib import Path

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
