"""Workbooks to write: equal content gives equal bytes, and a text is never a formula, a link or a number."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_CREATED = datetime(2000, 1, 1, tzinfo=UTC)
_A4 = 9


def new_workbook(title: str) -> tuple[Workbook, io.BytesIO]:
    """Return an empty workbook and the stream of its bytes, written by `close`."""
    import xlsxwriter  # noqa: PLC0415  takes 0.1 s, which the help of a command does not need

    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(stream, _OPTIONS)
    workbook.set_properties({"title": title, "created": _CREATED})
    return workbook, stream


def write_head(
    sheet: Worksheet,
    columns: Iterable[tuple[str, float, Format]],
    row: int = 0,
    *,
    frozen: int = 0,
    cell: Format | None = None,
) -> None:
    """Write the titles of columns with their widths and forms: they and `frozen` columns stay in sight.

    They are on each printed page, an A4 sheet across and as wide as all columns. `cell`: form of empty cells.
    """
    for index, (title, width, form) in enumerate(columns):
        sheet.set_column(index, index, width, cell)
        sheet.write_string(row, index, title, form)
    sheet.freeze_panes(row + 1, frozen)
    sheet.repeat_rows(row)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
