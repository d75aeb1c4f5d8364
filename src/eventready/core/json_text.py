"""JSON from outside, of bounded depth."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

#: Levels of a document.
MAX_LEVELS = 64


def parse_json(data: str | bytes, **options: Any) -> Any:
    """Parse a document with the options of `json.loads`. Raises ValueError, also for more than MAX_LEVELS levels."""
    try:
        document = json.loads(data, **options)
    except RecursionError:
        raise ValueError(f"more than {MAX_LEVELS} levels") from None
    level = _inner([[document]])
    for _ in range(MAX_LEVELS + 1):
        if not level:
            return document
        level = _inner(level)
    raise ValueError(f"more than {MAX_LEVELS} levels")


def _inner(parts: Iterable[Any]) -> list[Iterable[Any]]:
    """Items of the lists and values of the mappings inside."""
    return [
        one.values() if isinstance(one, dict) else one for part in parts for one in part if isinstance(one, dict | list)
    ]
