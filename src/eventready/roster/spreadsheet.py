"""A roster as an xlsx file: the formal list, the register of people, and leave. Importing it gives the same roster."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from eventready.roster import say
from eventready.roster.roster import Person, Roster
from eventready.roster.table import COLUMNS, rows
from eventready.workspace.event import Event

#: A file that says the same is the same, byte for byte.
_BORN = datetime(2022, 2, 1)  # noqa: DTZ001  spreadsheets know no time zones

_CODE = "Mã NV"
_PEOPLE = (
    ("Mã NV", 14), ("Họ và tên", 26), ("Chức vụ", 20), ("Đơn vị", 24), ("Số điện thoại", 26), ("Kỹ năng", 16),
    ("Dự bị", 12), ("Duyệt thay đổi khẩn", 12), ("Ghi chú", 20),
)  # fmt: skip
_LEAVE = (("Mã NV", 14), ("Họ và tên", 26), ("Ca", 8), ("Từ", 18), ("Đến", 18), ("Ghi chú", 20))
_WIDTHS = (5, 26, 20, 24, 22, 34, 28, 26, 18)

Columns = Sequence[tuple[str, float]]


def to_xlsx(roster: Roster, event: Event) -> bytes:
    """The file's bytes; the numbers are whole, for this list is meant to carry them."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    book.set_properties({"title": "Danh sách trực", "created": _BORN})
    base = {"font_name": "Times New Roman", "font_size": 12}
    formats = {
        "title": book.add_format({**base, "bold": True, "align": "center", "text_wrap": True, "font_size": 14}),
        "head": book.add_format({**base, "bold": True, "align": "center", "text_wrap": True, "border": 1}),
        "cell": book.add_format({**base, "text_wrap": True, "valign": "top", "border": 1, "num_format": "@"}),
    }
    coded = any(person.id != person.name for person in roster.people)
    _list(book.add_worksheet("Danh sách trực"), roster, event, formats, coded=coded)
    _sheet(book.add_worksheet("Nhân sự"), _PEOPLE, (_person(p, coded=coded) for p in roster.people), formats)
    if roster.leave:
        away = (
            (
                leave.person if coded else "",
                roster.name(leave.person),
                "P",
                say.at(leave.start),
                say.at(leave.end),
                leave.note,
            )
            for leave in roster.leave
        )
        _sheet(book.add_worksheet("Nghỉ phép"), _LEAVE, away, formats)
    book.close()
    return stream.getvalue()


def _list(sheet: Worksheet, roster: Roster, event: Event, formats: dict[str, Format], *, coded: bool) -> None:
    columns = [*((column.vi, width) for column, width in zip(COLUMNS, _WIDTHS, strict=True))]
    if coded:
        columns.append((_CODE, 14))
    title = f"DANH SÁCH TRỰC\n{event.name_vi or event.name}"
    sheet.merge_range(0, 0, 0, len(columns) - 1, title, formats["title"])
    sheet.set_row(0, 60)
    lines = (
        (*(str(row[column.key]) for column in COLUMNS), *([row["person"]] if coded else []))  # type: ignore[literal-required]  # the keys are those of Row
        for row in rows(roster)
    )
    _table(sheet, 2, columns, lines, formats)


def _sheet(sheet: Worksheet, columns: Columns, lines: Iterable[Sequence[str]], formats: dict[str, Format]) -> None:
    numbered = ((str(number), *line) for number, line in enumerate(lines, start=1))
    _table(sheet, 0, (("STT", 5), *columns), numbered, formats)


def _table(
    sheet: Worksheet, top: int, columns: Columns, lines: Iterable[Sequence[str]], formats: dict[str, Format]
) -> None:
    for column, (title, width) in enumerate(columns):
        sheet.set_column(column, column, width)
        sheet.write_string(top, column, title, formats["head"])
    for row, line in enumerate(lines, start=top + 1):
        for column, text in enumerate(line):
            _write(sheet, row, column, text, formats["cell"])
    sheet.freeze_panes(top + 1, 2)
    sheet.repeat_rows(top)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _write(sheet: Worksheet, row: int, column: int, text: str, cell: Any) -> None:
    """Text stays text, whatever it begins with."""
    if text:
        sheet.write_string(row, column, text, cell)
    else:
        sheet.write_blank(row, column, None, cell)


def _person(person: Person, *, coded: bool) -> tuple[str, ...]:
    return (
        person.id if coded else "",
        person.name,
        person.title,
        person.unit,
        " / ".join(person.phones),
        ", ".join(person.skills),
        ", ".join(person.reserve),
        "x" if person.may_authorise else "",
        person.note,
    )
