"""Table with names in its cells: days by shifts, either way round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from eventready.core.messages import message
from eventready.roster.reading.headers import field_of, role_of
from eventready.roster.reading.legend import Codes, Span, between, of_code
from eventready.roster.reading.matrix import Draft, Duty, Reading
from eventready.roster.reading.register import split_names
from eventready.roster.reading.text import at_home, fold, tidy
from eventready.roster.reading.when import Calendar, NotADay, hours, looks_like_day
from eventready.roster.settings import Code
from eventready.workspace.sheets.sheet import Fault, Sheet

_FREE = {"", "nghi", "x", "off"}


@dataclass(frozen=True)
class ShiftTitle:
    """A shift named in a header: code with its spelling, or two times of day."""

    spelling: str
    code: Code | None = None
    ends: tuple[timedelta, timedelta] | None = None

    def on(self, day: date) -> Span:
        """The shift on a day."""
        if self.ends is not None:
            kind = "on_call" if at_home(self.spelling) else "work"
            return between(day, *self.ends, kind=kind)
        return of_code(self.code or Code(), self.spelling, day)


@dataclass(frozen=True)
class NameTable:
    """Header row, and days and shifts by column or by row; days or shifts are empty in the header."""

    sheet: Sheet
    head: int
    lead: int
    days: Mapping[int, date]
    shifts: Mapping[int, ShiftTitle]
    role_column: int | None
    duty: Duty | None


def find_name_table(sheet: Sheet, calendar: Calendar, codes: Codes) -> NameTable | None:
    """Return the table of a sheet with days beside a shift column, or shifts beside a day column, in its header.

    Raises WorkspaceError for a day outside the calendar.
    """
    for row in sheet.top:
        cells = {column: value for column in range(1, sheet.width + 1) if (value := sheet.cells.get((row, column)))}
        fields = {column: field_of(value) for column, value in cells.items()}
        if "name" in fields.values():
            return None
        lead = next((column for column, field in fields.items() if field in ("shift", "time", "day")), None)
        if lead is None:
            continue
        role = next((column for column, field in fields.items() if field == "role"), None)
        rest = {column: value for column, value in cells.items() if column > lead and column != role}
        duty = _duty_above(sheet, row)
        if fields[lead] == "day":
            shifts = {c: title for c, value in rest.items() if (title := shift_title(value, codes))}
            if shifts:
                return NameTable(sheet, row, lead, {}, shifts, role, duty)
        elif days := {c: value for c, value in rest.items() if looks_like_day(value)}:
            return NameTable(sheet, row, lead, _dated(sheet, row, days, calendar), {}, role, duty)
    return None


def shift_title(value: object, codes: Codes) -> ShiftTitle | None:
    """Return the shift of a header: a code, `Ca` and a code, or hours; None for other text."""
    if not isinstance(value, str):
        return None
    text = tidy(value)
    first = text.split("(")[0].strip()
    for spelling in (text, first, first.removeprefix("Ca ").removeprefix("CA ").strip()):
        if found := codes.find(spelling):
            return ShiftTitle(found[0], found[1])
    ends = hours(text)
    return ShiftTitle(text, ends=(ends[0], ends[1])) if len(ends) == 2 else None


def read_name_table(table: NameTable, reading: Reading) -> Iterator[Draft]:
    """The drafts of a table; invalid cells go to the problems of the register."""
    sheet, problems = table.sheet, reading.register.problems
    for row in sheet.rows(table.head + 1):
        lead = sheet.cells.get((row, table.lead))
        if lead is None or isinstance(lead, Fault):
            continue
        duty = _duty_of_row(table, row)
        for column in table.days or table.shifts:
            value = sheet.cells.get((row, column))
            if value is None or sheet.head(row, column) != (row, column):
                continue
            if isinstance(value, Fault):
                problems.append(sheet.error(row, column, value.what))
                continue
            if fold(str(value)) in _FREE:
                continue
            if duty is None:
                problems.append(sheet.error(row, column, message("roster:cell.table_duty")))
                return
            span = _span(table, row, column, lead, reading)
            if span is None:
                break
            for typed in split_names(str(value)):
                ticket = reading.register.add_typed(sheet, row, column, typed)
                if ticket is not None:
                    yield Draft(ticket, span, duty, "", "", "", sheet.where(row, column))


def _span(table: NameTable, row: int, column: int, lead: object, reading: Reading) -> Span | None:
    """The shift of a cell; None, and a problem, for an invalid day or shift at the beginning of the row."""
    sheet, problems = table.sheet, reading.register.problems
    if table.days:
        title = shift_title(lead, reading.codes)
        if title is None:
            do = message("roster:form.codes_or_hours", known=reading.codes.listed)
            problems.append(sheet.error(row, table.lead, message("roster:cell.no_code", code=tidy(lead)[:60]), do))
            return None
        return title.on(table.days[column])
    try:
        return table.shifts[column].on(reading.calendar.day(lead))
    except NotADay as error:
        problems.append(sheet.error(row, table.lead, error.what, error.do))
        return None


def _dated(sheet: Sheet, row: int, days: Mapping[int, object], calendar: Calendar) -> dict[int, date]:
    found = {}
    for column, value in days.items():
        with sheet.reading(row, column):
            found[column] = calendar.day(value)
    return found


def _duty_above(sheet: Sheet, head: int) -> Duty | None:
    """The duty named above the header, nearest first, else by the sheet."""
    for row in range(head - 1, 0, -1):
        for value in sheet.row(row, sheet.width):
            if duty := role_of(value):
                return duty
    return role_of(sheet.name)


def _duty_of_row(table: NameTable, row: int) -> Duty | None:
    value = table.sheet.cells.get((row, table.role_column)) if table.role_column else None
    return (role_of(value) if value is not None else None) or table.duty
