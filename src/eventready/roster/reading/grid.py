"""A spreadsheet opened with care: its sheets as values by cell, merged cells filled, nothing computed, all bounded."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.worksheet.worksheet import Worksheet

from eventready.core.errors import UsageError, WorkspaceError
from eventready.core.file_system.atomic_files import read_bounded
from eventready.core.messages import Message, message
from eventready.core.strings.text_lines import lines_of

#: Bounds far above a roster: 200 people over 60 days are 100 KB packed, 1 MB unpacked, and 14,000 cells.
MAX_BYTES = 16_000_000
MAX_UNPACKED = 64 * 1024 * 1024
MAX_CELLS = 400_000
MAX_SHEETS = 64

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref\s*=\s*[\"']([A-Za-z0-9:]{1,40})[\"']")
_SAVE_AGAIN = message("roster:form.xlsx")

Cell = tuple[int, int]


@dataclass(frozen=True)
class Fault:
    """Placeholder of a cell with an unavailable value."""

    what: Message


class CellError(ValueError):
    """Error of a cell: the reason, and the remedy `do`."""

    def __init__(self, what: Message, do: str | Message = "") -> None:
        super().__init__(what)
        self.what, self.do = what, do


@dataclass(frozen=True)
class Sheet:
    """Values by (row, column) from 1; every cell of a merged range has the range's value and, in `merged`, its head.

    `hidden_rows` and `hidden_columns` have values that a reader of the file does not see.
    """

    file: str
    name: str
    cells: dict[Cell, Any] = field(repr=False)
    merged: dict[Cell, Cell] = field(repr=False)
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
    def _filled_rows(self) -> list[int]:
        return sorted({row for row, _ in self.cells})

    def rows(self, first: int) -> list[int]:
        """Return the filled rows from `first` on: few, also in a sheet with a million rows."""
        return self._filled_rows[bisect_left(self._filled_rows, first) :]

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
        return message("roster:cell", file=self.file, sheet=self.name, cell=f"{get_column_letter(column)}{row}")

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


def open_sheets(path: Path) -> tuple[tuple[Sheet, ...], tuple[str, ...]]:
    """The visible sheets of an xlsx file, and the names of hidden ones. Raises WorkspaceError for another file."""
    data = _read(path)
    formulas = _inspect(path, data)
    values = _load(path, data, values=True)
    if len(values.worksheets) > MAX_SHEETS:
        raise _unfit(path, message("roster:file.sheets", number=len(values.worksheets), most=MAX_SHEETS))
    sources = _load(path, data, values=False) if formulas else None
    visible = [sheet for sheet in values.worksheets if sheet.sheet_state == "visible"]
    hidden = tuple(sheet.title for sheet in values.worksheets if sheet not in visible)
    return tuple(_sheet(path, sheet, sources[sheet.title] if sources else None) for sheet in visible), hidden


def _unfit(path: Path, what: str | Message, do: str | Message = "") -> WorkspaceError:
    return WorkspaceError(what, where=str(path), do=do)


def read_file(path: Path) -> bytes:
    """The bytes of a roster's file. Raises WorkspaceError for a missing, special, unreadable or oversized file."""
    try:
        return read_bounded(path, MAX_BYTES, "roster")
    except UsageError as error:
        if not path.exists():
            raise _unfit(path, message("roster:file.missing")) from None
        raise _unfit(path, error.cause, error.remedy) from None


def _read(path: Path) -> bytes:
    data = read_file(path)
    if not data.strip(b"\0 \r\n\t"):
        raise _unfit(path, message("roster:file.blank"))
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise _unfit(path, message("roster:file.password"))
        raise _unfit(path, message("roster:file.old_excel"), _SAVE_AGAIN)
    if not data.startswith(b"PK"):
        raise _unfit(path, message("roster:file.no_xlsx"), _SAVE_AGAIN)
    return data


