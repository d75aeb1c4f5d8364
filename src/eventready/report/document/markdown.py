"""The document as Markdown, for mail and chat: the same words in the same order."""

from __future__ import annotations

from collections.abc import Iterator

from eventready.report.document.model import (
    Addressee,
    Block,
    Bullets,
    Closing,
    Document,
    Figure,
    Heading,
    Letterhead,
    Paragraph,
    Spans,
    Table,
    Title,
)
from eventready.report.markdown import escaped


def to_markdown(document: Document) -> bytes:
    """The whole document, annexes last, in UTF-8."""
    lines = [line for block in document.blocks for line in _block(block)]
    for annex in document.annexes:
        lines += ["---", "", f"## {escaped(annex.label)}", "", f"**{escaped(annex.title)}**", ""]
        lines += [f"*{escaped(annex.reference)}*", ""] if annex.reference else []
        lines += [line for block in annex.blocks for line in _block(block)]
    return ("\n".join(lines).strip() + "\n").encode()


def _spans(spans: Spans) -> str:
    marks = {(False, False): "", (True, False): "**", (False, True): "*", (True, True): "***"}
    said = []
    for span in spans:
        mark = marks[span.bold, span.italic]
        text = escaped(span.text)
        core = text.strip()
        said.append(text.replace(core, f"{mark}{core}{mark}", 1) if core else text)
    return "".join(said)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Letterhead():
            yield from ((escaped(" ".join(block.parent)), "") if block.parent else ())
            bold = (" ".join(block.issuer), block.country, block.motto)
            yield from (line for text in bold for line in (f"**{escaped(text)}**", ""))
            yield from (escaped(block.number), "")
            yield from ((escaped(block.subject), "") if block.subject else ())
            yield from ((f"**{escaped(block.urgency)}**", "") if block.urgency else ())
            yield from (f"*{escaped(block.place_date)}*", "")
        case Title():
            yield from ((f"# {escaped(block.kind)}", "") if block.kind else ())
            yield from (line for text in block.lines for line in (f"**{escaped(text)}**", ""))
        case Addressee():
            yield from (f"{escaped(block.label)} {escaped(' '.join(block.names))}", "")
        case Heading():
            yield from (f"{'#' * (block.level + 1)} {escaped(block.text)}", "")
        case Paragraph():
            mark = "*" if block.style in ("basis", "note") else ""
            yield from (f"{mark}{_spans(block.spans)}{mark}", "")
        case Bullets():
            yield from (f"- {_spans(item)}" for item in block.items)
            yield ""
        case Table():
            yield from _table(block)
        case Figure():
            yield from (f"*{escaped(block.caption)}*", "", escaped(block.alt), "")
        case Closing():
            yield from _closing(block)


def _table(table: Table) -> Iterator[str]:
    rule = {"left": ":--", "center": ":-:", "right": "--:"}
    if table.caption:
        yield from (f"**{escaped(table.caption)}**", "")
    yield "| " + " | ".join(escaped(column.title) for column in table.columns) + " |"
    yield "| " + " | ".join(rule[column.align] for column in table.columns) + " |"
    yield from ("| " + " | ".join(map(escaped, row)) + " |" for row in table.rows)
    yield ""


def _closing(block: Closing) -> Iterator[str]:
    yield from (line for text in block.authority for line in (f"**{escaped(text)}**", ""))
    yield from ((f"**{escaped(block.name)}**", "") if block.name else ())
    if block.label:
        yield from (f"***{escaped(block.label)}***", "")
    yield from (line for text in block.recipients for line in (escaped(text), ""))
