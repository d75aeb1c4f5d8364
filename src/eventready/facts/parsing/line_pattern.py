"""Regular expressions of a platform, tried on lines with a bounded cost.

A pattern whose cost grows faster than the third power of a line's length is refused when the platform is loaded. The
others are tried on lines up to the length at which a failed match takes about _STEPS steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product
from typing import Any

from eventready.core.errors import InvalidValue
from eventready.core.strings.pattern import costly, parse_tree, search_exponent
from eventready.facts.parsing.parsed import LONGEST_LINE, PARSING_SECONDS
from eventready.facts.parsing.parsing_time import end_after, look
from eventready.session.dialogue.patterns import Patterns

#: The highest exponent (see `pattern`) of a pattern, and the steps of a failed match, about a second.
COSTLIEST, _STEPS = 3, 2e8
#: A longer line, and one of so many lines, reads the clock.
_LONG_LINE, _LINES_BETWEEN_CLOCKS = 200, 64


class LinePattern:
    """A compiled pattern; a line longer than `longest` never matches. Raises ValueError for a costly pattern."""

    __slots__ = ("_regex", "longest")

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self._regex = re.compile(pattern, flags)
        cost = search_exponent(pattern)
        if cost > COSTLIEST:
            raise InvalidValue(costly(pattern))
        self.longest = LONGEST_LINE if cost < 2 else min(LONGEST_LINE, int(_STEPS ** (1 / cost)))

    @property
    def pattern(self) -> str:
        """The regular expression as text."""
        return self._regex.pattern

    def search(self, line: str) -> re.Match[str] | None:
        """Search like `re.Pattern.search`. Raises ParsingTooLong."""
        if len(line) > _LONG_LINE:
            look()
        return self._regex.search(line) if len(line) <= self.longest else None

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """Match like `re.Pattern.fullmatch`."""
        return self._regex.fullmatch(text) if len(text) <= self.longest else None

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Find like `re.Pattern.finditer`."""
        return self._regex.finditer(text) if len(text) <= self.longest else iter(())


class LineRules:
    """Classification of unmatched lines: harmless, or possibly with a value of the fact.

    `carries`: regular expressions of the lines by which the fact is known, of the lines that begin a record and of the
    rows of tables; None: any line may carry it. `harmless`: lines that never do, whatever `carries` says, unless they
    begin a record (`begins`). Raises ValueError for a costly pattern.
    """

    def __init__(
        self, carries: Iterable[str] | None = None, harmless: Iterable[str] = (), begins: Iterable[str] = ()
    ) -> None:
        self._carries = None if carries is None else tuple(map(LinePattern, carries))
        self._harmless = tuple(map(LinePattern, harmless))
        self._begins = tuple(map(LinePattern, begins))

    def harmless(self, line: str) -> bool:
        """Return True for a known line without values."""
        known = any(pattern.search(line) for pattern in self._harmless)
        return known and not any(pattern.search(line) for pattern in self._begins)

    def may_carry(self, line: str) -> bool:
        """Return True for a line with a possible value of the fact, such as a line too long for a pattern."""
        if self._carries is None:
            return True
        return any(len(line) > pattern.longest or pattern.search(line) for pattern in self._carries)


def watched(lines: Iterable[str], seconds: float | None = None) -> Iterator[str]:
    """Yield lines. Raises ParsingTooLong after `seconds` (default PARSING_SECONDS) of this thread's processor time."""
    end = end_after(PARSING_SECONDS if seconds is None else seconds)
    for number, line in enumerate(lines):
        if len(line) > _LONG_LINE or number % _LINES_BETWEEN_CLOCKS == 0:
            look(end)
        yield line


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
