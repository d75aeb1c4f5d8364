"""Tables of text from the sheets of a file with the place of every cell, and problems of cells: an error per kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from eventready.core.errors import UsageError, WorkspaceError
from eventready.core.groups import group_by
from eventready.core.messages import Message, message
from eventready.core.validation_messages import Sentence
from eventready.workspace.sheets.file import read_sheets
from eventready.workspace.sheets.sheet import Fault, Sheet, column_letters

#: Cells named per value.
_SHOWN = 12


@dataclass(frozen=True)
class CellPlace:
    """Cell of a table, `devices.xlsx, Thiết bị!C7`, or a record of a server."""

    table: str
    cell: str
    mark: str = "!"

    def __str__(self) -> str:
        return f"{self.table}{self.mark}{self.cell}"


@dataclass(frozen=True)
class Problem:
    """Invalid cell. `value`: parameter `name` of the cause; `mend`: value for `--fix`."""

    cause: Sentence
    place: CellPlace
    do: Sentence = ""
    value: str | None = None
    mend: str = ""

    @property
    def kind(self) -> tuple[object, ...]:
        """Cause without the value."""
        if isinstance(self.cause, Message) and self.value is not None:
            rest = {name: repr(param) for name, param in self.cause.params.items() if name != "name"}
            return self.place.table, self.cause.id, tuple(sorted(rest.items()))
        return self.place.table, repr(self.cause), repr(self.do)


def errors_by_kind(problems: Iterable[Problem]) -> list[WorkspaceError]:
    """An error per kind of problem, in the order of the first cells."""
    return [_error(found) for found in group_by(dict.fromkeys(problems), lambda problem: problem.kind).values()]


def _error(problems: Sequence[Problem]) -> WorkspaceError:
    first = problems[0]
    by_value = group_by(problems, lambda problem: problem.value)
    if len(by_value) == 1:
        where = f"{first.place.table}{first.place.mark}{_cells(problems)}"
        return WorkspaceError(_named(first, [f"'{first.value}'"]), where=where, do=first.do)
    values = [f"'{value}' ({_cells(found)})" for value, found in by_value.items()]
    remedies = [f"'{found[0].value}': {found[0].mend}" for found in by_value.values() if found[0].mend]
    do: Sentence = message("workspace:import.perhaps", pairs=remedies) if remedies else first.do
    return WorkspaceError(_named(first, values), where=first.place.table, do=do)


def _named(problem: Problem, values: Sequence[str]) -> Sentence:
    if problem.value is None or not isinstance(problem.cause, Message):
        return problem.cause
    return Message(problem.cause.id, {**problem.cause.params, "name": values})


def _cells(problems: Sequence[Problem]) -> str:
    cells = list(dict.fromkeys(problem.place.cell for problem in problems))
    rest = f" … (+{len(cells) - _SHOWN})" if len(cells) > _SHOWN else ""
    return ", ".join(cells[:_SHOWN]) + rest


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
