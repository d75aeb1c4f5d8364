"""Tables read from a CSV or XLSX file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from eventready.core.errors import UsageError
from eventready.core.file_system.atomic_files import read_bounded
from eventready.core.messages import message
from eventready.workspace.importing.problems import CellPlace
from eventready.workspace.importing.table import (
    MAX_BYTES,
    Row,
    Table,
    TableCell,
    bound_width,
    bounded,
    column_letters,
    unprotected,
)


def read_tables(path: Path, sheet: str = "") -> list[Table]:
    """Tables of a file: all sheets of a workbook, or the named sheet. Raises UsageError, also without visible rows."""
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".xlsx"):
        raise UsageError(message("workspace:table.type"), where=str(path))
    data = read_bounded(path, MAX_BYTES, "table")
    csv_file = suffix == ".csv"
    tables = [Table("", bounded(path, _csv_rows(path, data)))] if csv_file else _workbook_tables(path, data, sheet)
    if not any(table.rows for table in tables):
        raise UsageError(message("workspace:table.empty"), where=str(path))
    return [table for table in tables if table.rows or table.hidden]


def _workbook_tables(path: Path, data: bytes, sheet: str) -> list[Table]:
    # openpyxl takes 0.2 s, which the help of `inventory` does not need.
    from eventready.workspace.importing.workbook import workbook_tables  # noqa: PLC0415  see above

    return workbook_tables(path, data, sheet)


def _csv_rows(path: Path, data: bytes) -> Iterator[Row]:
    text = _decoded(path, data)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for values in reader:
            row = reader.line_num
            bound_width(len(values), f"{path}:{row}")
            yield [
                TableCell(unprotected(value.strip()), CellPlace(path.name, f"{column_letters(number)}{row}"))
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
