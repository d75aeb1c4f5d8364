"""Document as a single HTML file: no script, nothing from the network, and a policy against both."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from eventready.core.language import Language
from eventready.drawing.svg import Chart
from eventready.papers.document.model import Block, Cell, Document, Heading, Link, OnScreen, Table

_TEMPLATES = Path(__file__).parent / "templates"

#: Items of a listing before the rest is folded, and lines of a folded item that are shown at all.
_ITEMS, _LINES = 40, 200

#: Statuses and verdicts with a sign of their own in the template.
_SIGNS = frozenset(
    {"fail", "warn", "not_measured", "pass", "waived", "NOT_READY", "READY_WITH_RISK", "NOT_MEASURED", "READY"}
)
_NAMESPACE = ' xmlns="http://www.w3.org/2000/svg"'


def to_html(document: Document) -> bytes:
    """The whole page in UTF-8. Every text is escaped by the template engine; only our style sheet and SVG are not."""
    sheet = _style()
    language = Language(document.lang)
    blocks = tuple(_flat(document.blocks))
    heads = {at: block for at, block in enumerate(blocks) if isinstance(block, Heading) and block.level == 1}
    edges = [*heads, len(blocks)]
    page = (
        _environment()
        .get_template("page.html")
        .render(
            document=document,
            head=blocks[: edges[0]],
            contents=[heading for heading in heads.values() if heading.anchor],
            sections=[blocks[first:end] for first, end in pairwise(edges)],
            t=language.phrase,
            style=Markup(sheet),  # noqa: S704  our own file, and nothing else
            policy=policy(sheet),
            signs=_SIGNS,
            most_items=_ITEMS,
            most_lines=_LINES,
        )
    )
    return page.encode("utf-8", "backslashreplace")


def policy(sheet: str) -> str:
    """Return the content security policy: only the style sheet with this hash is allowed."""
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@cache
def _style() -> str:
    return (_TEMPLATES / "page.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    """The templates: everything is escaped, and a missing value is an error."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"kind": _kind, "svg": _svg, "cell": _cell, "row_head": _row_head, "refs": _refs}
    return environment


def _flat(blocks: Sequence[Block]) -> Iterator[Block]:
    for block in blocks:
        if isinstance(block, OnScreen):
            yield from _flat(block.blocks)
        else:
            yield block


def _kind(block: Block) -> str:
    return type(block).__name__


def _refs(links: Iterable[Link]) -> Markup:
    """Links within the page; a macro would take three times as long, for tens of thousands."""
    shown = [f' <a class="refs" href="#{escape(one.anchor)}">{escape(one.text)}</a>' for one in links]
    return Markup("".join(shown))  # noqa: S704  anchor and text of each link are escaped above


def _cell(cell: str | Cell) -> Cell:
    return cell if isinstance(cell, Cell) else Cell(cell)


def _row_head(table: Table) -> int:
    """Return the index of the naming column of the rows: the first column without numbers."""
    return next((index for index, column in enumerate(table.columns) if column.kind != "number"), 0)


def _svg(chart: Chart) -> Markup:
    """The chart as an element of the page, with its alternative text; the SVG is ours, its texts are escaped."""
    opening = f'<svg class="chart" role="img" aria-label="{escape(chart.alt)}"'
    return Markup(chart.svg.replace(_NAMESPACE, "").replace("<svg", opening, 1))  # noqa: S704  made by charts.py
