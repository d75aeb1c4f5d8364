"""PDF of a document: a layout in Typst, fed with JSON, set in the fonts of this package. No system package."""

from __future__ import annotations

import json
from pathlib import Path

from eventready.drawing.svg import Chart
from eventready.papers.document.model import Document
from eventready.papers.document.renderers.json_codec import to_dict
from eventready.papers.document.renderers.typeset import compile_here, compile_in_child

_LAYOUT = Path(__file__).parent / "paper.typ"

#: Entry with its default value, an error for poppler; blanks keep the offsets of the file.
_DEFAULT = b"/Suspects false"

_FIGURE = b"""#set page(width: auto, height: auto, margin: 0pt, fill: white)
#set text(font: "Liberation Serif")
#image(bytes(sys.inputs.svg), format: "svg", width: float(sys.inputs.width) * 1mm)
"""


def to_pdf(document: Document) -> bytes:
    """Return the document as PDF 1.7, tagged. Raises LayoutError, also for warnings of the engine."""
    made = compile_in_child(_LAYOUT.read_bytes(), "pdf", {"paper": json.dumps(to_dict(document))})
    return made.replace(_DEFAULT, b" " * len(_DEFAULT))


def to_png(chart: Chart, width: float) -> bytes:
    """Return a chart as PNG, for `width` mm on paper. Raises LayoutError."""
    return compile_here(_FIGURE, "png", {"svg": chart.svg, "width": str(width)})
