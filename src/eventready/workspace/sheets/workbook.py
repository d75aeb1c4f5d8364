"""Workbooks to write: equal content gives equal bytes, and a text is never a formula, a link or a number."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import xlsxwriter

_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_CREATED = datetime(2000, 1, 1, tzinfo=UTC)


def new_workbook(title: str) -> tuple[xlsxwriter.Workbook, io.BytesIO]:
    """Return an empty workbook and the stream of its bytes, written by `close`."""
    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(stream, _OPTIONS)
    workbook.set_properties({"title": title, "created": _CREATED})
    return workbook, stream
