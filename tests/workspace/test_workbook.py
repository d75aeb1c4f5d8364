"""Workbooks that are written: the head of a table stays in sight and on paper, and a text is never a formula."""

from __future__ import annotations

import io

from openpyxl import load_workbook

from eventready.workspace.sheets.workbook import new_workbook, write_head


def test_the_head_of_a_table() -> None:
    workbook, stream = new_workbook("Devices")
    head, cell = workbook.add_format({"bold": True}), workbook.add_format({"num_format": "@"})
    sheet = workbook.add_worksheet("Devices")
    write_head(sheet, [("=1+1", 12, head), ("name", 30, head)], 2, frozen=1, cell=cell)
    workbook.close()
    read = load_workbook(io.BytesIO(stream.getvalue()))["Devices"]
    assert (read["A3"].value, read["A3"].data_type, read["B3"].font.bold) == ("=1+1", "s", True)
    assert [round(read.column_dimensions[letter].width) for letter in "AB"] == [13, 31]
    assert read.column_dimensions["A"].number_format == "@"
    assert (read.freeze_panes, read.print_title_rows) == ("B4", "$3:$3")
    assert (read.page_setup.orientation, read.page_setup.paperSize) == ("landscape", 9)
    assert read.page_setup.fitToHeight == 0, "as many pages as the table is long, and the default of one across"
