"""Tables of a CSV or XLSX file, with the place of every cell."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from eventready.core.atomic_files import read_bounded
from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.workspace.importing.problems import CellPlace

#: Limits of an imported file: bytes, bytes after decompression, rows, columns.
MAX_BYTES, MAX_UNPACKED, MAX_ROWS, MAX_COLUMNS = 16_000_000, 128_000_000, 50_000, 1_000


#: First characters of a formula.
_FORMULA = ("=", "+", "-", "@")
_MERGED = re.compile(rb'<mergeCell ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
#: Merged cells and rows of them that are read per sheet.
_MOST_MERGED, _TALLEST = 20_000, 1_000


@dataclass(frozen=True)
class TableCell:
    """Text of a cell and its place, such as `devices.xlsx, Sheet1!C7` or `devices.csv!C7`."""

    text: str
    place: CellPlace


Row = Sequence[TableCell]


@dataclass(frozen=True)
class Table:
    """Non-empty rows of a sheet; the title of a CSV file is empty."""

    title: str
    rows: Sequence[Row]


def read_tables(path: Path, sheet: str = "") -> list[Table]:
    """Tables of a file: all visible sheets of a workbook, or the named sheet. Raises UsageError, also without rows."""
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".xlsx"):
        raise UsageError(message("workspace:table.type"), where=str(path))
    data = read_bounded(path, MAX_BYTES, "table")
    csv_file = suffix == ".csv"
    tables = [Table("", _bounded(path, _csv_rows(path, data)))] if csv_file else _xlsx_tables(path, data, sheet)
    if not any(table.rows for table in tables):
        raise UsageError(message("workspace:table.empty"), where=str(path))
    return [table for table in tables if table.rows]


def _bounded(path: Path, rows: Iterator[Row]) -> list[Row]:
    """Non-empty rows. Raises UsageError beyond their bound."""
    found: list[Row] = []
    for row in rows:
        if any(cell.text for cell in row):
            found.append(row)
        if len(found) > MAX_ROWS:
            raise UsageError(message("workspace:table.too_long", limit=MAX_ROWS), where=str(path))
    return found


def _csv_rows(path: Path, data: bytes) -> Iterator[Row]:
    text = _decoded(path, data)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for values in reader:
            row = reader.line_num
            _bound_width(len(values), f"{path}:{row}")
            yield [
                TableCell(_unprotected(value.strip()), CellPlace(path.name, f"{_column(number)}{row}"))
                for number, value in enumerate(values, 1)
            ]
    except csv.Error as error:
        raise UsageError(
            message("workspace:table.not_csv", reason=str(error)), where=f"{path}:{reader.line_num}"
        ) from None


def _decoded(path: Path, data: bytes) -> str:
    """Text in UTF-8, or in UTF-16 with its mark (Excel's "Unicode text"). Raises UsageError."""
    marked = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        return data.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(message("workspace:table.not_utf8"), where=f"{path}:{line}") from None


def protected(text: str) -> str:
    """Cell of a CSV file with an apostrophe before a formula; further apostrophes stay."""
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA) else text


def _unprotected(text: str) -> str:
    return text[1:] if text[:1] == "'" and text.lstrip("'").startswith(_FORMULA) else text


def _xlsx_tables(path: Path, data: bytes, sheet: str) -> list[Table]:
    from openpyxl import load_workbook  # noqa: PLC0415  0.2 s, which the help of `inventory` does not need

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        workbook = load_workbook(io.BytesIO(data), read_only=True, data_only=True) if unpacked <= MAX_UNPACKED else None
    except Exception as error:  # openpyxl raises many types for a damaged file
        raise UsageError(message("workspace:table.not_xlsx", name=type(error).__name__), where=str(path)) from None
    if workbook is None:
        raise UsageError(message("workspace:table.workbook_large"), where=str(path))
    if sheet and sheet not in workbook.sheetnames:
        raise UsageError(message("workspace:table.sheet", sheet=sheet, sheets=workbook.sheetnames), where=str(path))
    chosen = [workbook[sheet]] if sheet else [one for one in workbook.worksheets if one.sheet_state == "visible"]
    try:
        return [Table(one.title, _bounded(path, _sheet_rows(path, one, data))) for one in chosen]
    except UsageError:
        raise
    except Exception as error:  # damaged parts are parsed lazily
        raise UsageError(message("workspace:table.damaged", name=type(error).__name__), where=str(path)) from None


def _sheet_rows(path: Path, sheet: Any, data: bytes) -> Iterator[Row]:
    """Rows of a sheet; a value of vertically merged cells stands in each of their rows."""
    table, above = f"{path.name}, {sheet.title}", _merged(sheet, data)
    texts: dict[tuple[int, int], str] = {}
    wanted, widest = set(above.values()), max((column for _, column in above), default=0)
    empty: object = None
    for number, values in enumerate(sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS + 1), 1):
        if values is empty and not widest:  # openpyxl gives one object for all rows of a gap, a million perhaps
            continue
        _bound_width(len(values) if values and values[-1] is not None else 0, f"{path}, {sheet.title}!{number}")
        row = []
        width = max((index for index, value in enumerate(values, 1) if value is not None), default=0)
        empty = values if not width else empty
        for column, value in enumerate(values[: max(width, widest)], 1):
            shown = _text(value)
            if (number, column) in wanted:
                texts[number, column] = shown
            shown = shown or texts.get(above.get((number, column), (0, 0)), "")
            row.append(TableCell(shown, CellPlace(table, f"{_column(column)}{number}")))
        yield row


def _merged(sheet: Any, data: bytes) -> Mapping[tuple[int, int], tuple[int, int]]:
    """First cell (row, column) by cell, for cells merged over several rows of a column."""
    from openpyxl.utils import column_index_from_string  # noqa: PLC0415  as above

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = archive.read(sheet._worksheet_path)  # the public object of read-only sheets lacks merged cells
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for left, top, right, bottom in _MERGED.findall(text):
        first, last = int(top), int(bottom)
        if left == right and first < last <= first + _TALLEST and len(found) < _MOST_MERGED:
            column = column_index_from_string(left.decode())
            found |= {(row, column): (first, column) for row in range(first + 1, last + 1)}
    return found


def _bound_width(columns: int, where: str) -> None:
    """Raise UsageError for a row of too many columns."""
    if columns > MAX_COLUMNS:
        raise UsageError(message("workspace:table.too_wide", limit=MAX_COLUMNS), where=where)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return str(value).strip()


def _column(number: int) -> str:
    """Return the letters of a column."""
    from openpyxl.utils import get_column_letter  # noqa: PLC0415  0.2 s, which the help of `inventory` does not need

    return get_column_letter(number)
