"""PDF of a document: a layout in Typst, fed with JSON, set in the fonts of this package. No system package."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

import typst

from eventready.core.errors import EventreadyError
from eventready.core.messages import message
from eventready.core.this_process import limit_memory
from eventready.drawing.svg import FONTS, Chart
from eventready.papers.document.model import Document
from eventready.papers.document.renderers.json_codec import to_dict

Form: TypeAlias = Literal["pdf", "png"]

#: Address space of the child process. A weekly report of 5,000 devices takes a tenth.
MAX_MEMORY = 2 << 30
#: Seconds that a document may take.
MAX_SECONDS = 300.0

#: Files carry no time of making: the same document gives the same bytes.
_TIMELESS = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
#: Dots per inch of a figure where a renderer cannot show SVG.
_PPI = 220
_CHILD = "from eventready.papers.document.renderers.pdf import main; main()"
#: Exit code of the child for a LayoutError, whose sentence is on its standard error.
_REFUSED = 3


class LayoutError(EventreadyError):
    """Error or warning of the layout engine: a defect of a template, never of the words."""


def compile_here(source: bytes, form: Form, inputs: dict[str, str]) -> bytes:
    """Compile a source in this process. Raises LayoutError, for warnings too."""
    try:
        made, warnings = typst.compile_with_warnings(
            source, format=form, ppi=_PPI, font_paths=_fonts(), sys_inputs=inputs, timestamp=_TIMELESS
        )
    except typst.TypstError as error:
        raise LayoutError(message("papers:error.layout", error=str(error))) from None
    if warnings:
        sentences = "; ".join(str(warning) for warning in warnings)
        raise LayoutError(message("papers:error.unclean", sentences=sentences))
    return made


def compile_in_child(source: bytes, form: Form, inputs: dict[str, str]) -> bytes:
    """Compile a source in a child process of at most MAX_MEMORY. Raises LayoutError, for warnings too."""
    request = json.dumps(
        {"source": source.decode(), "form": form, "inputs": inputs, "memory": MAX_MEMORY}, ensure_ascii=True
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", _CHILD],
            input=request.encode(),
            capture_output=True,
            timeout=MAX_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LayoutError(message("papers:error.layout_time", seconds=MAX_SECONDS), do=_SMALLER) from None
    if done.returncode == 0:
        return done.stdout
    if done.returncode == _REFUSED:
        raise LayoutError(done.stderr.decode("utf-8", "replace").strip(), do=message("papers:error.layout.do"))
    raise LayoutError(message("papers:error.layout_memory", size=MAX_MEMORY >> 20), do=_SMALLER)


_SMALLER = message("papers:error.smaller")


def main() -> None:
    """Entry point of the child process: request on standard input, document on standard output."""
    request = json.loads(sys.stdin.buffer.read())
    limit_memory(request["memory"])
    try:
        made = compile_here(request["source"].encode(), request["form"], request["inputs"])
    except LayoutError as error:
        sys.stderr.write(error.what)
        sys.exit(_REFUSED)
    sys.stdout.buffer.write(made)


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


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
