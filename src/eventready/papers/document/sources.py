"""Sources of a document: the record, measurement or person behind each block, or a blank to fill in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from eventready.papers.document.model import Block, Document, Fold, Frame, OnScreen, Table

#: Source of a place to be filled in by hand, and of the office's own texts.
BLANK, OUTLINE = "blank", "outline"


def cited(source: str, blocks: Iterable[Block]) -> list[Block]:
    """The blocks with this source, where they have none."""
    return [_cited(source, block) for block in blocks]


def _cited(source: str, block: Block) -> Block:
    if isinstance(block, Fold | OnScreen):
        return replace(block, blocks=tuple(cited(source, block.blocks)))
    return block if isinstance(block, Frame) or block.source else replace(block, source=source)


def sources(document: Document) -> Iterator[tuple[str, str]]:
    """Source and text of every block in reading order, with annexes and sheets; an empty source is missing."""
    blocks = (*document.blocks, *(block for annex in document.annexes for block in annex.blocks))
    yield from _sources((*blocks, *(table for _, table in document.sheets)))


def _sources(blocks: Iterable[Block]) -> Iterator[tuple[str, str]]:
    for block in blocks:
        if isinstance(block, Fold | OnScreen):
            yield from _sources(block.blocks)
        elif not isinstance(block, Frame):
            yield block.source, _text(block)


def _text(block: Block) -> str:
    """Beginning of a block: its first text, or the name of a table."""
    if isinstance(block, Table):
        return block.caption or block.name
    spans = getattr(block, "spans", None) or next(iter(getattr(block, "items", ())), ())
    texts = (str(getattr(span, "text", span)) for span in (spans if isinstance(spans, tuple) else ()))
    return "".join(texts) or str(getattr(block, "caption", "") or getattr(block, "text", "") or type(block).__name__)
