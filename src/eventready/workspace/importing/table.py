"""Rows of a CSV or XLSX file, with the place of every cell."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from eventready.core.atomic_files import read_bounded
from eventready.core.errors import UsageError
from eventready.core.messages import message

#: Limits of an imported file: bytes, bytes after decompression, rows, columns.
MAX_BYTES, MAX_UNPACKED, MAX_ROWS, MAX_COLUMNS = 16_000_000, 128_000_000, 50_000, 1_000


@dataclass(frozen=True)
class TableCell:
    """Text of a cell and its place, such as `devices.xlsx, Sheet1!C7` or `devices.csv!C7`."""

    text: str
    place: str


Row = Sequence[TableCell]


def read_table(path: Path, sheet: str = "") -> list[Row]:
    """Non-empty rows of a table, the header first. Raises UsageError."""
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".xlsx"):
        raise UsageError(message("workspace:table.type"), where=str(path))
    data = read_bounded(path, MAX_BYTES, "table")
    rows = _csv_rows(path, data) if suffix == ".csv" else _xlsx_rows(path, data, sheet)
    found: list[Row] = []
    for row in rows:
        if any(cell.text for cell in row):
            found.append(row)
        if len(found) > MAX_ROWS:
            raise UsageError(message("workspace:table.too_long", limit=MAX_ROWS), where=str(path))
    if not found:
        raise UsageError(message("workspace:table.empty"), where=str(path))
    return found


def _csv_rows(path: Path, data: bytes) -> Iterator[Row]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(message("workspace:table.not_utf8"), where=f"{path}:{line}") from None
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for values in reader:
            row = reader.line_num
            _bound_width(len(values), f"{path}:{row}")
            yield [
                TableCell(value.strip(), f"{path.name}!{_column(number)}{row}")
                for number, value in enumerate(values, 1)
            ]
    except csv.Error as error:
        raise UsageError(
            message("workspace:table.not_csv", reason=str(error)), where=f"{path}:{reader.line_num}"
        ) from None


def _xlsx_rows(path: Path, data: bytes, sheet: str) -> Iterator[Row]:
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
    chosen = workbook[sheet] if sheet else workbook.worksheets[0]
    try:
        for number, values in enumerate(chosen.iter_rows(values_only=True, max_col=MAX_COLUMNS + 1), 1):
            _bound_width(len(values) if values[-1] is not None else 0, f"{path}, {chosen.title}!{number}")
            yield [
                TableCell(_text(value), f"{path.name}, {chosen.title}!{_column(column)}{number}")
                for column, value in enumerate(values, 1)
            ]
    except UsageError:
        raise
    except Exception as error:  # damaged parts are parsed lazily
        raise UsageError(message("workspace:table.damaged", name=type(error).__name__), where=str(path)) from None


def _bound_width(columns: int, where: str) -> None:
    """Raise UsageError for a row of too many columns."""
    if columns > MAX_COLUMNS:
        raise UsageError(message("workspace:table.too_wide", limit=MAX_COLUMNS), where=where)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _column(number: int) -> str:
    """Return the letters of a column."""
    from openpyxl.utils import get_column_letter  # noqa: PLC0415  0.2 s, which the help of `inventory` does not need

    return get_column_letter(number)
