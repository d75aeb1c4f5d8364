"""Tables of text from the sheets of a file, with the place of every cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from eventready.core.errors import UsageError, WorkspaceError
from eventready.core.messages import Message, message
from eventready.workspace.importing.problems import CellPlace
from eventready.workspace.sheets.file import read_sheets
from eventready.workspace.sheets.sheet import Fault, Sheet, column_letters

#: Characters of text copied from web pages and documents, which nobody sees.
_INVISIBLE = {**dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF)), 0xA0: " "}


@dataclass(frozen=True)
class TableCell:
    """Text of a cell and its place, such as `devices.xlsx, Sheet1!C7` or `devices.csv!C7`; `fault`: no value."""

    text: str
    place: CellPlace
    fault: Message | None = None


Row = Sequence[TableCell]


@dataclass(frozen=True)
class Table:
    """Non-empty rows of a sheet; the title of a CSV file is empty. `hidden`: not read."""

    title: str
    rows: Sequence[Row]
    hidden: bool = False


def read_tables(path: Path, sheet: str = "") -> list[Table]:
    """Tables of a file: all sheets of a workbook, or the named sheet. Raises UsageError, also without visible rows."""
    sheets = read_sheets(path)
    names = [one.title for one in sheets]
    if sheet and sheet not in names:
        raise UsageError(message("workspace:table.sheet", sheet=sheet, sheets=names), where=str(path))
    chosen = [one for one in sheets if sheet in ("", one.title)]
    tables = [Table(one.title, (), hidden=True) if one.hidden and not sheet else _table(one) for one in chosen]
    if not any(table.rows for table in tables):
        raise WorkspaceError(message("workspace:table.hidden"), where=str(path))
    return [table for table in tables if table.rows or table.hidden]


def _table(sheet: Sheet) -> Table:
    """Filled rows. The value of merged cells stands in each of their rows, in their first column alone."""
    file = Path(sheet.file).name
    name = f"{file}, {sheet.title}" if sheet.title else file
    widths: dict[int, int] = {}
    for row, column in sheet.cells:
        widths[row] = max(column, widths.get(row, 0))
    return Table(sheet.title, [_row(sheet, row, widths[row], name) for row in sheet.filled_rows])


def _row(sheet: Sheet, row: int, width: int, table: str) -> Row:
    places = ((column, CellPlace(table, f"{column_letters(column)}{row}")) for column in range(1, width + 1))
    return [_cell(sheet, row, column, place) for column, place in places]


def _cell(sheet: Sheet, row: int, column: int, place: CellPlace) -> TableCell:
    value = sheet.cells.get((row, column)) if sheet.head(row, column)[1] == column else None
    if isinstance(value, Fault):
        return TableCell(value.shown, place, value.what)
    return TableCell(_text(value), place)


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value).translate(_INVISIBLE).strip()
