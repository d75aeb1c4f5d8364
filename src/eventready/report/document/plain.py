"""A document as plain JSON types: what the PDF's layout reads, and what `--format json` writes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from eventready.report.document.model import Block, Document, Table

SCHEMA = "eventready.document/1"


def plain(document: Document) -> dict[str, Any]:
    """The document as dicts and lists; each block says under `block` what it is, tables carry `widths` in mm."""
    measure = document.page.measure(landscape=document.landscape)
    return {
        "schema": SCHEMA,
        "kind": document.kind,
        "lang": document.lang,
        "title": document.title,
        "page": asdict(document.page),
        "landscape": document.landscape,
        "blocks": [_block(block, measure) for block in document.blocks],
        "annexes": [
            {
                "label": annex.label,
                "title": annex.title,
                "reference": annex.reference,
                "landscape": annex.landscape,
                "blocks": [_block(b, document.page.measure(landscape=annex.landscape)) for b in annex.blocks],
            }
            for annex in document.annexes
        ],
    }


def to_json(document: Document) -> bytes:
    """The document as indented JSON in UTF-8."""
    return (json.dumps(plain(document), ensure_ascii=False, indent=1) + "\n").encode()


def _block(block: Block, measure: float) -> dict[str, Any]:
    extra = {"widths": list(block.widths(measure))} if isinstance(block, Table) else {}
    return {"block": type(block).__name__, **asdict(block), **extra}
