"""The annexes as a workbook: text stays text, whatever a device says."""

from __future__ import annotations

import io

import openpyxl
import pytest

from eventready.papers.document.model import Column, Document, Heading, Table
from eventready.papers.document.renderers.xlsx import to_xlsx
from tests.papers.papers import material, papers

EVIL = ("=1+1", "=cmd|'/c calc'!A1", "+84912345678", "@SUM(A1)", "-5", "https://example.org", "{=1}", "0912345678")


def _document(*tables: Table) -> Document:
    return Document("weekly", "vi", "Báo cáo", "x", (Heading(1, "I."), *tables))


def _workbook(document: Document) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(to_xlsx(document)))


@pytest.mark.parametrize("evil", EVIL)
def test_what_a_device_says_is_no_formula_and_no_link(evil: str) -> None:
    table = Table("A", (Column("Nội dung"),), ((evil,),))
    cell = _workbook(_document(table)).worksheets[0]["A3"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (evil, "s", None)


def test_phones_are_text_and_numbers_are_numbers() -> None:
    columns = (Column("STT", kind="number"), Column("Số điện thoại", kind="phone"), Column("Giá trị", kind="number"))
    sheet = _workbook(
        _document(Table("A", columns, (("1", "0912345678", "-16,8"), ("2", "02943850852", "không rõ"))))
    ).active
    assert sheet is not None
    assert [cell.value for cell in sheet[3]] == [1, "0912345678", -16.8]
    assert sheet["B3"].number_format == "@"
    assert sheet["C4"].value == "không rõ"


def test_the_head_is_frozen_repeated_and_wide_enough() -> None:
    workbook = _workbook(papers(material())["weekly"])
    assert len(workbook.worksheets) >= 6
    for sheet in workbook.worksheets:
        assert sheet.freeze_panes == "A3"
        assert sheet.print_title_rows == "$2:$2"
        assert all(column.width >= 5 for column in sheet.column_dimensions.values())


def test_names_of_sheets_are_taken_once_and_fit() -> None:
    long = "Danh mục thiết bị [phục vụ]: tất cả / các * địa điểm?"
    names = _workbook(_document(*(Table(long, (Column("A"),), ()) for _ in range(3)))).sheetnames
    assert len({name.casefold() for name in names}) == 3
    assert all(len(name) <= 31 and not set("[]:*?/\\") & set(name) for name in names)


def test_a_document_without_a_table_still_makes_a_workbook() -> None:
    sheet = _workbook(_document()).active
    assert sheet is not None
    assert sheet["A1"].value == "Báo cáo"


def test_a_long_name_of_a_sheet_ends_with_a_word() -> None:
    name = "Nguồn điện, truyền dẫn của trạm BTS lưu động"
    (sheet,) = _workbook(_document(Table(name, (Column("A"),), ()))).sheetnames
    assert sheet == "Nguồn điện, truyền dẫn của trạm"