def _inspect(path: Path, data: bytes) -> bool:
    """Inspect the package before any parser; return True for a package with formulas."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = package.infolist()
            if any(entry.flag_bits & 1 for entry in entries):
                raise _unfit(path, message("roster:file.password"))
            if "xl/workbook.xml" not in package.namelist() and "mimetype" in package.namelist():
                raise _unfit(path, message("roster:file.other_format"), _SAVE_AGAIN)
            if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
                raise _unfit(path, message("roster:file.unpacked", most=MAX_UNPACKED >> 20))
            parts = [package.read(entry) for entry in entries if entry.filename.endswith((".xml", ".rels"))]
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError, ValueError, zlib.error) as error:
        raise _unfit(path, message("roster:file.broken", error=str(error))) from None
    if any(b"<!DOCTYPE" in part or b"<!ENTITY" in part for part in parts):
        raise _unfit(path, message("roster:file.entities"), _SAVE_AGAIN)
    area = sum(_area(ref.decode()) for part in parts for ref in _MERGED.findall(part))
    if area > MAX_CELLS:
        raise _unfit(path, message("roster:file.merged", area=area))
    return any(_FORMULA.search(part) for part in parts)


def _area(reference: str) -> int:
    try:
        left, top, right, bottom = range_boundaries(reference)
        return (int(right or 0) - int(left or 0) + 1) * (int(bottom or 0) - int(top or 0) + 1)
    except (ValueError, TypeError):
        return 0


def _load(path: Path, data: bytes, *, values: bool) -> Workbook:
    try:
        return _workbook(data, values)
    except MemoryError:
        raise
    except Exception as error:  # a parser of others, on a file from anywhere
        detail = lines_of(str(error))[0][:120] if str(error) else type(error).__name__
        raise _unfit(path, message("roster:file.no_spreadsheet", detail=detail), _SAVE_AGAIN) from None


@lru_cache(maxsize=4)
def _workbook(data: bytes, values: bool) -> Workbook:
    """Return the workbook of a file, for reading only. A schedule looks at the same file again and again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_workbook(io.BytesIO(data), data_only=values, keep_links=False)


def _filled(path: Path, sheet: Worksheet) -> list[Any]:
    """Return the existing cells. openpyxl's public iteration would create every cell between them, at any distance."""
    cells = list(sheet._cells.values())
    if len(cells) > MAX_CELLS:
        raise _unfit(path, message("roster:file.sheet_cells", sheet=sheet.title, number=len(cells), most=MAX_CELLS))
    return cells


def _sheet(path: Path, sheet: Worksheet, source: Any) -> Sheet:
    cells: dict[Cell, Any] = {}
    for cell in _filled(path, sheet):
        value = _value(cell, source)
        if value is not None:
            cells[cell.row, cell.column] = value
    merged: dict[Cell, Cell] = {}
    for area in sheet.merged_cells.ranges:
        head = (area.min_row, area.min_col)
        for row in range(area.min_row, area.max_row + 1):
            for column in range(area.min_col, area.max_col + 1):
                merged[row, column] = head
                if head in cells:
                    cells[row, column] = cells[head]
    return Sheet(str(path), sheet.title, cells, merged, _hidden_rows(sheet, cells), _hidden_columns(sheet, cells))


def _hidden_rows(sheet: Worksheet, cells: dict[Cell, Any]) -> tuple[int, ...]:
    filled = {row for row, _ in cells}
    return tuple(sorted(row for row in filled if row in sheet.row_dimensions and sheet.row_dimensions[row].hidden))


def _hidden_columns(sheet: Worksheet, cells: dict[Cell, Any]) -> tuple[str, ...]:
    """Return the letters of hidden columns; a dimension of a file may cover several columns."""
    filled = {column for _, column in cells}
    hidden: set[int] = set()
    for dimension in sheet.column_dimensions.values():
        if dimension.hidden:
            hidden.update(range(dimension.min or 0, (dimension.max or 0) + 1) if dimension.min else ())
    return tuple(get_column_letter(column) for column in sorted(hidden & filled))


def _value(cell: Any, source: Any) -> Any:
    value = cell.value
    if cell.data_type == "e":
        return Fault(message("roster:cell.error", value=value))
    if value is None and source is not None and source.cell(cell.row, cell.column).data_type == "f":
        return Fault(message("roster:cell.formula"))
    if isinstance(value, str):
        return value if value.strip() else None
    return int(value) if isinstance(value, float) and value.is_integer() else value
