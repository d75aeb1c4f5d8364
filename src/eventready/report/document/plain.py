"""A document as plain JSON types: what the PDF's layout reads, and what `--format json` writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from eventready.report.document.model import Block, Document, Table

SCHEMA = "eventready.document/1"


def plain(document: Document) -> dict[str, Any]:
    """The document as dicts and lists; each block says under `block` what it is, tables carry `widths` in mm."""
    page = document.page

    def blocks(inside: Sequence[Block], *, landscape: bool) -> list[dict[str, Any]]:
        return [_block(block, page.measure(landscape=landscape), page.table) for block in inside]

    return {
        "schema": SCHEMA,
        "kind": document.kind,
        "lang": document.lang,
        "title": document.title,
        "page": asdict(page),
        "landscape": document.landscape,
        "blocks": blocks(document.blocks, landscape=document.landscape),
        "annexes": [
            {
                "label": annex.label,
                "title": annex.title,
                "reference": annex.reference,
                "landscape": annex.landscape,
                "blocks": blocks(annex.blocks, landscape=annex.landscape),
            }
            for annex in document.annexes
        ],
    }


def to_json(document: Document) -> bytes:
    """The document as indented JSON in UTF-8."""
    return (json.dumps(plain(document), ensure_ascii=False, indent=1) + "\n").encode()


def _block(block: Block, measure: float, size: float) -> dict[str, Any]:
    extra = {"widths": list(block.widths(measure, size))} if isinstance(block, Table) else {}
    return {"block": type(block).__name__, **asdict(block), **extra}
