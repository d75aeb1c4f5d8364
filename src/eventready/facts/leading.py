"""Which characters a line can begin with, blanks aside, for a regular expression to match it.

A state of thirty rules is mostly rules that cannot match: `^\\s+MTU` needs an M. Knowing that beforehand leaves a few
rules to try. The answer may be too wide and is never too narrow; whatever is not understood means "any character".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

#: Stands for everything `\\d` matches.
DIGIT = "\\d"

#: The characters, or None for any; and whether the part may match without consuming anything but blanks.
_Lead = tuple[frozenset[str] | None, bool]
_NOTHING: _Lead = (frozenset(), True)
_ANY: _Lead = (None, True)
_WIDEST_RANGE = 128


def leading(pattern: str) -> frozenset[str] | None:
    """Characters that may come first in a line after its blanks; None when any may, or none need to."""
    try:
        from re import _parser  # type: ignore[attr-defined]  # noqa: PLC0415  no public way to see a pattern's parts

        tree = _parser.parse(pattern)
    except (ImportError, re.error, RecursionError):
        return None
    if tree.state.flags & re.IGNORECASE:
        return None
    characters, transparent = _sequence(tree)
    return None if transparent else characters


def may_lead(characters: frozenset[str] | None, first: str) -> bool:
    """True when a line whose first character after blanks is `first` (empty: a blank line) may match."""
    return characters is None or first in characters or (DIGIT in characters and first.isdecimal())


def _sequence(items: Iterable[Any]) -> _Lead:
    found: frozenset[str] = frozenset()
    for operation, argument in items:
        characters, transparent = _item(str(operation), argument)
        if characters is None:
            return _ANY
        found |= characters
        if not transparent:
            return found, False
    return found, True


def _item(operation: str, argument: Any) -> _Lead:
    if operation in ("AT", "ASSERT", "ASSERT_NOT"):
        return _NOTHING
    if operation == "LITERAL":
        return _literal(chr(argument))
    if operation == "IN":
        return _choice([_member(str(kind), value) for kind, value in argument])
    return _group(operation, argument)


def _group(operation: str, argument: Any) -> _Lead:
    if operation in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, _most, items = argument
        characters, transparent = _sequence(items)
        return characters, transparent or least == 0
    if operation == "SUBPATTERN":
        _number, flags, _without, items = argument
        return _ANY if flags & re.IGNORECASE else _sequence(items)
    if operation == "BRANCH":
        return _choice([_sequence(items) for items in argument[1]])
    return _ANY


def _literal(character: str) -> _Lead:
    return _NOTHING if character.isspace() else (frozenset(character), False)


def _member(kind: str, value: Any) -> _Lead:
    if kind == "LITERAL":
        return _literal(chr(value))
    if kind == "RANGE" and value[1] - value[0] < _WIDEST_RANGE:
        return _choice([_literal(chr(code)) for code in range(value[0], value[1] + 1)])
    if kind == "CATEGORY" and str(value) == "CATEGORY_SPACE":
        return _NOTHING
    if kind == "CATEGORY" and str(value) == "CATEGORY_DIGIT":
        return frozenset({DIGIT}), False
    return _ANY


def _choice(leads: list[_Lead]) -> _Lead:
    if any(characters is None for characters, _ in leads):
        return _ANY
    characters = frozenset[str]().union(*(characters for characters, _ in leads if characters is not None))
    return characters, any(transparent for _, transparent in leads)
