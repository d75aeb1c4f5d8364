"""Files of sheets: the roster and the inventory read them alike, and refuse them with the same sentence."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from eventready.core.errors import Exit, UsageError, WorkspaceError
from eventready.roster.reading.load import load_roster
from eventready.workspace.importing.entries import read_entries
from eventready.workspace.importing.known import Known
from eventready.workspace.importing.table import read_tables
from eventready.workspace.sheets import file, sheet, xlsx
from eventready.workspace.sheets.file import read_sheets
from tests.roster.books import HEAD, LINE, at, event, ledger, workbook, workbook_bytes

Rows = Sequence[Sequence[Any]]
TITLES = [["DANH SÁCH, LỊCH TRỰC, SỐ ĐIỆN THOẠI"], [], ["Kèm theo công văn số 12, ngày 20/4"]]
ROSTER = [[*HEAD[:5], "29/04/2022", "30/04/2022"], LINE, [2, "Trần Thị Bình", *LINE[2:4], "0912345679", "C2", "C1"]]
DEVICES = [["Tên", "Địa chỉ", "Bastion", "Cổng SSH"], ["r1", "10.0.0.1", "jump", "22"], ["r2", "10.0.0.2", "jump", "-"]]
KNOWN = Known({}, {}, ())
NOTES = [[], ["Ghi chú: bảng này thay bảng cũ, kể từ ngày ký"]]


def _text(rows: Rows, separator: str = ",") -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator).writerows(rows)
    return stream.getvalue()


def _csv(separator: str, encoding: str = "utf-8", first: str = "") -> Callable[[Path, Rows], Path]:
    def write(path: Path, rows: Rows) -> Path:
        path = path.with_suffix(".csv")
        path.write_bytes((first + _text(rows, separator)).encode(encoding))
        return path

    return write


def _workbook(path: Path, rows: Rows) -> Path:
    return ledger(path.with_suffix(".xlsx"), {"Sheet1": rows, "Trang": [["không"]]})


def _merged(path: Path, rows: Rows) -> Path:
    """A title over whole rows, and a value over the rows of both people or devices."""
    header = next(number for number, row in enumerate(rows, start=3) if len(row) > 1)
    areas = ("A1:XFD2", f"C{header + 1}:C{header + 2}")
    return ledger(path.with_suffix(".xlsx"), [["LỊCH"], [], *rows], areas)


FILES = {
    **{f"{name} as CSV": _csv(mark) for name, mark in (("comma", ","), ("semicolon", ";"), ("tab", "\t"))},
    "separator named": _csv(";", first="sep=;\r\n"),
    "mark of UTF-8": _csv(";", "utf-8-sig"),
    "UTF-16": _csv("\t", "utf-16"),
    "workbook": _workbook,
    "merged cells": _merged,
}
SHAPES: dict[str, Callable[[Rows], Rows]] = {
    "alone": lambda rows: rows,
    "titles": lambda rows: [*TITLES, *rows],
    "deep": lambda rows: [*TITLES, *[["Mục lục"]] * 20, *rows, *NOTES],
    "trailing columns": lambda rows: [[*row, "", " "] for row in rows],
}


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", FILES)
def test_both_read_the_same_files(tmp_path: Path, kind: str, shape: str) -> None:
    roster = load_roster(FILES[kind](tmp_path / "r", SHAPES[shape](ROSTER)), event())
    assert {(roster.name(one.person), one.role, one.start) for one in roster.shifts} == {
        ("Nguyễn Văn An", "CA", at("29 6")), ("Nguyễn Văn An", "CA", at("30 14")),
        ("Trần Thị Bình", "CA", at("29 14")), ("Trần Thị Bình", "CA", at("30 6")),
    }  # fmt: skip
    imported = read_entries(read_tables(FILES[kind](tmp_path / "d", SHAPES[shape](DEVICES))), KNOWN)
    jump = {"data": {"access": {"jump_host": "jump"}}}
    assert {one.name: one.entry for one in imported.of("devices")} == {
        "r1": {"hostname": "10.0.0.1", "port": 22, **jump}, "r2": {"hostname": "10.0.0.2", **jump},
    }  # fmt: skip


def _zip(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name.replace("__", "/"), data)
    return stream.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
WORKBOOK = workbook_bytes([HEAD, LINE])


def _changed(part: str, old: bytes, new: bytes, encoding: str = "utf-8") -> bytes:
    """A workbook with one part of its package edited."""
    stream = io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(WORKBOOK))
    with zipfile.ZipFile(stream, "w") as package:
        for name in source.namelist():
            data = source.read(name)
            assert name != part or old in data
            package.writestr(name, data.replace(old, new).decode().encode(encoding) if name == part else data)
    return stream.getvalue()


def _locked() -> bytes:
    data = bytearray(WORKBOOK)
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        data[at + 8] |= 1
        at += 4
    return bytes(data)


_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
_DOCTYPE = (SHEET, b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet')
_MERGED = b'</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
REFUSED: dict[str, tuple[str, bytes, str]] = {
    "empty workbook": ("xlsx", b"", "the file is empty"),
    "empty CSV": ("csv", b"", "the file is empty"),
    "blank CSV": ("csv", b"\r\n \r\n", "the file is empty"),
    "separators alone": ("csv", b";;;\n;;;\n", "the file is empty"),
    "workbook without cells": ("xlsx", workbook_bytes([]), "the file is empty"),
    "zeros": ("xlsx", bytes(4096), "the file is empty"),
    "text": ("xlsx", "Họ và tên;Ca\n".encode(), "this is not an .xlsx file"),
    "html": ("xlsx", b"<html><table></table></html>", "this is not an .xlsx file"),
    "pdf": ("pdf", b"%PDF-1.7\n", "this is not an .xlsx file"),
    "old excel": ("xls", _OLE + "Workbook".encode("utf-16-le"), "Excel 97-2003"),
    "encrypted": ("xlsx", _OLE + "EncryptedPackage".encode("utf-16-le"), "protected with a password"),
    "zip with a password": ("xlsx", _locked(), "protected with a password"),
    "ods": ("ods", _zip(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "another format"),
    "another zip": ("xlsx", _zip(readme=b"hello"), "not a spreadsheet that can be read"),
    "docx": ("xlsx", _zip(word__document=b"<w/>"), "not a spreadsheet that can be read"),
    "cut short": ("xlsx", WORKBOOK[:3000], "damaged"),
    "entities": ("xlsx", _changed(*_DOCTYPE), "defines entities"),
    "entities in UTF-16": ("xlsx", _changed(*_DOCTYPE, encoding="utf-16-le"), "defines entities"),
    "broken xml": ("xlsx", _changed(SHEET, b"</sheetData>", b"<sheetData>"), "not a spreadsheet that can be read"),
    "merged over everything": ("xlsx", _changed(SHEET, b"</sheetData>", _MERGED), "cover 17,179,869,184 cells"),
    "legacy encoding": ("csv", "Tên;Ca\nHà;1\n".encode("cp1258"), "the file is not in UTF-8"),
    "zero byte": ("csv", b"a\0b;c", "not a CSV file"),
    "UTF-16 without its mark": ("csv", "a;b\n".encode("utf-16-le"), "not a CSV file"),
    "open quotation": ("csv", b'name;hostname\n"a;1\n', "the table is not CSV"),
    "endless field": ("csv", b'"' + b"x" * 200_000, "the table is not CSV"),
}  # fmt: skip


@pytest.mark.attack(family="tables and inventories without end")
@pytest.mark.parametrize(("suffix", "data", "complaint"), REFUSED.values(), ids=REFUSED)
def test_both_refuse_a_file_with_the_same_sentence(tmp_path: Path, suffix: str, data: bytes, complaint: str) -> None:
    path = tmp_path / f"file.{suffix}"
    path.write_bytes(data)
    error = _refusal(path)
    assert complaint in error.what
    assert str(error.where).startswith(str(path))
    assert error.do
    assert error.exit is Exit.USAGE


def _refusal(path: Path) -> WorkspaceError:
    """The error of the roster, which is that of the inventory too."""
    with pytest.raises(WorkspaceError) as of_roster:
        load_roster(path, event())
    with pytest.raises(WorkspaceError) as of_inventory:
        read_tables(path)
    for lang in ("vi", "en"):
        assert of_roster.value.render(lang) == of_inventory.value.render(lang)
    return of_roster.value


def test_a_folder(tmp_path: Path) -> None:
    assert "the table cannot be read: Is a directory" in str(_refusal(tmp_path))


BOUNDS: dict[str, tuple[Any, str, int, str]] = {
    "bytes": (file, "MAX_BYTES", 20, "the table has more than 2e-05 MB"),
    "cells": (sheet, "MAX_CELLS", 10, "the file has more than 10 cells"),
    "rows": (sheet, "MAX_ROWS", 1, "the table has more than 1 rows"),
    "columns": (sheet, "MAX_COLUMNS", 6, "a row has more than 6 columns"),
    "text": (sheet, "MAX_TEXT", 12, "the cell has more than 12 characters"),
}


@pytest.mark.attack(family="tables and inventories without end")
@pytest.mark.parametrize("kind", ["workbook", "semicolon as CSV"])
@pytest.mark.parametrize(("module", "name", "most", "complaint"), BOUNDS.values(), ids=BOUNDS)
def test_both_have_the_same_bounds(  # noqa: PLR0917  a bound has four parts
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, module: Any, name: str, most: int, complaint: str
) -> None:
    path = FILES[kind](tmp_path / "r", ROSTER[:2])
    assert read_sheets(path)
    file._sheets.cache_clear()
    monkeypatch.setattr(module, name, most)
    assert complaint in str(_refusal(path))


@pytest.mark.attack(family="tables and inventories without end")
def test_a_workbook_has_bounds_of_sheets_and_of_unpacked_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(_zip(xl__workbook=bytes(sheet.MAX_UNPACKED + 1)))
    assert path.stat().st_size < 200_000
    assert "unpacked, the file has more than 64 MB" in str(_refusal(path))
    monkeypatch.setattr(xlsx, "MAX_SHEETS", 1)
    assert "the file has 2 sheets, more than 1" in str(_refusal(_workbook(tmp_path / "r", ROSTER)))


def test_a_cell_at_the_far_end_costs_nothing(tmp_path: Path) -> None:
    made, sheet = workbook(*DEVICES)
    sheet["A1048576"], sheet["XFD1048576"] = "x", " "
    made.save(tmp_path / "far.xlsx")
    (read,) = read_sheets(tmp_path / "far.xlsx")
    assert (read.filled_rows, read.width) == ([1, 2, 3, 1_048_576], 4)
    (table,) = read_tables(tmp_path / "far.xlsx")
    assert [row[-1].place.cell for row in table.rows] == ["D1", "D2", "D3", "A1048576"]


def test_a_row_is_as_wide_as_it_is_filled(tmp_path: Path) -> None:
    path = _csv(";")(tmp_path / "d", [["a"] * 900, *[["a", "b"]] * 9])
    assert sum(len(row) for table in read_tables(path) for row in table.rows) == 918


def test_cells_without_a_value_are_a_problem_of_both(tmp_path: Path) -> None:
    path = ledger(tmp_path / "d.xlsx", [[*HEAD[:5], HEAD[5]], [*LINE[:4], "=1+1", "#N/A"]])
    with pytest.raises(WorkspaceError) as error:
        load_roster(path, event())
    assert "cell E2: the formula has no stored value" in str(error.value)
    assert "cell F2: the cell shows the error #N/A" in str(error.value)
    rows = [DEVICES[0], ["r1", '="10.0.0."&2', "", ""], ["r2", "#REF!", "", ""], ["r3", "10.0.0.3", "", ""]]
    imported = read_entries(read_tables(ledger(tmp_path / "d.xlsx", rows)), KNOWN)
    shown = [one.render("en") for one in imported.errors]
    assert shown[0].startswith("d.xlsx, Trực!B2: the formula has no stored value")
    assert shown[1].startswith("d.xlsx, Trực!B3: the cell shows the error #REF!")
    assert [one.name for one in imported.of("devices")] == ["r3"]


def test_hidden_sheets_alone_are_refused(tmp_path: Path) -> None:
    made = Workbook()
    made.worksheets[0].append(["name"])
    made.worksheets[0].sheet_state = "hidden"
    made.create_sheet("Empty")
    made.save(tmp_path / "d.xlsx")
    with pytest.raises(WorkspaceError, match="all sheets with content are hidden"):
        read_tables(tmp_path / "d.xlsx")


@given(
    data=st.binary(max_size=300) | st.text('a;,\t"\n1', max_size=60).map(str.encode),
    suffix=st.sampled_from(["csv", "xlsx"]),
)
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes, suffix: str) -> None:
    path = tmp_path_factory.mktemp("t") / f"d.{suffix}"
    path.write_bytes(data)
    with suppress(UsageError):
        assert read_tables(path)
