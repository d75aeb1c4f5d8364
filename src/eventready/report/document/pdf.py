"""The PDF: our own layout in Typst, fed with JSON, set in the fonts that stand beside it. No system package."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal

import typst

from eventready.errors import EventreadyError
from eventready.report.document.model import Document, Figure
from eventready.report.document.plain import plain

HERE = Path(__file__).parent
FONTS = HERE / "fonts"

#: Files carry no time of making: the same document gives the same bytes.
_TIMELESS = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())

#: Dots per inch of a figure where a renderer cannot show SVG.
_PPI = 220

_FIGURE = b"""#set page(width: auto, height: auto, margin: 0pt, fill: white)
#set text(font: "Liberation Serif")
#image(bytes(sys.inputs.svg), format: "svg", width: float(sys.inputs.width) * 1mm)
"""


class LayoutError(EventreadyError):
    """The layout engine refused or complained: a defect of ours, never of the words."""


def to_pdf(document: Document) -> bytes:
    """The document as PDF 1.7, tagged. Raises LayoutError, also for what the engine only warns of."""
    return _compile((HERE / "paper.typ").read_bytes(), "pdf", {"paper": json.dumps(plain(document))})


def to_png(figure: Figure) -> bytes:
    """A figure as PNG. Raises LayoutError."""
    return _compile(_FIGURE, "png", {"svg": figure.svg, "width": str(figure.width)})


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


def _compile(source: bytes, form: Literal["pdf", "png"], inputs: dict[str, str]) -> bytes:
    try:
        made, warnings = typst.compile_with_warnings(
            source,
            format=form,
            ppi=_PPI,
            font_paths=_fonts(),
            sys_inputs=inputs,
            timestamp=_TIMELESS,
        )
    except typst.TypstError as error:
        raise LayoutError(f"the document cannot be laid out: {error}", do="Please report it.") from None
    if warnings:
        said = "; ".join(str(warning) for warning in warnings)
        raise LayoutError(f"the layout is not clean: {said}", do="Please report it.")
    return made
