"""The document as Markdown, for mail and chat: the same words in the same order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import singledispatch

from eventready.core.strings.texts import lines_of
from eventready.drawing.svg import Figure
from eventready.papers.document.model import (
    Addressee,
    Block,
    Bullets,
    Cell,
    Closing,
    Document,
    Facts,
    Heading,
    Item,
    ItemList,
    Letterhead,
    Paragraph,
    Preformatted,
    Spans,
    Table,
    TableCell,
    Tally,
    Title,
)

#: Signs beside the words of states, as in the page.
SIGNS = {
    "NOT_READY": "[x]", "NOT_MEASURED": "[?]", "READY_WITH_RISK": "[!]", "READY": "[v]",
    "fail": "[x]", "not_measured": "[?]", "warn": "[!]", "pass": "[v]", "waived": "[-]",
}  # fmt: skip

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&-])")
_EMPHASIS = {"basis": "*", "note": "*"}


def to_markdown(document: Document) -> bytes:
    """The whole document, annexes last, in UTF-8."""
    lines = [*((f"> **{escaped(document.mark)}**", "") if document.mark else ()), *_lines(document.blocks)]
    for annex in document.annexes:
        lines += ["---", "", f"## {escaped(annex.label)}", "", f"**{escaped(annex.title)}**", ""]
        lines += [f"*{escaped(annex.reference)}*", ""] if annex.reference else []
        lines += _lines(annex.blocks)
    return ("\n".join(lines).strip() + "\n").encode()


def escaped(text: object) -> str:
    """Return the text escaped for Markdown, on a single line."""
    return _SPECIAL.sub(r"\\\1", str(text).replace("\n", " ").replace("\t", " "))


def _lines(blocks: Sequence[Block]) -> list[str]:
    return [line for block in blocks for line in _block(block)]


@singledispatch
def _block(_on_screen: Block) -> Iterator[str]:
    """The lines of a block; none of a block for a screen."""
    yield from ()


@_block.register
def _(block: Title) -> Iterator[str]:
    yield from ((f"# {escaped(block.kind)}", "") if block.kind else ())
    yield from (line for text in block.lines for line in (f"**{escaped(text)}**", ""))


@_block.register
def _(block: Addressee) -> Iterator[str]:
    yield from (f"{escaped(block.label)} {escaped(' '.join(block.names))}", "")


@_block.register
def _(block: Heading) -> Iterator[str]:
    detail = f" ({escaped(block.detail)})" if block.detail else ""
    yield from (f"{'#' * (block.level + 1)} {escaped(block.text)}{detail}", "")


@_block.register
def _(block: Paragraph) -> Iterator[str]:
    mark, quote = _EMPHASIS.get(block.style, ""), "> " if block.style in ("notice", "alarm") else ""
    yield from (f"{quote}{mark}{_spans(block.spans)}{mark}", "")


@_block.register
def _(block: Bullets) -> Iterator[str]:
    yield from (*(f"- {_spans(item)}" for item in block.items), "")


@_block.register
def _(block: Facts) -> Iterator[str]:
    yield from (*(f"- {escaped(label)}: {escaped(value)}" for label, value in block.items), "")


@_block.register
def _(block: Tally) -> Iterator[str]:
    yield from (f"- {_sign(count.status)}{escaped(count.title)}: {count.number}" for count in block.items)
    yield ""


@_block.register
def _(block: ItemList) -> Iterator[str]:
    yield from (*(line for item in block.items for line in _item(item)), "")


@_block.register
def _(block: Figure) -> Iterator[str]:
    yield from ((f"*{escaped(block.caption)}*", "") if block.caption else ())
    yield from (escaped("; ".join(chart.alt for chart in block.charts)), "")


@_block.register
def _(block: Preformatted) -> Iterator[str]:
    yield from (*(f"    {line}" for line in lines_of(block.text)), "")


def _sign(status: str) -> str:
    return f"`{SIGNS[status]}` " if status in SIGNS else ""


def _spans(spans: Spans) -> str:
    marks = {(False, False): "", (True, False): "**", (False, True): "*", (True, True): "***"}
    parts = []
    for span in spans:
        mark = marks[span.bold, span.italic]
        text = escaped(span.text)
        core = text.strip()
        parts.append(text.replace(core, f"{mark}{core}{mark}", 1) if core else text)
    return "".join(parts)


@_block.register
def _(block: Letterhead) -> Iterator[str]:
    yield from ((escaped(" ".join(block.parent)), "") if block.parent else ())
    bold = filter(None, (" ".join(block.issuer), block.country, block.motto))
    yield from (line for text in bold for line in (f"**{escaped(text)}**", ""))
    yield from (escaped(block.number), "")
    yield from ((escaped(block.subject), "") if block.subject else ())
    yield from ((f"**{escaped(block.urgency)}**", "") if block.urgency else ())
    yield from (f"*{escaped(block.place_date)}*", "") if block.place_date else ()


def _item(item: Item) -> Iterator[str]:
    title = f"**{escaped(item.title)}**" if item.title else ""
    subject = ", ".join(part for part in (title, escaped(item.detail)) if part)
    tags = f" ({escaped(', '.join(item.tags))})" if item.tags else ""
    status = f"{_sign(item.status)}{escaped(item.status_title)} " if item.status_title else ""
    yield f"- {status}{subject}{tags}"
    yield from (f"  - {escaped(line.text)}" for line in item.lines)


@_block.register
def _(table: Table) -> Iterator[str]:
    rule = {"left": ":--", "center": ":-:", "right": "--:"}
    if table.caption:
        yield from (f"**{escaped(table.caption)}**", "")
    yield "| " + " | ".join(escaped(column.title) for column in table.columns) + " |"
    yield "| " + " | ".join(rule[column.align] for column in table.columns) + " |"
    yield from ("| " + " | ".join(_cell(cell, signed=table.matrix) for cell in row) + " |" for row in table.rows)
    yield ""
    if table.note:
        yield from (f"*{escaped(table.note)}*", "")


def _cell(cell: TableCell, *, signed: bool) -> str:
    sign = _sign(cell.status) if signed and isinstance(cell, Cell) else ""
    return f"{sign}{escaped(cell)}"


@_block.register
def _(block: Closing) -> Iterator[str]:
    yield from (line for text in block.secretary for line in (f"**{escaped(text)}**", ""))
    yield from ((f"**{escaped(block.secretary_name)}**", "") if block.secretary_name else ())
    yield from (line for text in block.authority for line in (f"**{escaped(text)}**", ""))
    yield from ((f"**{escaped(block.name)}**", "") if block.name else ())
    if block.label:
        yield from (f"***{escaped(block.label)}***", "")
    yield from (line for text in block.recipients for line in (escaped(text), ""))
