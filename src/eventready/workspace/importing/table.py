"""Tables of text, with the place of every cell, and their bounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.workspace.importing.problems import CellPlace

#: Limits of an imported file: bytes, bytes after decompression, rows, columns.
MAX_BYTES, MAX_UNPACKED, MAX_ROWS, MAX_COLUMNS = 16_000_000, 128_000_000, 50_000, 1_000


#: First characters of a formula.
_FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True)
class TableCell:
    """Text of a cell and its place, such as `devices.xlsx, Sheet1!C7` or `devices.csv!C7`."""

    text: str
    place: CellPlace


Row = Sequence[TableCell]


@dataclass(frozen=True)
class Table:
    """Non-empty rows of a sheet; the title of a CSV file is empty. `hidden`: not read."""

    title: str
    rows: Sequence[Row]
    hidden: bool = False


def bounded(path: Path, rows: Iterator[Row]) -> list[Row]:
    """Non-empty rows. Raises UsageError beyond their bound."""
    found: list[Row] = []
    for row in rows:
        if any(cell.text for cell in row):
            found.append(row)
        if len(found) > MAX_ROWS:
            raise UsageError(message("workspace:table.too_long", limit=MAX_ROWS), where=str(path))
    return found


def protected(text: str) -> str:
    """Cell of a CSV file with an apostrophe before a formula; further apostrophes stay."""
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA) else text


def unprotected(text: str) -> str:
    """Text of a cell of a CSV file, without the apostrophe before a formula."""
    return text[1:] if text[:1] == "'" and text.lstrip("'").startswith(_FORMULA) else text


def bound_width(columns: int, where: str) -> None:
    """Raise UsageError for a row of too many columns."""
    if columns > MAX_COLUMNS:
        raise UsageError(message("workspace:table.too_wide", limit=MAX_COLUMNS), where=where)


def column_letters(number: int) -> str:
    """Return the letters of a column: A for 1, AA for 27."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
