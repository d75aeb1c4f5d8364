"""Sheets of a file: CSV in UTF-8 or UTF-16, separated by comma, semicolon, tab or bar; any other file is a workbook."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

from eventready.core.errors import UsageError, WorkspaceError
from eventready.core.files import read_bounded
from eventready.core.messages import message
from eventready.workspace.sheets.sheet import MAX_BYTES, Cell, Sheet, bounded, bounded_cells

_SEPARATORS = ",;\t|"
#: First line of some files, which names the separator.
_NAMED = re.compile(r"sep=(.)\r?$", re.MULTILINE)
_SAVE_AGAIN = message("workspace:table.as_csv")
#: First characters of a formula.
_FORMULA = ("=", "+", "-", "@")


def read_csv(path: Path, data: bytes) -> Sheet:
    """The sheet of a CSV file. Raises WorkspaceError for another encoding, a damaged or an oversized file."""
    text = _decoded(path, data)
    named = _NAMED.match(text)
    separator = named[1] if named else max(_SEPARATORS, key=lambda mark: _regularity(text, mark))
    reader = _reader(text[named.end() :] if named else text, separator)
    cells: dict[Cell, Any] = {}
    try:
        for row, values in enumerate(reader, start=1):
            texts = ((column, value.strip()) for column, value in enumerate(values, start=1))
            cells.update(((row, column), unprotected(value)) for column, value in texts if value)
            bounded_cells(path, len(cells))
    except csv.Error as error:
        cause = message("workspace:table.not_csv", reason=str(error))
        raise WorkspaceError(cause, where=f"{path}:{reader.line_num}") from None
    return Sheet(str(path), path.stem, cells)


def _reader(text: str, separator: str) -> Any:
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)


def _regularity(text: str, separator: str) -> tuple[int, int, int]:
    """Return the number of rows with the most frequent width above a single column, this width, and the separators."""
    try:
        widths = Counter(len(row) for row in _reader(text, separator) if len(row) > 1)
    except csv.Error:
        widths = Counter()
    width, rows = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    return rows, width, text.count(separator)


def _decoded(path: Path, data: bytes) -> str:
    """Text in UTF-8, or in UTF-16 with its mark (Excel's "Unicode text"). Raises WorkspaceError."""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise WorkspaceError(message("workspace:table.encoding"), where=f"{path}:{line}", do=_SAVE_AGAIN) from None
    if "\0" in text:
        raise WorkspaceError(message("workspace:table.no_csv"), where=str(path), do=_SAVE_AGAIN)
    return text


def protected(text: str) -> str:
    """Cell of a CSV file with an apostrophe before a formula; further apostrophes stay."""
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA) else text


def unprotected(text: str) -> str:
    """Text of a cell of a CSV file, without the apostrophe before a formula."""
    return text[1:] if text[:1] == "'" and text.lstrip("'").startswith(_FORMULA) else text


#: Names of files that separate their columns; any other file is a workbook.
_DELIMITED = (".csv", ".tsv", ".txt")


def read_sheets(path: Path) -> tuple[Sheet, ...]:
    """Sheets in their order, also hidden ones. Raises WorkspaceError for any other, damaged or oversized file."""
    try:
        data = read_bounded(path, MAX_BYTES, "table")
    except UsageError as error:
        raise WorkspaceError(error.cause, where=str(path), do=error.remedy) from None
    sheets = _sheets(path, data) if data.strip(b"\0 \r\n\t") else ()
    if not any(sheet.cells for sheet in sheets):
        raise WorkspaceError(message("workspace:table.empty"), where=str(path))
    return sheets


@lru_cache(maxsize=4)
def _sheets(path: Path, data: bytes) -> tuple[Sheet, ...]:
    """Return the sheets of a file. A schedule looks at the same roster again and again."""
    if path.suffix.lower() in _DELIMITED:
        return (bounded(path, read_csv(path, data)),)
    # openpyxl takes 0.2 s, which the help of `inventory` does not need.
    from eventready.workspace.sheets.xlsx import read_xlsx  # noqa: PLC0415  see above

    return tuple(bounded(path, sheet) for sheet in read_xlsx(path, data))
