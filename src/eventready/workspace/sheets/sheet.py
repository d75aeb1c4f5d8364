"""A sheet of a CSV or XLSX file: values by cell, merged cells filled, nothing computed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from eventready.core.errors import WorkspaceError
from eventready.core.messages import Message, message

#: Filled rows in which the header of a table is looked for, below its titles.
DEEPEST = 60

Cell = tuple[int, int]


@dataclass(frozen=True)
class Fault:
    """Placeholder of a cell with an unavailable value; `shown` is its error or formula."""

    shown: str
    what: Message


class CellError(ValueError):
    """Error of a cell: the reason, and the remedy `do`."""

    def __init__(self, what: Message, do: str | Message = "") -> None:
        super().__init__(what)
        self.what, self.do = what, do


@dataclass(frozen=True)
class Sheet:
    """Values by (row, column) from 1; every cell of a merged range has the range's value and, in `merged`, its head.

    `hidden_rows` and `hidden_columns` have values that a reader of the file does not see. The name of the only sheet of
    a CSV file is that of the file, and no `title`.
    """

    file: str
    name: str
    cells: dict[Cell, Any] = field(repr=False)
    merged: dict[Cell, Cell] = field(default_factory=dict, repr=False)
    title: str = ""
    hidden: bool = False
    hidden_rows: tuple[int, ...] = ()
    hidden_columns: tuple[str, ...] = ()

    @cached_property
    def height(self) -> int:
        """Return the last filled row."""
        return max((row for row, _ in self.cells), default=0)

    @cached_property
    def width(self) -> int:
        """Return the last filled column."""
        return max((column for _, column in self.cells), default=0)

    @cached_property
    def filled_rows(self) -> list[int]:
        """Return the rows with a value: few, also in a sheet with a million rows."""
        return sorted({row for row, _ in self.cells})

    @property
    def top(self) -> list[int]:
        """Return the possible rows of a table's header."""
        return self.filled_rows[:DEEPEST]

    def rows(self, first: int) -> list[int]:
        """Return the filled rows from `first` on."""
        return self.filled_rows[bisect_left(self.filled_rows, first) :]

    def row(self, row: int, width: int) -> list[Any]:
        """The values of a row, from column 1."""
        return [self.cells.get((row, column)) for column in range(1, width + 1)]

    def head(self, row: int, column: int) -> Cell:
        """The cell where the value of a merged cell stands; the cell itself otherwise."""
        return self.merged.get((row, column), (row, column))

    def where(self, row: int, column: int) -> str:
        """Return the place of a cell in people's notation."""
        return self._place(row, column).render("en")

    def _place(self, row: int, column: int) -> Message:
        return message("workspace:cell", file=self.file, sheet=self.name, cell=f"{column_letters(column)}{row}")

    def error(self, row: int, column: int, what: str | Message, do: str | Message = "") -> WorkspaceError:
        """An error about a cell, for the caller to raise or keep."""
        return WorkspaceError(what, where=self._place(row, column), do=do)

    @contextmanager
    def reading(self, row: int, column: int) -> Iterator[None]:
        """Name the cell in a CellError of the block. Raises WorkspaceError."""
        try:
            yield
        except CellError as error:
            raise self.error(row, column, error.what, error.do) from None


def column_letters(number: int) -> str:
    """Return the letters of a column: A for 1, AA for 27."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


#: Bytes of a file, and of a workbook after decompression.
MAX_BYTES, MAX_UNPACKED = 16_000_000, 64 * 1024 * 1024
#: Sheets and cells of a workbook.
MAX_SHEETS, MAX_CELLS = 64, 400_000
#: Filled rows and columns of a sheet, and characters of a cell (Excel's own bound).
MAX_ROWS, MAX_COLUMNS, MAX_TEXT = 50_000, 1_000, 32_767


def bounded_cells(path: Path, number: int) -> None:
    """Raise WorkspaceError for a file of too many cells."""
    if number > MAX_CELLS:
        raise WorkspaceError(message("workspace:table.cells", limit=MAX_CELLS), where=str(path))


def bounded(path: Path, sheet: Sheet) -> Sheet:
    """Return the sheet. Raises WorkspaceError for too many rows or columns, and for a cell with too much text."""
    what: Message | None = None
    if len(sheet.filled_rows) > MAX_ROWS:
        what = message("workspace:table.too_long", limit=MAX_ROWS)
    elif sheet.width > MAX_COLUMNS:
        what = message("workspace:table.too_wide", limit=MAX_COLUMNS)
    if what:
        raise WorkspaceError(what, where=f"{path}, {sheet.title}" if sheet.title else str(path))
    long = next(((place, v) for place, v in sheet.cells.items() if isinstance(v, str) and len(v) > MAX_TEXT), None)
    if long:
        raise sheet.error(*long[0], message("workspace:table.long_cell", limit=MAX_TEXT))
    return sheet
