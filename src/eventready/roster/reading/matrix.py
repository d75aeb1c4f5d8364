"""Roster matrix of engineers: a row per person, a column per day, a code in each cell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.roster.reading.headers import Field, Table, field_of, role_of, venue_of
from eventready.roster.reading.legend import Codes, Span, of_cell
from eventready.roster.reading.register import Register
from eventready.roster.reading.text import WORDS, fold, tidy
from eventready.roster.reading.when import Calendar
from eventready.roster.roster import Branch, Role
from eventready.workspace.settings.event import Event
from eventready.workspace.sheets.sheet import CellError, Fault

Duty = tuple[Role, Branch]

#: What stands before a heading: I, II, 1, a), (1).
_NUMBERING = re.compile(r"\(?(?:[IVX]{1,5}|\d{1,3}(?:\.0)?|[A-Za-zĐđ])\)?[.)/]?")
_NUMBERED = re.compile(rf"^\s*{_NUMBERING.pattern}\s+")

_HEADINGS = tuple(WORDS.data["headings"])


@dataclass(frozen=True)
class Draft:
    """Span of a row, before the identification of people. `ticket` is the register's; a leave has no duty."""

    ticket: int
    span: Span
    duty: Duty | None
    place: str
    venue: str
    note: str
    cell: str


@dataclass(frozen=True)
class Reading:
    """Context for reading every table of a file; invalid cells are added to the register's problems."""

    event: Event
    calendar: Calendar
    codes: Codes
    register: Register


def read_matrix(table: Table, reading: Reading) -> Iterator[Draft]:
    """Yield the drafts of a matrix; invalid cells are added to the register's problems."""
    sheet, codes, register = table.sheet, reading.codes, reading.register
    problems = register.problems
    problems += _undated(table, codes)
    for row, section in rows_of(table):
        cells = [(column, sheet.cells[row, column]) for column in table.days if (row, column) in sheet.cells]
        if not is_person(table, row):
            problems += _orphans(table, row, cells, codes)
            continue
        duty = duty_of(table, row, section)
        ticket = register.add(table, row, role=duty[0] if duty else None)
        if ticket is None:
            continue
        place = text_of(table, row, "place")
        drafts = []
        for column, value in cells:
            try:
                spans = _spans(table, column, value, codes)
            except CellError as error:
                problems.append(sheet.error(row, column, error.what, error.do))
                continue
            where = sheet.where(row, column)
            drafts += [Draft(ticket, span, duty, place, venue_of(place, reading.event), "", where) for span in spans]
        if duty is None and any(draft.span.kind != "leave" for draft in drafts):
            problems.append(without_duty(table, row))
            continue
        yield from drafts


def _spans(table: Table, column: int, value: object, codes: Codes) -> list[Span]:
    if isinstance(value, Fault):
        raise CellError(value.what)
    return of_cell(value, table.days[column], codes)


def _undated(table: Table, codes: Codes) -> list[WorkspaceError]:
    """Return the errors for columns between the days with shifts and without a day."""
    sheet, known = table.sheet, {*table.days, *table.fields}
    found = []
    for column in range(min(table.days), max(table.days) + 1):
        body = [sheet.cells.get((row, column)) for row in sheet.rows(table.body)]
        texts = [value for value in body if isinstance(value, str)]
        if column not in known and any(codes.find(text) for text in texts):
            found.append(sheet.error(table.body - 1, column, message("roster:cell.dayless")))
    return found


def _orphans(table: Table, row: int, cells: list[tuple[int, object]], codes: Codes) -> list[WorkspaceError]:
    sheet = table.sheet
    if len({sheet.head(row, column) for column in range(1, sheet.width + 1) if (row, column) in sheet.cells}) < 2:
        return []
    lost = [column for column, value in cells if isinstance(value, str) and codes.find(value)]
    name = table.columns("name")[0]
    return [sheet.error(row, name, message("roster:cell.nameless"))] if lost else []


def rows_of(table: Table) -> Iterator[tuple[int, Duty | None]]:
    """Yield the rows except headings, each with the duty from the heading above, or from the sheet's name."""
    section = role_of(table.sheet.name)
    for row in table.sheet.rows(table.body):
        heading = _section_of(table, row)
        if heading:
            section = heading
        else:
            yield row, section


def _section_of(table: Table, row: int) -> Duty | None:
    """Return the duty of a heading row for the rows below: `TRỰC LÃNH ĐẠO`, with or without a leading number."""
    sheet = table.sheet
    filled = [column for column in range(1, sheet.width + 1) if (row, column) in sheet.cells]
    texts = {sheet.head(row, column): sheet.cells[row, column] for column in filled}
    words = [text for text in texts.values() if not _NUMBERING.fullmatch(str(text).strip())]
    if len(words) != 1 or len(texts) > 2 or not isinstance(words[0], str):
        return None
    is_heading = fold(_NUMBERED.sub("", words[0])).startswith(_HEADINGS)
    return role_of(words[0]) if is_heading else None


def is_person(table: Table, row: int) -> bool:
    """Return True for a row with a name and another value: no repeated header, no line of numbers, no footer."""
    sheet, name = table.sheet, table.columns("name")[0]
    value = sheet.cells.get((row, name))
    if value is None or field_of(value) == "name":
        return False
    if not isinstance(value, Fault) and not any(c.isalpha() for c in str(value)):
        return False
    columns = [column for column in {*table.fields, *table.days} if (row, column) in sheet.cells]
    return len({sheet.head(row, column) for column in columns}) > 1


def duty_of(table: Table, row: int, section: Duty | None) -> Duty | None:
    """Return the duty of a row: from its own column, else from the heading above."""
    text = text_of(table, row, "role")
    return role_of(text) if text else section


def without_duty(table: Table, row: int) -> WorkspaceError:
    """Return the error for a row without a duty."""
    column = (table.columns("role") or table.columns("name"))[0]
    text = text_of(table, row, "role")
    what = message("roster:cell.other_duty", text=text) if text else message("roster:cell.no_duty")
    return table.sheet.error(row, column, what, message("roster:form.duty"))


def text_of(table: Table, row: int, name: Field) -> str:
    """The text of the first filled column of a field."""
    values = [table.sheet.cells.get((row, column)) for column in table.columns(name)]
    return next((tidy(value) for value in values if value is not None and not isinstance(value, Fault)), "")
