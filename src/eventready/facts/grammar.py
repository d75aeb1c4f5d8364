"""Words of a platform's grammar, taken from its commands, patterns and templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

_NOT_LITERAL = re.compile(r"\\[AbBdDsSwWZ]|\(\?P<\w+>|\[[^\]]*\]|\{\d+(?:,\d*)?\}|\$\{\w+\}")
_WORD = re.compile(r"[A-Za-z][A-Za-z-]+")


def words_in(sources: Iterable[str]) -> frozenset[str]:
    """Return the literal words (lower case) of commands and regular expressions."""
    found = (word for source in sources for word in _WORD.findall(_NOT_LITERAL.sub(" ", source)))
    return frozenset(word.strip("-").lower() for word in found)


def strings_in(value: Any) -> Iterator[str]:
    """Yield all texts of a nested document, keys excluded."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for inner in value.values() for text in strings_in(inner))
    elif isinstance(value, list | tuple):
        yield from (text for inner in value for text in strings_in(inner))
