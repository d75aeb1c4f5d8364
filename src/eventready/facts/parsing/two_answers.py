"""Two answers of a fact: compared (the running and the saved configuration), or records completed from a table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from eventready.core.messages import Message
from eventready.core.strings.texts import lines_of
from eventready.facts.observation import Unread
from eventready.facts.parsing.build import cell_of
from eventready.facts.parsing.line_pattern import LinePattern
from eventready.facts.parsing.parsed import ParsedText, printable_line
from eventready.facts.parsing.parsing_time import in_time
from eventready.platforms.model import JoinSpec


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
        if self._between.search(text, found.end()):
            return ParsedText(self.columns or (), reason="the answer has more than one second half to compare with")
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


_Row = Sequence[Any]
_Key = tuple[str, ...]


def join_rows(parsed: ParsedText, spec: JoinSpec, second: str) -> tuple[ParsedText, tuple[Unread, ...]]:
    """Return the records with the column from the table; as unread records and rows without a partner, or with several.

    `second`: the command of the table. Its rows bound the records.
    """
    places = {column: place for place, column in enumerate(parsed.columns)}
    column, table = places[spec.column], places[spec.table]
    rows = [row for row in in_time(parsed.rows) if row[table]]
    records = [row for row in in_time(parsed.rows) if not row[table]]
    by_cells, own_cells = _keys(spec, places)
    in_table = {by_cells(row): row for row in in_time(rows)}
    often = Counter(by_cells(row) for row in in_time(rows))
    often.update(own_cells(row) for row in in_time(records) if not row[column])
    complete: list[_Row] = []
    unread: list[str] = []
    for row in in_time(records):
        key = own_cells(row)
        if row[column]:
            complete.append(row)
        elif key in in_table and often[key] == 2:
            complete.append([in_table[key][table] if place == column else value for place, value in enumerate(row)])
        else:
            unread.append(key[0])
    taken = {row[column] for row in complete}
    unread += [port for port in dict.fromkeys(row[table] for row in rows) if port not in taken]
    reason = Message("facts:join", {"command": second})
    parted = tuple(Unread(printable_line(name), reason) for name in dict.fromkeys(unread))
    return replace(parsed, rows=complete, bounded=True), parted


def _keys(spec: JoinSpec, places: dict[str, int]) -> tuple[Callable[[_Row], _Key], Callable[[_Row], _Key]]:
    """Return the keys of a row of the table, and of a record, by which they belong together."""
    pairs = [(places[column], cell_of(own, places), spec.cut.get(column)) for column, own in spec.by.items()]

    def of_table(row: _Row) -> _Key:
        return tuple(str(row[place]).strip() for place, _, _ in pairs)

    def of_record(row: _Row) -> _Key:
        return tuple((str(cell(row) or "") if cell else "")[:width].strip() for _, cell, width in pairs)

    return of_table, of_record
