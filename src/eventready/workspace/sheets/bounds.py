"""Bounds of a file of sheets, far above a roster: 200 people over 60 days have 14,000 cells, 100 KB packed."""

from __future__ import annotations

from pathlib import Path

from eventready.core.errors import WorkspaceError
from eventready.core.messages import Message, message
from eventready.workspace.sheets.sheet import Sheet

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
