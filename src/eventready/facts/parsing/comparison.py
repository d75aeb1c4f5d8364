"""Comparison of two answers: the running and the saved configuration.

A fact with `against` asks two commands. Its answer is the first one's text, the second command on a line of its own
(a prompt may stand before it, as in a terminal's log), and the second one's text.
"""

from __future__ import annotations

import re
from itertools import zip_longest

from eventready.core.strings.text_lines import lines_of
from eventready.facts.parsing.line_pattern import LinePattern
from eventready.facts.parsing.parsed import ParsedText, printable_line
from eventready.facts.parsing.parsing_time import in_time


class ComparisonParser:
    """The parser `compared`. Lines with a full match of the regular expression `ignored` are left out.

    It gives one row: SAME (`yes` or `no`), and LINE, the first line that is different.
    """

    columns: tuple[str, ...] | None = ("SAME", "LINE")

    def __init__(self, against: str, ignored: str) -> None:
        if not against:
            raise ValueError("the parser compared needs `against`, the command whose answer it compares with")
        try:
            self._ignored = LinePattern(ignored or r"(?!)")
        except re.error as error:
            raise ValueError(f"the pattern {ignored!r} does not compile: {error}") from None
        self._between = re.compile(rf"^(?:[^\s>#]+[>#] ?)?{re.escape(against)}[ \t]*$", re.MULTILINE)

    def parse(self, text: str) -> ParsedText:
        """Return a row if both halves have lines to compare."""
        found = self._between.search(text)
        if found is None:
            return ParsedText(self.columns or (), reason="the answer has no second half to compare with")
        one, other = self._lines(text[: found.start()]), self._lines(text[found.end() :])
        if not one or not other:
            return ParsedText(self.columns or (), reason="one of the two configurations is empty")
        different = next((a or b or "" for a, b in zip_longest(one, other) if a != b), "")
        return ParsedText(self.columns or (), [["no" if one != other else "yes", printable_line(different)]])

    @property
    def patterns(self) -> tuple[str, ...]:
        """The regular expressions of ignored lines and of the line between the two answers."""
        return self._ignored.pattern, self._between.pattern

    def reads(self, line: str) -> bool:
        """Return True for the line between the two answers."""
        return self._between.search(line) is not None

    def knows(self, line: str) -> bool:
        """Return True for an ignored line, and for the line between the two answers."""
        return self.reads(line) or self._ignored.fullmatch(line) is not None

    def _lines(self, text: str) -> list[str]:
        lines = [line.rstrip() for line in in_time(lines_of(text))]
        return [line for line in in_time(lines) if line and not self._ignored.fullmatch(line)]


def join_answers(first: str, against: str, second: str) -> str:
    """Join both answers."""
    return f"{first}\n{against}\n{second}"
