"""A spreadsheet opened with care: its sheets as values by cell, merged cells filled, nothing computed, all bounded."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.worksheet.worksheet import Worksheet

from eventready.errors import WorkspaceError

#: Bounds far above a roster: 200 people over 60 days are 100 KB packed, 1 MB unpacked, and 14,000 cells.
MAX_BYTES = 16 * 1024 * 1024
MAX_UNPACKED = 64 * 1024 * 1024
MAX_CELLS = 400_000
MAX_SHEETS = 64

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref\s*=\s*[\"']([A-Za-z0-9:]{1,40})[\"']")
_SAVE_AGAIN = "Open it in Excel or LibreOffice and save it as .xlsx."

Cell = tuple[int, int]


@dataclass(frozen=True)
class Fault:
    """Stands in a cell whose value cannot be had."""

    what: str
    do: str


@dataclass(frozen=True)
class Sheet:
    """Values by (row, column) from 1; every cell of a merged range has the range's value and, in `merged`, its head."""

    file: str
    name: str
    cells: dict[Cell, Any] = field(repr=False)
    merged: dict[Cell, Cell] = field(repr=False)

    @cached_property
    def height(self) -> int:
        """The last row with something in it."""
        return max((row for row, _ in self.cells), default=0)

    @cached_property
    def width(self) -> int:
        """The last column with something in it."""
        return max((column for _, column in self.cells), default=0)

    @cached_property
    def _filled_rows(self) -> list[int]:
        return sorted({row for row, _ in self.cells})

    def rows(self, first: int) -> list[int]:
        """The rows from `first` on that have something in them: of a million, those few."""
        return self._filled_rows[bisect_left(self._filled_rows, first) :]

    def row(self, row: int, width: int) -> list[Any]:
        """The values of a row, from column 1."""
        return [self.cells.get((row, column)) for column in range(1, width + 1)]

    def head(self, row: int, column: int) -> Cell:
        """The cell where the value of a merged cell stands; the cell itself otherwise."""
        return self.merged.get((row, column), (row, column))

    def where(self, row: int, column: int) -> str:
        """The place of a cell as people name it."""
        return f'{self.file}, sheet "{self.name}", cell {get_column_letter(column)}{row}'

    def error(self, row: int, column: int, what: str, do: str = "") -> WorkspaceError:
        """An error about a cell, for the caller to raise or keep."""
        return WorkspaceError(what, where=self.where(row, column), do=do)


def open_sheets(path: Path) -> tuple[Sheet, ...]:
    """The visible sheets of an xlsx file. Raises WorkspaceError that says what the file is when it is none."""
    data = _read(path)
    formulas = _inspect(path, data)
    values = _load(path, data, values=True)
    if len(values.worksheets) > MAX_SHEETS:
        raise _unfit(path, f"the file has {len(values.worksheets)} sheets, more than {MAX_SHEETS}")
    sources = _load(path, data, values=False) if formulas else None
    return tuple(
        _sheet(path, sheet, sources[sheet.title] if sources else None)
        for sheet in values.worksheets
        if sheet.sheet_state == "visible"
    )


def _unfit(path: Path, what: str, do: str = "Check that it is the right file.") -> WorkspaceError:
    return WorkspaceError(what, where=str(path), do=do)


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _unfit(path, f"the file has {size / 1_048_576:.0f} MB, more than the {MAX_BYTES >> 20} of a roster")
        data = path.read_bytes()
    except FileNotFoundError:
        raise _unfit(path, "the file does not exist", "`eventready init` makes an example.") from None
    except OSError as error:
        raise _unfit(path, f"the file cannot be read: {error.strerror or error}", "") from None
    if not data.strip(b"\0 \r\n\t"):
        raise _unfit(path, "the file is empty", "Put the roster there, or restore it from a copy.")
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise _unfit(path, "the file is protected with a password", "Save it without one.")
        raise _unfit(path, "this is a workbook of Excel 97-2003 (.xls)", _SAVE_AGAIN)
    if not data.startswith(b"PK"):
        raise _unfit(path, "this is not an .xlsx file", _SAVE_AGAIN)
    return data


def _inspect(path: Path, data: bytes) -> bool:
    """Look into the package before a parser does: True when there are formulas in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = package.infolist()
            if any(entry.flag_bits & 1 for entry in entries):
                raise _unfit(path, "the file is protected with a password", "Save it without one.")
            if "xl/workbook.xml" not in package.namelist() and "mimetype" in package.namelist():
                raise _unfit(path, "this is a document of another format", _SAVE_AGAIN)
            if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
                raise _unfit(path, f"unpacked, the file has more than {MAX_UNPACKED >> 20} MB")
            parts = [package.read(entry) for entry in entries if entry.filename.endswith((".xml", ".rels"))]
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError, ValueError, zlib.error) as error:
        raise _unfit(path, f"the file is damaged ({error})", "Restore it from a copy, or save it again.") from None
    if any(b"<!DOCTYPE" in part or b"<!ENTITY" in part for part in parts):
        raise _unfit(path, "the file defines entities, which no spreadsheet does", _SAVE_AGAIN)
    area = sum(_area(ref.decode()) for part in parts for ref in _MERGED.findall(part))
    if area > MAX_CELLS:
        raise _unfit(path, f"its merged cells cover {area} cells", "Undo the merging of whole rows and columns.")
    return any(_FORMULA.search(part) for part in parts)


def _area(reference: str) -> int:
    try:
        left, top, right, bottom = range_boundaries(reference)
        return (int(right or 0) - int(left or 0) + 1) * (int(bottom or 0) - int(top or 0) + 1)
    except (ValueError, TypeError):
        return 0


def _load(path: Path, data: bytes, *, values: bool) -> Workbook:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return load_workbook(io.BytesIO(data), data_only=values, keep_links=False)
    except MemoryError:
        raise
    except Exception as error:  # a parser of others, on a file from anywhere
        detail = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise _unfit(path, f"this is not a spreadsheet that can be read ({detail})", _SAVE_AGAIN) from None


def _filled(path: Path, sheet: Worksheet) -> list[Any]:
    """The cells that exist. The public way to iterate would make every cell between them, however far they lie."""
    cells = list(sheet._cells.values())
    if len(cells) > MAX_CELLS:
        raise _unfit(
            path,
            f"the sheet {sheet.title!r} has {len(cells)} cells, more than the {MAX_CELLS} that a roster may have",
            "Delete the empty rows and columns behind the table.",
        )
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
    return Sheet(str(path), sheet.title, cells, merged)


def _value(cell: Any, source: Any) -> Any:
    value = cell.value
    if cell.data_type == "e":
        return Fault(f"the cell shows the error {value}", "Correct the formula, or write the value.")
    if value is None and source is not None and source.cell(cell.row, cell.column).data_type == "f":
        return Fault(
            "the formula has no stored value",
            "Open the file in Excel or LibreOffice and save it, or write the value itself.",
        )
    if isinstance(value, str):
        return value if value.strip() else None
    return value
