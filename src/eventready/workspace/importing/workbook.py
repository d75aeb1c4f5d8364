"""Tables of an XLSX file."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import column_index_from_string, get_column_letter

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.workspace.importing.problems import CellPlace
from eventready.workspace.importing.table import (
    MAX_COLUMNS,
    MAX_UNPACKED,
    Row,
    Table,
    TableCell,
    bound_width,
    bounded,
)

_MERGED = re.compile(rb'<mergeCell ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_UNCOMPUTED = re.compile(
    rb'<c r="([A-Z]{1,3}\d{1,7})"[^<>]{0,60}><f[^<>]{0,80}>([^<>]{0,8192})</f>(?:<v ?/>|<v></v>)?</c>'
)
#: Characters of a formula in a message.
_SHOWN = 40
#: Merged cells and rows of them that are read per sheet.
_MOST_MERGED, _TALLEST = 20_000, 1_000


def workbook_tables(path: Path, data: bytes, sheet: str) -> list[Table]:
    """Tables of all sheets, or of the named sheet; hidden ones without their rows. Raises UsageError."""
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
    chosen = [workbook[sheet]] if sheet else workbook.worksheets
    hidden = [Table(one.title, (), hidden=True) for one in chosen if not sheet and one.sheet_state != "visible"]
    shown = [one for one in chosen if sheet or one.sheet_state == "visible"]
    try:
        return [*(Table(one.title, bounded(path, _sheet_rows(path, one, data))) for one in shown), *hidden]
    except UsageError:
        raise
    except Exception as error:  # damaged parts are parsed lazily
        raise UsageError(message("workspace:table.damaged", name=type(error).__name__), where=str(path)) from None


def _sheet_rows(path: Path, sheet: Any, data: bytes) -> Iterator[Row]:
    """Rows of a sheet; a value of vertically merged cells stands in each of their rows.

    A formula without a stored value stands as it is, so that the cell is refused by its text.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = archive.read(sheet._worksheet_path)  # the public object of read-only sheets lacks merged cells
    table, above, formulas = f"{path.name}, {sheet.title}", _merged(text), _formulas(text)
    texts: dict[tuple[int, int], str] = {}
    columns = (column_index_from_string(place.rstrip("0123456789")) for place in formulas)
    wanted, widest = set(above.values()), max((*(column for _, column in above), *columns), default=0)
    empty: object = None
    for number, values in enumerate(sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS + 1), 1):
        if values is empty and not widest:  # openpyxl gives one object for all rows of a gap, a million perhaps
            continue
        bound_width(len(values) if values and values[-1] is not None else 0, f"{path}, {sheet.title}!{number}")
        row = []
        width = max((index for index, value in enumerate(values, 1) if value is not None), default=0)
        empty = values if not width else empty
        for column, value in enumerate(values[: max(width, widest)], 1):
            place = f"{get_column_letter(column)}{number}"
            shown = _text(value) or formulas.get(place, "")
            if (number, column) in wanted:
                texts[number, column] = shown
            shown = shown or texts.get(above.get((number, column), (0, 0)), "")
            row.append(TableCell(shown, CellPlace(table, place)))
        yield row


def _formulas(text: bytes) -> Mapping[str, str]:
    """Formulas without a stored value, by cell."""
    return {cell.decode(): f"={unescape(formula.decode())[:_SHOWN]}" for cell, formula in _UNCOMPUTED.findall(text)}


def _merged(text: bytes) -> Mapping[tuple[int, int], tuple[int, int]]:
    """First cell (row, column) by cell, for cells merged over several rows of a column."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for left, top, right, bottom in _MERGED.findall(text):
        first, last = int(top), int(bottom)
        if left == right and first < last <= first + _TALLEST and len(found) < _MOST_MERGED:
            column = column_index_from_string(left.decode())
            found |= {(row, column): (first, column) for row in range(first + 1, last + 1)}
    return found


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return str(value).strip()
