"""Workbooks opened with care: their sheets as values by cell, merged cells filled, nothing computed."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.worksheet import Worksheet

from eventready.core.errors import WorkspaceError
from eventready.core.messages import Message, message
from eventready.core.strings.texts import lines_of
from eventready.workspace.sheets.sheet import (
    MAX_CELLS,
    MAX_SHEETS,
    MAX_UNPACKED,
    Cell,
    Fault,
    Sheet,
    bounded_cells,
    column_letters,
)

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Declarations of a document type, in the encodings of a part; the pictures of a workbook may have one.
_DECLARED = tuple(
    text.encode(encoding) for text in ("<!DOCTYPE", "<!ENTITY") for encoding in ("ascii", "utf-16-le", "utf-16-be")
)
_PICTURES = "xl/media/"
_CELL = re.compile(rb"<(?:\w+:)?c[ />]")
_FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref\s*=\s*[\"']([A-Za-z0-9:]{1,40})[\"']")
_SAVE_AGAIN = message("workspace:table.as_xlsx")
#: Characters of a formula in a message.
_SHOWN = 40


def read_xlsx(path: Path, data: bytes) -> Iterator[Sheet]:
    """Yield the sheets of a workbook. Raises WorkspaceError for another, damaged or oversized file."""
    formulas = _inspect(path, data)
    values = _load(path, data, values=True)
    if len(values.worksheets) > MAX_SHEETS:
        raise _unfit(path, message("workspace:table.sheets", number=len(values.worksheets), most=MAX_SHEETS))
    sources = _load(path, data, values=False) if formulas else None
    for sheet in values.worksheets:
        yield _sheet(path, sheet, sources[sheet.title] if sources else None)


def _unfit(path: Path, what: Message, do: str | Message = "") -> WorkspaceError:
    return WorkspaceError(what, where=str(path), do=do)


def _inspect(path: Path, data: bytes) -> bool:
    """Inspect the package before any parser; return True for a package with formulas."""
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise _unfit(path, message("workspace:table.password"))
        raise _unfit(path, message("workspace:table.old_excel"), _SAVE_AGAIN)
    if not data.startswith(b"PK"):
        raise _unfit(path, message("workspace:table.no_xlsx"), _SAVE_AGAIN)
    parts = _parts(path, data)
    if any(declared in part for part in parts for declared in _DECLARED):
        raise _unfit(path, message("workspace:table.entities"), _SAVE_AGAIN)
    area = sum(_area(ref.decode()) for part in parts for ref in _MERGED.findall(part))
    if area > MAX_CELLS:
        raise _unfit(path, message("workspace:table.merged", area=area))
    bounded_cells(path, sum(len(_CELL.findall(part)) for part in parts))
    return any(_FORMULA.search(part) for part in parts)


def _parts(path: Path, data: bytes) -> list[bytes]:
    """Texts of the package, unpacked within their bound."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = package.infolist()
            if any(entry.flag_bits & 1 for entry in entries):
                raise _unfit(path, message("workspace:table.password"))
            if "xl/workbook.xml" not in package.namelist() and "mimetype" in package.namelist():
                raise _unfit(path, message("workspace:table.other_format"), _SAVE_AGAIN)
            if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
                raise _unfit(path, message("workspace:table.unpacked", most=MAX_UNPACKED >> 20))
            return [package.read(entry) for entry in entries if not entry.filename.startswith(_PICTURES)]
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError, ValueError, zlib.error) as error:
        raise _unfit(path, message("workspace:table.broken", error=str(error))) from None


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
        detail = lines_of(str(error))[0][:120] if str(error) else type(error).__name__
        raise _unfit(path, message("workspace:table.no_spreadsheet", detail=detail), _SAVE_AGAIN) from None


def _sheet(path: Path, sheet: Worksheet, source: Any) -> Sheet:
    # openpyxl's public iteration would create every cell between the existing ones, at any distance.
    values = ((place, _value(cell, source)) for place, cell in sheet._cells.items())
    cells = {place: value for place, value in values if value is not None}
    merged = _merged(sheet, cells)
    cells |= {place: cells[head] for place, head in merged.items() if head in cells}
    hidden = _hidden_rows(sheet, cells), _hidden_columns(sheet, cells)
    return Sheet(str(path), sheet.title, cells, merged, sheet.title, sheet.sheet_state != "visible", *hidden)


def _merged(sheet: Worksheet, cells: dict[Cell, Any]) -> dict[Cell, Cell]:
    """Return the heads by cell of merged ranges, as far as the sheet is filled: a title may cover whole columns."""
    height, width = max((row for row, _ in cells), default=0), max((column for _, column in cells), default=0)
    return {
        (row, column): (area.min_row, area.min_col)
        for area in sheet.merged_cells.ranges
        for row in range(area.min_row, min(area.max_row, height) + 1)
        for column in range(area.min_col, min(area.max_col, width) + 1)
    }


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
    return tuple(column_letters(column) for column in sorted(hidden & filled))


def _value(cell: Any, source: Any) -> Any:
    value = cell.value
    if cell.data_type == "e":
        return Fault(str(value), message("workspace:cell.error", value=value))
    formula = source.cell(cell.row, cell.column) if value is None and source is not None else None
    if formula is not None and formula.data_type == "f":
        text = getattr(formula.value, "text", formula.value)  # an array formula is an object
        return Fault(str(text)[:_SHOWN], message("workspace:cell.formula"))
    if isinstance(value, str):
        return value if value.strip() else None
    return int(value) if isinstance(value, float) and value.is_integer() else value
