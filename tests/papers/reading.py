"""Reading finished papers back, by other people's libraries: what do they say?"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

import pypdf
from lxml import etree

from eventready.drawing.svg import Figure
from eventready.papers.document.model import (
    Addressee,
    Block,
    Bullets,
    Closing,
    Document,
    Heading,
    Letterhead,
    Paragraph,
    Table,
    Title,
)

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_BLANK = re.compile(r"[\s\u200b\u00a0]+")


def squashed(text: str) -> str:
    """Without blanks, which the two renderers put elsewhere where they break lines."""
    return _BLANK.sub("", text)


def part(data: bytes, name: str = "word/document.xml") -> Any:
    """A part of a DOCX as an element tree."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return etree.fromstring(package.read(name))


def docx_text(data: bytes) -> str:
    """All words of a DOCX in their order."""
    return "\n".join("".join(p.itertext(f"{W}t")) for p in part(data).iter(f"{W}p"))


def header_text(data: bytes, name: str) -> str:
    """The words of a header of a DOCX."""
    return "".join(part(data, name).itertext(f"{W}t"))


def page_count(data: bytes) -> int:
    """Pages of a PDF, whose words are not read."""
    return len(pypdf.PdfReader(io.BytesIO(data)).pages)


def pdf_pages(data: bytes) -> list[str]:
    """The words of each page of a PDF, the page number at its head included."""
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages]


def pdf_text(data: bytes, mark: str = "") -> str:
    """All words of a PDF in their order, without the heads of pages: the mark of the paper and the page number."""
    head = re.compile(rf"\A\s*(?:{re.escape(mark)})?\s*(?:\d{{1,3}}\s*)?(?:\n|\Z)")
    return "\n".join(head.sub("", page) for page in pdf_pages(data))


def spoken(document: Document) -> Iterator[str]:
    """Every text of the model in reading order, figures by what stands under them."""
    for block in document.blocks:
        yield from _output(block)
    for annex in document.annexes:
        yield from (annex.label, annex.title, annex.reference)
        for block in annex.blocks:
            yield from _output(block)


def _output(block: Block) -> Iterator[str]:
    match block:
        case Letterhead():
            yield from (*block.parent, *block.issuer, block.country, block.motto)
            yield from (block.number, block.subject, block.urgency, block.place_date)
        case Title():
            yield from (block.kind, *block.lines)
        case Addressee():
            yield from (block.label, *block.names)
        case Heading():
            yield block.text
        case Paragraph():
            yield from (span.text for span in block.spans)
        case Bullets():
            yield from (text for item in block.items for text in ("- ", *(span.text for span in item)))
        case Table():
            yield from (block.caption, *(column.title for column in block.columns))
            yield from (str(cell) for row in block.rows for cell in row)
            yield block.note
        case Figure():
            yield block.caption
        case Closing() if block.secretary:
            yield from (*block.secretary, block.secretary_name, *block.authority, block.name)
            yield from (block.label, *block.recipients)
        case Closing():
            yield from (block.label, *block.recipients, *block.authority, block.name)


def left_over(text: str, pieces: Sequence[str]) -> tuple[str, list[str]]:
    """What a rendered text says beside the pieces, in order; and the pieces that it does not say where they belong."""
    text, beside, missing, position = squashed(text), [], [], 0
    for piece in map(squashed, pieces):
        if not piece:
            continue
        found = text.find(piece, position)
        if found < 0:
            missing.append(piece)
            continue
        beside.append(text[position:found])
        position = found + len(piece)
    return "".join([*beside, text[position:]]), missing
