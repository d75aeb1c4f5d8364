"""Sheets of a CSV file or a workbook."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from eventready.core.errors import UsageError, WorkspaceError
from eventready.core.file_system.atomic_files import read_bounded
from eventready.core.messages import message
from eventready.workspace.sheets.bounds import MAX_BYTES, bounded
from eventready.workspace.sheets.delimited import read_csv
from eventready.workspace.sheets.sheet import Sheet

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
