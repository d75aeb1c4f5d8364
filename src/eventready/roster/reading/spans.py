"""Times of duty in a row or a cell: a code, hours, or both, on a day or over several days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from eventready.core.messages import message
from eventready.roster.reading.legend import Codes
from eventready.roster.reading.text import at_home, fold, tidy
from eventready.roster.reading.when import Calendar, days, hours, midnight
from eventready.roster.settings import DAY, Code
from eventready.workspace.sheets.sheet import CellError

_JOINED = re.compile(r"[+,;/\n&]|\s+")
_FREE = {"", "x nghi", "nghi", "off", "n a", "nghi bu", "nghi tuan"}
_LONGEST = 60


@dataclass(frozen=True)
class Span:
    """Interval [start, end), its kind, and the written code."""

    start: datetime
    end: datetime
    kind: str
    code: str = ""


def of_code(code: Code, spelling: str, day: date) -> Span:
    """A code on a day."""
    start, end = code.span(midnight(day))
    return Span(start, end, code.kind, spelling)


def of_cell(value: object, day: date, codes: Codes) -> list[Span]:
    """Return the spans of a matrix cell: none, a code or several, or hours. Raises CellError."""
    text = tidy(value)
    whole = codes.find(text)
    if whole:
        return [of_code(whole[1], whole[0], day)]
    if fold(text) in _FREE:
        return []
    if len(text) <= _LONGEST:
        parts = [codes.find(part) for part in _JOINED.split(str(value).strip()) if part.strip()]
        if parts and all(parts):
            return [of_code(found[1], found[0], day) for found in parts if found]
        ends = hours(text)
        if len(ends) == 2:
            return [between(day, ends[0], ends[1], kind="on_call" if at_home(text) else "work")]
    names = [part for part in re.split(r"[,;/\n&+]", str(value)) if len(fold(part).split()) >= 2]
    if len(names) >= 2:
        raise CellError(message("roster:cell.two_people", text=text[:_LONGEST]))
    do = message("roster:form.codes_or_legend", known=codes.listed)
    raise CellError(message("roster:cell.no_code", code=text[:_LONGEST]), do)


def between(day: date, start: timedelta, end: timedelta, *, kind: str = "work", code: str = "") -> Span:
    """Return the span between two times of day; an end not after the start is on the next day."""
    begin = midnight(day)
    return Span(begin + start, begin + (end if end > start else end + DAY), kind, code)


def of_text(text: str, day: date | None, calendar: Calendar, codes: Codes) -> Span | None:
    """Return the span of a text with hours: `Ca C1, 06:00-14:00 ngày 29/07/2033`, `07:00 29/07/2033 - 07:00
    30/07/2033`.

    `day` is what the row says elsewhere. None when there are not two times in it. Raises CellError.
    """
    ends, dates = hours(text), days(text, calendar)
    if len(ends) != 2:
        return None
    found = _leading(text, codes)
    spelling = found[0] if found else ""
    kind = "on_call" if at_home(text) else found[1].kind if found else "work"
    if len(dates) == 2:
        start, end = midnight(dates[0]) + ends[0], midnight(dates[1]) + ends[1]
        if end <= start:
            raise CellError(message("roster:cell.ends_first", text=tidy(text)))
        return Span(start, end, kind, spelling)
    on = dates[0] if dates else day
    if on is None:
        raise CellError(message("roster:cell.which_day", text=tidy(text)))
    return between(on, ends[0], ends[1], kind=kind, code=spelling)


def _leading(text: str, codes: Codes) -> tuple[str, Code] | None:
    """Return the code before a comma or colon at the beginning; an unknown code is kept as written."""
    found = re.match(r"(?:ca\s+)?([^\s,:;]{1,12})\s*[,:](?!\d)", tidy(text), re.I)
    if found is None or hours(found[0]):
        return None
    return codes.find(found[1]) or (found[1], Code())
