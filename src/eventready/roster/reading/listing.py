"""The list: a row per person and shift, with the day and the code or the hours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta

from eventready.core.errors import WorkspaceError
from eventready.core.messages import Message, message
from eventready.core.timezone import clock_time
from eventready.roster.reading.headers import Field, Table, venue_of
from eventready.roster.reading.legend import Codes, Span, between, of_code, of_text
from eventready.roster.reading.matrix import (
    Draft,
    Reading,
    duty_of,
    is_person,
    rows_of,
    text_of,
    without_duty,
)
from eventready.roster.reading.text import tidy
from eventready.roster.reading.when import DAY_FORM, HOUR_FORM, Calendar, days, hour, hours, moment
from eventready.roster.settings import Code
from eventready.workspace.sheets.sheet import CellError, Fault

#: A row may stand for a shift on each of several days, but not for longer than this.
_MOST_DAYS = 92


def read_list(table: Table, reading: Reading) -> Iterator[Draft]:
    """Yield the drafts of a list; invalid cells are added to the register's problems."""
    sheet, register = table.sheet, reading.register
    problems = register.problems
    for row, section in rows_of(table):
        if not is_person(table, row):
            continue
        ticket = register.add(table, row, note=False)
        try:
            column, spans = _Row(table, row, reading.calendar, reading.codes).spans()
        except WorkspaceError as error:
            problems.append(error)
            continue
        if ticket is None:
            continue
        duty = duty_of(table, row, section)
        if duty is None and any(span.kind != "leave" for span in spans):
            problems.append(without_duty(table, row))
            continue
        place, note, where = text_of(table, row, "place"), text_of(table, row, "note"), sheet.where(row, column)
        yield from (Draft(ticket, span, duty, place, venue_of(place, reading.event), note, where) for span in spans)


#: The row does not say the day: its text has to.
_NO_DAY: tuple[None] = (None,)


class _Row:
    """Time columns of a row."""

    def __init__(self, table: Table, row: int, calendar: Calendar, codes: Codes) -> None:
        self._table, self._row = table, row
        self._calendar, self._codes = calendar, codes

    def _error(self, column: int, what: Message, do: str | Message = "") -> WorkspaceError:
        return self._table.sheet.error(self._row, column, what, do)

    def _reading(self, column: int) -> AbstractContextManager[None]:
        return self._table.sheet.reading(self._row, column)

    def _cell(self, name: Field) -> tuple[int, object]:
        columns = self._table.columns(name)
        for column in columns:
            value = self._table.sheet.cells.get((self._row, column))
            if isinstance(value, Fault):
                raise self._error(column, value.what)
            if value is not None:
                return column, value
        return (columns or self._table.columns("name"))[0], None

    def spans(self) -> tuple[int, list[Span]]:
        """Return the source column, and the spans. Raises WorkspaceError."""
        column, value = self._cell("time")
        text = "" if value is None else tidy(value)
        dates = self._dates()
        on = dates[0] if dates else None
        code = self._code()
        ends = self._ends(on)
        if ends:
            kind, spelling = (code[1].kind, code[0]) if code else ("work", "")
            return self._cell("start")[0], [Span(*ends, kind, spelling)]
        if text and hours(text):
            return column, [self._timed(text, column, day) for day in dates or _NO_DAY]
        return self._coded(column, text, dates)

    def _timed(self, text: str, column: int, day: date | None) -> Span:
        with self._reading(column):
            span = of_text(text, day, self._calendar, self._codes)
            if span is None:
                raise CellError(message("roster:cell.no_hours", text=text), HOUR_FORM)
        known = self._code()
        if known and not span.code:
            kind = span.kind if known[1].kind == "work" else known[1].kind
            return Span(span.start, span.end, kind, known[0])
        return span

    def _coded(self, column: int, text: str, dates: list[date]) -> tuple[int, list[Span]]:
        shift_column, shift = self._cell("shift")
        word = tidy(shift) if shift is not None else text
        at = shift_column if shift is not None or (not text and self._table.columns("shift")) else column
        if not word:
            raise self._error(at, message("roster:cell.no_time"), HOUR_FORM)
        code = self._codes.find(word) or self._codes.find(word.removeprefix("Ca ").removeprefix("ca "))
        if code is None:
            do = message("roster:form.codes_or_hours", known=self._codes.listed)
            raise self._error(at, message("roster:cell.no_code", code=word[:60]), do)
        if not dates:
            raise self._error(self._cell("day")[0], message("roster:cell.no_day"), DAY_FORM)
        return at, [of_code(code[1], code[0], day) for day in dates]

    def _code(self) -> tuple[str, Code] | None:
        _, shift = self._cell("shift")
        if shift is None:
            return None
        word = tidy(shift)
        return self._codes.find(word) or (word[:12], Code())

    def _dates(self) -> list[date]:
        column, value = self._cell("day")
        if value is None:
            return []
        with self._reading(column):
            found = days(value, self._calendar) if isinstance(value, str) else []
            if len(found) != 2:
                return [self._calendar.day(value)]
            count = (found[1] - found[0]).days
            if not 0 <= count < _MOST_DAYS:
                raise CellError(message("roster:cell.no_days", text=tidy(value)), DAY_FORM)
            return [found[0] + timedelta(days=number) for number in range(count + 1)]

    def _ends(self, on: date | None) -> tuple[datetime, datetime] | None:
        """Return the times of the columns `from` and `to`; with hours only, on the row's day."""
        (first, start), (last, end) = self._cell("start"), self._cell("end")
        if start is None or end is None:
            return None
        begin_day, begin = self._moment(first, start)
        end_day, until = self._moment(last, end)
        day = begin_day or on
        if day is None:
            raise self._error(first, message("roster:cell.no_day"), DAY_FORM)
        if end_day is None:
            span = between(day, begin, until)
            return span.start, span.end
        moments = clock_time(day, begin), clock_time(end_day, until)
        if moments[1] <= moments[0]:
            raise self._error(last, message("roster:cell.swapped"))
        return moments

    def _moment(self, column: int, value: object) -> tuple[date | None, timedelta]:
        with self._reading(column):
            if (both := moment(value)) is not None:
                return self._calendar.day(both), timedelta(hours=both.hour, minutes=both.minute)
            dates = days(value, self._calendar) if isinstance(value, str) else []
            at = hour(value)
            if at is None:
                raise CellError(message("roster:cell.no_hour", text=tidy(value)), HOUR_FORM)
            return (dates[0] if dates else None), at
