"""Rosters as CSV: a sheet of texts, in UTF-8 or UTF-16, separated by comma, semicolon or tab."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.roster.reading.grid import MAX_CELLS, Sheet, read_file

_SEPARATORS = ",;\t"
_SAVE_AGAIN = message("roster:form.csv")


def read_csv(path: Path) -> Sheet:
    """The sheet of a CSV file. Raises WorkspaceError for another encoding, a damaged, empty or oversized file."""
    text = _text(path)
    if not text.strip():
        raise WorkspaceError(message("roster:file.empty"), where=str(path))
    cells: dict[tuple[int, int], object] = {}
    try:
        table = max((list(csv.reader(io.StringIO(text), delimiter=mark)) for mark in _SEPARATORS), key=_regularity)
        for row, values in enumerate(table, start=1):
            for column, value in enumerate(values, start=1):
                if value.strip():
                    cells[row, column] = value
            if len(cells) > MAX_CELLS:
                raise WorkspaceError(message("roster:file.cells", most=MAX_CELLS), where=str(path))
    except csv.Error as error:
        raise WorkspaceError(
            message("roster:file.damaged", error=str(error)), where=str(path), do=_SAVE_AGAIN
        ) from None
    return Sheet(str(path), path.stem, cells, {})


def _regularity(table: list[list[str]]) -> tuple[int, int]:
    """Return the number of rows with the most frequent width above a single column, and this width."""
    widths = Counter(len(row) for row in table if len(row) > 1)
    width, rows = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    return rows, width


def _text(path: Path) -> str:
    data = read_file(path)
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise WorkspaceError(message("roster:file.encoding"), where=str(path), do=_SAVE_AGAIN) from None
    if "\0" in text:
        raise WorkspaceError(message("roster:file.no_csv"), where=str(path), do=_SAVE_AGAIN)
    return text
