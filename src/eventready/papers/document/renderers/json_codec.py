"""A document as plain JSON types, for `--format json` and for the PDF's layout."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from eventready.papers.document.model import Block, Document, Fold, OnScreen, Table

SCHEMA = "eventready.document/1"


def to_dict(document: Document) -> dict[str, Any]:
    """The document as dicts and lists; a block has its class under `block`, tables have their `widths` in mm."""
    page = document.page

    def blocks(inside: Sequence[Block], *, landscape: bool) -> list[dict[str, Any]]:
        return [_block(block, page.measure(landscape=landscape), page.table) for block in inside]

    return {
        "schema": SCHEMA,
        **{name: getattr(document, name) for name in ("kind", "lang", "title", "landscape", "mark")},
        "page": page.model_dump(),
        "blocks": blocks(document.blocks, landscape=document.landscape),
        "annexes": [
            {**vars(annex), "blocks": blocks(annex.blocks, landscape=annex.landscape)} for annex in document.annexes
        ],
        "sheets": [{"heading": heading, **asdict(table)} for heading, table in document.sheets],
    }


def to_json(document: Document) -> bytes:
    """The document as indented JSON in UTF-8."""
    return (json.dumps(to_dict(document), ensure_ascii=False, indent=1) + "\n").encode()


def _block(block: Block, measure: float, size: float) -> dict[str, Any]:
    name = type(block).__name__
    if isinstance(block, Fold | OnScreen):
        inside = [_block(inner, measure, size) for inner in block.blocks]
        own = {"summary": block.summary, "anchor": block.anchor} if isinstance(block, Fold) else {}
        return {"block": name, **own, "blocks": inside}
    widths = {"widths": list(block.widths(measure, size))} if isinstance(block, Table) else {}
    return {"block": name, **asdict(block), **widths}
