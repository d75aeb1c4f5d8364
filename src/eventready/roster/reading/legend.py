"""Meaning of a roster's codes, first of the file's own legend, then of roster.yaml, then the usual, and their times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from eventready.core.messages import message
from eventready.core.timezone import clock_time
from eventready.roster.reading.headers import LEGEND, field_of
from eventready.roster.reading.text import WORDS, at_home, fold, marks_kept, tidy
from eventready.roster.reading.when import Calendar, bare_hours, days, hour, hours
from eventready.roster.settings import DAY, Code
from eventready.workspace.sheets.sheet import CellError, Fault, Sheet

_REACH = 8
_LONGEST_CODE = 12

_LINE = re.compile(
    r"([^\s:=;,.]{1,12})\s*[:=]\s*(\d{1,2}\s*[:hHgG]\s*\d{0,2}\s*[-\u2013\u2192]\s*\d{1,2}\s*[:hHgG]?\s*\d{0,2})"
)
_LINE_HEADS = ("ghi chu", "ky hieu", "chu giai", "chu thich", "quy uoc", "note", "legend")

#: Usual codes of shifts with their usual times; the legend of the file goes before them.
CODES = {code: Code.model_validate(meaning) for code, meaning in WORDS.data["codes"].items()}


@dataclass(frozen=True)
class Codes:
    """Codes by their comparison form (`marks_kept`), with the spelling for display."""

    known: Mapping[str, tuple[str, Code]]

    def find(self, text: str) -> tuple[str, Code] | None:
        """A code and its spelling. `D` finds `Đ` where nothing else is written so without diacritics."""
        exact = self.known.get(marks_kept(text))
        if exact or not text.strip():
            return exact
        alike = [entry for key, entry in self.known.items() if fold(key) == fold(text)]
        return alike[0] if len(alike) == 1 else None

    @property
    def listed(self) -> str:
        """All codes, for messages."""
        return ", ".join(spelling for spelling, _ in self.known.values())


def read_legend(sheets: Iterable[Sheet], own: Mapping[str, Code]) -> Codes:
    """The codes of a file; `own` are those of roster.yaml. Raises WorkspaceError for a code without a meaning."""
    known = {marks_kept(code): (code, meaning) for code, meaning in {**CODES, **own}.items()}
    written: dict[str, tuple[str, Code]] = {}
    for sheet in sheets:
        for row, column in sorted(sheet.cells):
            text = sheet.cells[row, column]
            if not isinstance(text, str) or sheet.head(row, column) != (row, column):
                continue
            if LEGEND.meant(text) == ("code",) and _heads_legend(sheet, row, column):
                _table(sheet, row, column, known, written)
            elif fold(text).startswith(_LINE_HEADS):
                written.update(_line(text))
    return Codes({**known, **written})


def _line(text: str) -> Iterator[tuple[str, tuple[str, Code]]]:
    """Yield the codes of a legend on a single line, such as `Ghi chú: S: 6h-14h; C: 14h-22h`."""
    for code, span in _LINE.findall(text):
        ends = hours(span)
        if len(ends) == 2:
            yield marks_kept(code), (tidy(code), Code.model_validate({"from": ends[0], "to": ends[1]}))


def _heads_legend(sheet: Sheet, row: int, column: int) -> bool:
    """True for `Ký hiệu` with times or a meaning on its right, unless the row heads a list of people itself."""
    values = sheet.row(row, min(sheet.width, column + _REACH))
    if any(field_of(value) == "name" for value in values[column:]):
        return False
    if field_of(values[column - 1]) == "shift" and any(field_of(value) == "name" for value in values):
        return False
    return any(
        isinstance(value, str) and LEGEND.meant(value.split("(")[0]) == ("meaning",) for value in values[column:]
    )


def _table(
    sheet: Sheet, top: int, column: int, known: Mapping[str, object], written: dict[str, tuple[str, Code]]
) -> None:
    for row in range(top + 1, sheet.height + 1):
        value = sheet.cells.get((row, column))
        if value is None:
            return
        code = tidy(value)
        if isinstance(value, Fault) or len(code) > _LONGEST_CODE:
            return
        meaning = _meaning(sheet, row, column)
        if meaning is not None:
            written[marks_kept(code)] = (code, meaning)
        elif marks_kept(code) not in known:
            raise sheet.error(row, column, message("roster:cell.no_legend", code=code))


def _meaning(sheet: Sheet, row: int, column: int) -> Code | None:
    values = [
        value
        for right in range(column + 1, min(sheet.width, column + _REACH) + 1)
        if (value := sheet.cells.get((row, right))) is not None and not isinstance(value, Fault)
    ]
    words = f" {fold(' '.join(value for value in values if isinstance(value, str)))} "
    on_call = at_home(words)
    ends = _ends(values)
    if ends:
        return Code.model_validate({"kind": "on_call" if on_call else "work", "from": ends[0], "to": ends[1]})
    if any(word in words for word in (" phep ", " nghi ", " leave ", " om ", " cong tac ")):
        return Code(kind="leave")
    return Code(kind="on_call") if on_call else None


def _ends(values: list[object]) -> tuple[timedelta, timedelta] | None:
    texts = [value for value in values if isinstance(value, str)]
    found = next((ends for text in texts if len(ends := hours(text) or bare_hours(text)) == 2), None)
    if found:
        return found[0], found[1]
    single = [at for value in values if (at := hour(value)) is not None]
    return (single[0], single[1]) if len(single) >= 2 else None


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
    start, end = code.span(day)
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
    return Span(clock_time(day, start), clock_time(day, end if end > start else end + DAY), kind, code)


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
        start, end = clock_time(dates[0], ends[0]), clock_time(dates[1], ends[1])
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
