"""What runs held against what is saved: two answers, and whether they say the same.

A fact with `against` asks two commands. Its answer is the first one's text, the second command on a line of its own
(a prompt may stand before it, as in a terminal's log), and the second one's text.
"""

from __future__ import annotations

import re
from itertools import zip_longest

from eventready.facts.reading import Reading, quoted


class Compared:
    """The parser `compared`. Lines that match `ignored` (a regular expression, matched in full) count for nothing.

    It gives one row: SAME (`yes` or `no`), and LINE, the first line that is different.
    """

    columns: tuple[str, ...] | None = ("SAME", "LINE")

    def __init__(self, against: str, ignored: str) -> None:
        if not against:
            raise ValueError("the parser compared needs `against`, the command whose answer it compares with")
        try:
            self._ignored = re.compile(ignored or r"(?!)")
        except re.error as error:
            raise ValueError(f"the pattern {ignored!r} does not compile: {error}") from None
        self._between = re.compile(rf"^(?:[^\s>#]+[>#] ?)?{re.escape(against)}[ \t]*$", re.MULTILINE)

    def read(self, text: str) -> Reading:
        """Never raises. Unless both halves have something to compare, there is no row."""
        found = self._between.search(text)
        if found is None:
            return Reading(self.columns or (), reason="the answer has no second half to compare with")
        one, other = self._lines(text[: found.start()]), self._lines(text[found.end() :])
        if not one or not other:
            return Reading(self.columns or (), reason="one of the two configurations is empty")
        different = next((a or b or "" for a, b in zip_longest(one, other) if a != b), "")
        return Reading(self.columns or (), [["no" if one != other else "yes", quoted(different)]])

    def _lines(self, text: str) -> list[str]:
        lines = [line.rstrip() for line in text.splitlines()]
        return [line for line in lines if line and not self._ignored.fullmatch(line)]


def joined(first: str, against: str, second: str) -> str:
    """One text of both answers."""
    return f"{first}\n{against}\n{second}"
