"""Sheets as files: a workbook with drop-downs, or a CSV file of the devices."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from eventready.core.messages import Lang, text
from eventready.workspace.exporting.rows import SheetRows, Words
from eventready.workspace.sheets.delimited import protected
from eventready.workspace.sheets.layout import Column
from eventready.workspace.sheets.workbook import new_workbook, write_head

#: Rows with drop-downs in a template; columns of further notes.
_ROOM, _NOTE_WIDTH = 500, 20
_FONT = {"font_name": "Arial", "font_size": 10}
#: Vocabularies with a drop-down; those of names in other sheets have none.
_CHOICES = ("venue", "service", "platform", "role", "kind", "addressee", "flag")


def to_csv(sheet: SheetRows) -> bytes:
    """CSV of a sheet in UTF-8 with its mark, which spreadsheets need for Vietnamese."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerows([protected(cell) for cell in row] for row in (sheet.headers, *sheet.rows))
    return stream.getvalue().encode("utf-8-sig")


def to_xlsx(sheets: Sequence[SheetRows], words: Words) -> bytes:
    """Workbook of the sheets, a guide and the values of the drop-downs."""
    workbook, stream = new_workbook(words.event.title.render(words.lang))
    head = {**_FONT, "bold": True, "text_wrap": True, "valign": "vcenter", "border": 1, "bg_color": "#DDEBF7"}
    formats = {
        "head": workbook.add_format(head),
        "needed": workbook.add_format({**head, "bg_color": "#FFE699"}),
        "cell": workbook.add_format({**_FONT, "text_wrap": True, "valign": "top", "num_format": "@"}),
    }
    made = [(sheet, workbook.add_worksheet(sheet.layout.title(words.lang))) for sheet in sheets]
    _guide(workbook.add_worksheet(text("workspace:sheet.guide", words.lang)), formats, words.lang)
    ranges = _lists(workbook.add_worksheet(text("workspace:sheet.lists", words.lang)), formats, words)
    for sheet, page in made:
        _page(page, sheet, formats)
        _drop_downs(page, sheet, ranges, words.lang)
    workbook.close()
    return stream.getvalue()


def _page(page: Any, sheet: SheetRows, formats: dict[str, Any]) -> None:
    forms = [(one.width, "needed" if one.name in sheet.layout.needed else "head") for one in sheet.layout.columns]
    forms += [(_NOTE_WIDTH, "head")] * (len(sheet.headers) - len(forms))
    columns = ((title, width, formats[form]) for title, (width, form) in zip(sheet.headers, forms, strict=True))
    write_head(page, columns, frozen=1, cell=formats["cell"])
    for number, row in enumerate(sheet.rows, 1):
        for index, cell in enumerate(row):
            if cell:
                page.write_string(number, index, cell, formats["cell"])
    page.set_row(0, 32)
    page.autofilter(0, 0, max(1, len(sheet.rows)), len(sheet.headers) - 1)


def _lists(page: Any, formats: dict[str, Any], words: Words) -> dict[str, str]:
    """Write the values of the drop-downs. Return their ranges by vocabulary."""
    ranges = {}
    for index, kind in enumerate(_CHOICES):
        choices = words.choices(kind)
        page.set_column(index, index, 30)
        page.write_string(0, index, text(f"workspace:choices.{kind}", words.lang), formats["head"])
        for row, choice in enumerate(choices, 1):
            page.write_string(row, index, choice, formats["cell"])
        letter = chr(ord("A") + index)
        ranges[kind] = f"='{page.get_name()}'!${letter}$2:${letter}${len(choices) + 1}"
    page.freeze_panes(1, 0)
    return ranges


def _drop_downs(page: Any, sheet: SheetRows, ranges: dict[str, str], lang: Lang | str) -> None:
    last = len(sheet.rows) + _ROOM
    for index, column in enumerate(sheet.layout.columns):
        if column.words in ranges:
            page.data_validation(1, index, last, index, _validation(column, ranges[column.words], lang))


def _validation(column: Column, values: str, lang: Lang | str) -> dict[str, Any]:
    """Drop-down of a column; a list takes any text, for several values."""
    several = column.form == "list"
    message = {"input_title": column.header(lang)[:32], "input_message": text("workspace:choices.several", lang)}
    return {
        "validate": "list",
        "source": values,
        "ignore_blank": True,
        "show_error": not several,
        "error_type": "warning",
        "error_title": column.header(lang)[:32],
        "error_message": text("workspace:choices.other", lang),
        **(message if several else {}),
    }


def _guide(page: Any, formats: dict[str, Any], lang: Lang | str) -> None:
    page.set_column(0, 0, 110)
    for number, line in enumerate(text("workspace:sheet_guide", lang).split("\n")):
        page.write_string(number, 0, line, formats["cell"])
