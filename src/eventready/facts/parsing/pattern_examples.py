"""Example lines of regular expressions, read off the parse tree of Python's `re`.

Used to refuse patterns that no line of an answer can match.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice, product
from typing import Any

from eventready.core.strings.pattern import parse_tree
from eventready.session.dialogue.patterns import Patterns

_MOST = 64
#: Characters tried for a character class, the most usual ones first.
_TRIED = "a0 A-_.:/%\t=,;()[]{}<>|*+#'\"!?&@~^$\\\n"
_CATEGORIES = {
    "CATEGORY_DIGIT": "0",
    "CATEGORY_NOT_DIGIT": "a",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_SPACE": "a",
    "CATEGORY_WORD": "a",
    "CATEGORY_NOT_WORD": " ",
}


class _Unknown(Exception):
    """A part for which no example is made."""


def example_lines(pattern: str) -> tuple[str, ...]:
    """Return texts with a match: some per branch, at most 64; none for a pattern with a reference or an assertion."""
    try:
        return tuple(islice(dict.fromkeys(_sequence(list(parse_tree(pattern)))), _MOST))
    except (_Unknown, ImportError, re.error, RecursionError):
        return ()


def unreachable(pattern: str, session: Patterns) -> str:
    """Return the reason why no line of an answer matches a pattern; empty for a pattern with a match.

    Lines have no line end, and no blank at their end. Answers with a refusal of the platform, and its log lines, reach
    no fact.
    """
    examples = example_lines(pattern)
    if not examples:
        return ""
    continued = (line for text in examples if "\n" not in text for line in (text.rstrip(), f"{text}x"))
    lines = [line for line in continued if re.search(pattern, line)]
    if not lines:
        return "no line matches it: lines have neither a line end nor blanks at their end"
    if not str(parse_tree(pattern)).startswith("[(AT, AT_BEGINNING"):
        return ""
    if all(session.refusal(line)[0] for line in lines):
        return "`refused` or `denied` of the session matches the same lines first"
    if all(not session.without_log_lines(line) for line in lines):
        return "`noise` of the session removes the same lines first"
    return ""


def _sequence(items: Sequence[Any]) -> list[str]:
    parts = [_part(str(operation), argument) for operation, argument in items]
    return ["".join(chosen) for chosen in islice(product(*parts), _MOST)]


def _part(operation: str, argument: Any) -> list[str]:
    if operation == "IN":
        return [_member(argument)]
    if operation in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least = int(argument[0])
        return [text * least for text in _sequence(list(argument[2]))] if least else [""]
    if operation == "SUBPATTERN":
        return _sequence(list(argument[3]))
    if operation == "BRANCH":
        return [text for branch in argument[1] for text in _sequence(list(branch))]
    return [_character(operation, argument)]


def _character(operation: str, argument: Any) -> str:
    """Return the text of a part with at most a character."""
    if operation == "LITERAL":
        return chr(argument)
    if operation == "NOT_LITERAL":
        return next(c for c in _TRIED if ord(c) != argument)
    if operation in ("ANY", "AT"):
        return "a" if operation == "ANY" else ""
    raise _Unknown


def _member(members: Iterable[Any]) -> str:
    """Return a character of a class."""
    negated, found = False, ""
    for kind, value in ((str(kind), value) for kind, value in members):
        if kind == "NEGATE":
            negated = True
        elif kind == "LITERAL":
            found += chr(value)
        elif kind == "RANGE":
            found += "".join(map(chr, range(value[0], min(value[1], value[0] + 128) + 1)))
        elif not negated:
            found += _CATEGORIES[str(value)]
        else:
            raise _Unknown
    if not negated:
        return found[0]
    return next(c for c in _TRIED if c not in found)
