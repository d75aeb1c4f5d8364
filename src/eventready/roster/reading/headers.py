"""Header words of a roster's columns, and detection of the table beneath."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias

from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.roster.reading.text import WORDS, fold, folded_words, tidy
from eventready.roster.reading.when import Calendar, bare_day, is_serial, looks_like_day, month_named
from eventready.roster.roster import Branch, Role
from eventready.workspace.files.yaml_document import raise_errors
from eventready.workspace.settings.event import Event
from eventready.workspace.sheets.sheet import Fault, Sheet
from eventready.workspace.sheets.spelling import Vocabulary

Field: TypeAlias = Literal[
    "name", "id", "title", "unit", "role", "phone", "place", "skills", "reserve", "authorise", "note",
    "day", "shift", "time", "start", "end", "number",
]  # fmt: skip

#: Headers of the fields, and those of a legend.
_FIELDS, LEGEND = Vocabulary(WORDS.mapping("columns")), Vocabulary(WORDS.mapping("legend"))
_ROLES, _BRANCHES = folded_words("roles"), folded_words("branches")

#: Rows that a table's head may take.
_TALLEST = 4


def field_of(value: object) -> Field | None:
    """Return the field of a header, in any case and diacritics; words in brackets do not count."""
    if not isinstance(value, str) or len(value) > 120:
        return None
    found: Any = _FIELDS.meant(value) or _FIELDS.meant(value.split("(")[0])
    return found[0] if found else None


def role_of(value: object) -> tuple[Role, Branch] | None:
    """Return the duty of a text, and for operations the branch."""
    if not isinstance(value, str) or len(value) > 200:
        return None
    role: Any = next(_standing(_ROLES, value), None)
    branches: list[Any] = list(_standing(_BRANCHES, value)) if role == "VH" else []
    return (role, branches[0] if len(branches) == 1 else "") if role else None


def _standing(words: Mapping[str, tuple[str, ...]], text: str) -> Iterator[str]:
    """Names with a word in a text."""
    padded = f" {fold(text)} "
    return (name for name, found in words.items() if any(f" {word} " in padded for word in found))


def venue_of(place: str, event: Event) -> str:
    """Return the short name of the venue of a place, empty for another place.

    Part of a venue's name will do when it is no other venue's too.
    """
    wanted = _spelled(place)
    if not wanted:
        return ""
    names = {
        venue.id: {_spelled(name) for name in (venue.id, venue.name, venue.name_vi) if name} for venue in event.venues
    }
    exact = [venue for venue, known in names.items() if wanted in known]
    if exact:
        return exact[0]
    near = [
        venue
        for venue, known in names.items()
        if any((wanted in name and len(wanted) > 6) or (name in wanted and len(name) > 6) for name in known)
    ]
    return near[0] if len(near) == 1 else ""


def _spelled(place: str) -> str:
    """Folded, with the usual abbreviations written out."""
    words = {"tt": "trung tam", "tthn": "trung tam hoi nghi", "ttvh": "trung tam van hoa", "kdt": "khu di tich"}
    return " ".join(words.get(word, word) for word in fold(place).split())


@dataclass(frozen=True)
class Table:
    """Place of the table in a sheet: rows from `body` on; several columns may be phones.

    `days` are the columns of a matrix. A table with neither days nor times is a register of people.
    """

    sheet: Sheet
    body: int
    fields: dict[int, Field]
    days: dict[int, date]

    @property
    def kind(self) -> Literal["matrix", "list", "people"]:
        """Return the kind of table from its columns."""
        if self.days:
            return "matrix"
        return "list" if set(self.fields.values()) & {"day", "shift", "time", "start"} else "people"

    def columns(self, name: Field) -> list[int]:
        """The columns of a field, from the left."""
        return [column for column, field in sorted(self.fields.items()) if field == name]

    def unread(self) -> list[str]:
        """Headers of columns with neither a field nor a day."""
        heads = (
            self.sheet.cells.get(self.sheet.head(self.body - 1, column))
            for column in range(1, self.sheet.width + 1)
            if column not in self.fields and column not in self.days
        )
        return list(dict.fromkeys(tidy(head)[:60] for head in heads if isinstance(head, str) and not field_of(head)))


def find_table(sheet: Sheet, calendar: Calendar) -> Table | None:
    """Return the table of a sheet; None if no row has a header for names. Raises WorkspaceError for invalid days."""
    top = next((row for row in sheet.top if _names(sheet, row)), None)
    if top is None:
        return None
    name = _names(sheet, top)[0]
    bottom = top
    while bottom < top + _TALLEST and (_same(sheet, name, top, bottom + 1) or _continues(sheet, name, bottom + 1)):
        bottom += 1
    rows = range(max(1, top - 2), bottom + 1)
    fields: dict[int, Field] = {}
    for column in range(1, sheet.width + 1):
        found = [f for row in range(top, bottom + 1) if (f := field_of(sheet.cells.get((row, column))))]
        if found:
            fields[column] = found[-1]
    days = _days(sheet, rows, top, fields, calendar)
    return Table(sheet, bottom + 1, {c: field for c, field in fields.items() if c not in days}, days)


def _names(sheet: Sheet, row: int) -> list[int]:
    values = sheet.row(row, sheet.width)
    found = [column for column, value in enumerate(values, start=1) if field_of(value) == "name"]
    others = {field_of(value) for value in values} - {None, "name"}
    dates = any(looks_like_day(value) for value in values)
    return found if others or dates else []


def _same(sheet: Sheet, column: int, top: int, row: int) -> bool:
    """True while the header of names, merged downward, still covers the row."""
    return sheet.head(row, column) == sheet.head(top, column) and (row, column) in sheet.merged


def _continues(sheet: Sheet, name: int, row: int) -> bool:
    """Return True for a row below the header with days or sub-headers, and no name."""
    if (row, name) in sheet.cells:
        return False
    values = [value for value in sheet.row(row, sheet.width) if value is not None]
    return any(looks_like_day(value) or field_of(value) for value in values)


def _days(sheet: Sheet, rows: range, top: int, fields: dict[int, Field], calendar: Calendar) -> dict[int, date]:
    """Return the columns headed by a day. Under a header such as `Ngày trực` the days stand below, never above."""
    days: dict[int, date] = {}
    problems = []
    for column in range(1, sheet.width + 1):
        own = range(top, rows.stop) if column in fields else rows
        try:
            found = _day(sheet, own, column, calendar)
        except WorkspaceError as error:
            problems.append(error)
            continue
        if found is None:
            continue
        row, day = found
        if day in days.values():
            problems.append(sheet.error(row, column, message("roster:cell.second_column", day=day)))
        days[column] = day
    raise_errors(problems)
    return days


def _day(sheet: Sheet, rows: range, column: int, calendar: Calendar) -> tuple[int, date] | None:
    month: tuple[int, int | None] | None = None
    found: tuple[int, date] | None = None
    for row in rows:
        value = sheet.cells.get((row, column))
        if value is None or (sheet.head(row, column)[1] != column and month_named(value) is None):
            continue
        if isinstance(value, Fault):
            raise sheet.error(row, column, value.what)
        named = month_named(value)
        if named and not looks_like_day(value):
            month = named
            continue
        if looks_like_day(value) or (month and _counts_days(value)) or is_serial(value):
            with sheet.reading(row, column):
                found = row, calendar.day(value, month=month)
    return found


def _counts_days(value: object) -> bool:
    if isinstance(value, int | float):
        return value in range(1, 32)
    return isinstance(value, str) and bare_day(value) is not None
