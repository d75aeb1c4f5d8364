"""A roster as an xlsx file: the formal list, the people, and leave. Importing the file gives the same roster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from eventready.core.messages import Lang, term, text
from eventready.roster import wording
from eventready.roster.exports.table import COLUMNS, rows
from eventready.roster.roster import Person, Roster
from eventready.workspace.settings.event import Event
from eventready.workspace.sheets.workbook import new_workbook, write_head

#: Columns and widths; the catalogue has their titles under `roster:people_column`.
_PEOPLE = (
    ("id", 14), ("name", 26), ("title", 20), ("unit", 24), ("phones", 26), ("skills", 16), ("reserve", 12),
    ("authorise", 12), ("note", 20),
)  # fmt: skip
_LEAVE = (("id", 14), ("name", 26), ("code", 8), ("from", 18), ("to", 18), ("note", 20))
_WIDTHS = (5, 26, 20, 24, 22, 34, 28, 26, 18)

Columns = Sequence[tuple[str, float]]


def to_xlsx(roster: Roster, event: Event, *, rehearsal: bool = False) -> bytes:
    """The bytes of the file in the event's language, with complete telephone numbers; `rehearsal` marks its title."""
    lang = event.lang
    workbook, stream = new_workbook(text("roster:xlsx.list", lang))
    base = {"font_name": "Times New Roman", "font_size": 12}
    formats = {
        "title": workbook.add_format({**base, "bold": True, "align": "center", "text_wrap": True, "font_size": 14}),
        "head": workbook.add_format({**base, "bold": True, "align": "center", "text_wrap": True, "border": 1}),
        "cell": workbook.add_format({**base, "text_wrap": True, "valign": "top", "border": 1, "num_format": "@"}),
    }
    coded = any(person.id != person.name for person in roster.people)
    title = text("roster:xlsx.title", lang, event=event.title)
    title = f"{text('papers:mark_rehearsal', lang)}\n{title}" if rehearsal else title
    _list(workbook.add_worksheet(text("roster:xlsx.list", lang)), roster, title, formats, lang, coded=coded)
    people = (_person(one, coded=coded) for one in roster.people)
    _sheet(workbook.add_worksheet(text("roster:xlsx.people", lang)), _PEOPLE, people, formats, lang)
    if roster.leave:
        away = (
            (
                one.person if coded else "",
                roster.name(one.person),
                "P",
                *map(wording.at, (one.start, one.end)),
                one.note,
            )
            for one in roster.leave
        )
        _sheet(workbook.add_worksheet(text("roster:xlsx.leave", lang)), _LEAVE, away, formats, lang)
    workbook.close()
    return stream.getvalue()


def _list(sheet: Worksheet, roster: Roster, title: str, formats: dict[str, Format], lang: Lang, *, coded: bool) -> None:
    columns = [(term("roster:column", key, lang), width) for key, width in zip(COLUMNS, _WIDTHS, strict=True)]
    if coded:
        columns.append((text("roster:people_column.id", lang), 14))
    sheet.merge_range(0, 0, 0, len(columns) - 1, title, formats["title"])
    sheet.set_row(0, 60)
    keys = (*COLUMNS, "person") if coded else COLUMNS
    cells: Iterable[Mapping[str, object]] = rows(roster, lang)
    _table(sheet, 2, columns, (tuple(str(row[key]) for key in keys) for row in cells), formats)


def _sheet(
    sheet: Worksheet, columns: Columns, lines: Iterable[Sequence[str]], formats: dict[str, Format], lang: Lang
) -> None:
    numbered = ((str(number), *line) for number, line in enumerate(lines, start=1))
    titled = ((term("roster:people_column", key, lang), width) for key, width in columns)
    _table(sheet, 0, ((text("roster:column.number", lang), 5), *titled), numbered, formats)


def _table(
    sheet: Worksheet, top: int, columns: Columns, lines: Iterable[Sequence[str]], formats: dict[str, Format]
) -> None:
    write_head(sheet, ((title, width, formats["head"]) for title, width in columns), top, frozen=2)
    for row, line in enumerate(lines, start=top + 1):
        for column, content in enumerate(line):
            _write(sheet, row, column, content, formats["cell"])


def _write(sheet: Worksheet, row: int, column: int, content: str, cell: Any) -> None:
    """Write a cell as text, with any first character."""
    if content:
        sheet.write_string(row, column, content, cell)
    else:
        sheet.write_blank(row, column, None, cell)


def _person(person: Person, *, coded: bool) -> tuple[str, ...]:
    phones, (skills, reserve) = " / ".join(person.phones), map(", ".join, (person.skills, person.reserve))
    own, may = person.id if coded else "", "x" if person.may_authorise else ""
    return own, person.name, person.title, person.unit, phones, skills, reserve, may, person.note
