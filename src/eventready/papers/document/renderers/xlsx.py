"""Annexes as a workbook, a sheet per table, for sorting, filtering and counting."""

from __future__ import annotations

import re
from typing import Any

from eventready.papers.document.model import Document, Table
from eventready.workspace.sheets.workbook import new_workbook, write_head

_LIMIT = 31  # characters of a sheet's name
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_NUMBER = re.compile(r"-?\d+(,\d+|\.\d+)?")
_POINTS_A_CHARACTER = 1.9  # mm of a column per character of its width


def to_xlsx(document: Document) -> bytes:
    """Return every table of the document on a separate sheet; without a table, a sheet with the title of the
    document."""
    tables = document.tables() or ((document.title, Table("1", (), ())),)
    workbook, buffer = new_workbook(document.title)
    sheets = _Sheets(workbook, document.mark)
    for heading, table in tables:
        sheets.add(heading, table)
    workbook.close()
    return buffer.getvalue()


class _Sheets:
    def __init__(self, workbook: Any, mark: str) -> None:
        self._workbook, self._mark = workbook, mark
        base = {"font_name": "Times New Roman", "font_size": 12, "valign": "vcenter", "text_wrap": True}
        self._title = workbook.add_format({**base, "bold": True, "font_size": 13, "text_wrap": False})
        self._head = workbook.add_format({**base, "bold": True, "border": 1, "align": "center", "bg_color": "#E7E6E6"})
        self._cells = {
            align: workbook.add_format({**base, "border": 1, "align": align, "num_format": "General"})
            for align in ("left", "center", "right")
        }
        self._text = workbook.add_format({**base, "border": 1, "align": "left", "num_format": "@"})
        self._names: set[str] = set()

    def add(self, heading: str, table: Table) -> None:
        """A sheet: the heading, the head of the table (frozen, repeated in print), the rows."""
        sheet = self._workbook.add_worksheet(self._name(table.name))
        sheet.write_string(0, 0, f"{self._mark}: {heading}" if self._mark else heading, self._title)
        titles = [column.title for column in table.columns]
        widths = [
            max(mm / _POINTS_A_CHARACTER, len(title) / 2 + 2, 5)
            for title, mm in zip(titles, table.widths(260, 12), strict=True)
        ]
        write_head(sheet, ((title, width, self._head) for title, width in zip(titles, widths, strict=True)), 1)
        for row, cells in enumerate(table.rows, 2):
            for index, (column, text) in enumerate(zip(table.columns, map(str, cells), strict=True)):
                if column.kind == "number" and _NUMBER.fullmatch(text):
                    sheet.write_number(row, index, float(text.replace(",", ".")), self._cells[column.align])
                else:
                    form = self._text if column.kind == "phone" else self._cells[column.align]
                    sheet.write_string(row, index, text, form)
        if table.rows:
            sheet.autofilter(1, 0, len(table.rows) + 1, len(table.columns) - 1)

    def _name(self, wanted: str) -> str:
        """Return a sheet's name valid in Excel and unique in the workbook."""
        whole = " ".join(_FORBIDDEN.sub(" ", wanted).split()).strip("' ")
        cut = whole if len(whole) <= _LIMIT else whole[: _LIMIT + 1].rpartition(" ")[0].rstrip(",;. ")
        base = (cut or whole[:_LIMIT]) or "Sheet"
        name, number = base, 2
        while name.casefold() in self._names:
            tail = f" ({number})"
            name, number = base[: _LIMIT - len(tail)] + tail, number + 1
        self._names.add(name.casefold())
        return name
