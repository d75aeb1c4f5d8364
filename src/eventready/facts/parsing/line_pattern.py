"""Regular expressions of a platform, tried on lines with a bounded cost.

A pattern whose cost grows faster than the third power of a line's length is refused when the platform is loaded. The
others are tried on lines up to the length at which a failed match takes about _STEPS steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from eventready.core.errors import InvalidValue
from eventready.core.strings.pattern import costly, search_exponent
from eventready.facts.parsing.parsed import LONGEST_LINE, PARSING_SECONDS
from eventready.facts.parsing.parsing_time import end_after, look

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
