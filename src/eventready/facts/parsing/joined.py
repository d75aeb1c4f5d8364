"""Records of a first answer, completed from the rows of a table in the second (`join` of a fact)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from eventready.core.messages import Message
from eventready.facts.observation import Unread
from eventready.facts.parsing.build import cell_of
from eventready.facts.parsing.parsed import ParsedText, printable_line
from eventready.facts.parsing.parsing_time import in_time
from eventready.platforms.model import JoinSpec

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
