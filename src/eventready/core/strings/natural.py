"""Names in the order in which people count."""

from __future__ import annotations

import re
from functools import lru_cache

_DIGITS = re.compile(r"(\d+)")


@lru_cache(maxsize=4_096)
def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key with `port 9` before `port 10`."""
    parts = (part for part in _DIGITS.split(text) if part)
    return tuple((0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part) for part in parts)
