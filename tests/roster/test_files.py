"""Files that are no roster: each says what it is, and what to do."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path

import pytest

from eventready.core.errors import Exit, WorkspaceError
from eventready.roster.reading import grid
from eventready.roster.reading.headers import find_table
from eventready.roster.reading.load import load_roster
from eventready.roster.reading.matrix import rows_of
from eventready.roster.reading.when import Calendar
from tests.roster.books import HEAD, LINE, event, ledger, workbook, workbook_bytes

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def _zip(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name.replace("__", "/"), data)
    return stream.getvalue()


def _changed(part: str, old: bytes, new: bytes) -> bytes:
    """A workbook with one part of its package edited."""
    stream = io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(workbook_bytes([HEAD, LINE])))
    with zipfile.ZipFile(stream, "w") as package:
        for name in source.namelist():
            data = source.read(name)
            assert name != part or old in data
            package.writestr(name, data.replace(old, new) if name == part else data)
    return stream.getvalue()


def _locked() -> bytes:
    data = bytearray(workbook_bytes([HEAD, LINE]))
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        data[at + 8] |= 1
        at += 4
    return bytes(data)


SHEET = "xl/worksheets/sheet1.xml"
CASES = {
    "empty": (b"", "the file is empty"),
    "zeros": (bytes(4096), "the file is empty"),
    "text": ("Họ và tên;Ca\n".encode(), "this is not an .xlsx file"),
    "html": (b"<html><table></table></html>", "this is not an .xlsx file"),
    "pdf": (b"%PDF-1.7\n", "this is not an .xlsx file"),
    "old excel": (_OLE + "Workbook".encode("utf-16-le"), "Excel 97-2003"),
    "encrypted": (_OLE + "EncryptedPackage".encode("utf-16-le"), "protected with a password"),
    "zip with a password": (_locked(), "protected with a password"),
    "ods": (_zip(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "another format"),
    "another zip": (_zip(readme=b"hello"), "not a spreadsheet that can be read"),
    "docx": (_zip(word__document=b"<w/>"), "not a spreadsheet that can be read"),
    "cut short": (workbook_bytes([HEAD, LINE])[:3000], "damaged"),
    "entities": (
        _changed(SHEET, b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet'),
        "defines entities",
    ),
    "broken xml": (_changed(SHEET, b"</sheetData>", b"<sheetData>"), "not a spreadsheet that can be read"),
    "merged over everything": (
        _changed(SHEET, b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'),
        "its merged cells cover 17,179,869,184 cells",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_no_roster(name: str, tmp_path: Path) -> None:
    data, complaint = CASES[name]
    path = tmp_path / "roster.xlsx"
    path.write_bytes(data)
    with pytest.raises(WorkspaceError) as error:
        load_roster(path, event())
    assert complaint in error.value.what
    assert error.value.where == str(path)
    assert error.value.do
    assert error.value.exit is Exit.USAGE


def test_absent(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="does not exist"):
        load_roster(tmp_path / "roster.xlsx", event())


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="the roster cannot be read: Is a directory"):
        load_roster(tmp_path, event())


@pytest.mark.parametrize("name", ["roster.xlsx", "roster.csv"])
def test_too_big(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with path.open("wb") as file:
        file.truncate(grid.MAX_BYTES + 1)
    with pytest.raises(WorkspaceError, match="the roster has more than 16 MB"):
        load_roster(path, event())


def test_a_bomb(tmp_path: Path) -> None:
    path = tmp_path / "roster.xlsx"
    path.write_bytes(_zip(xl__workbook=bytes(grid.MAX_UNPACKED + 1)))
    assert path.stat().st_size < 200_000
    with pytest.raises(WorkspaceError, match="unpacked, the file has more than 64 MB"):
        load_roster(path, event())


def test_too_many_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid, "MAX_CELLS", 10)
    with pytest.raises(WorkspaceError, match="the sheet 'Trực' has 14 cells, more than the 10"):
        load_roster(ledger(tmp_path / "r.xlsx", [HEAD, LINE]), event())


def test_too_many_sheets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ledger(tmp_path / "r.xlsx", {"Trực": [HEAD, LINE], "Ghi chú": [["không"]]})
    monkeypatch.setattr(grid, "MAX_SHEETS", 2)
    assert len(load_roster(path, event()).shifts) == 2
    monkeypatch.setattr(grid, "MAX_SHEETS", 1)
    with pytest.raises(WorkspaceError, match="the file has 2 sheets, more than 1"):
        load_roster(path, event())


def test_a_cell_at_the_far_end_costs_nothing(tmp_path: Path) -> None:
    made, sheet = workbook(HEAD, LINE)
    sheet["XFD1048576"] = " "
    made.save(tmp_path / "r.xlsx")
    assert len(load_roster(tmp_path / "r.xlsx", event()).shifts) == 2


def test_rows_with_nothing_in_them_are_not_gone_through(tmp_path: Path) -> None:
    made, sheet = workbook(HEAD, LINE)
    sheet["A1048576"] = "x"
    made.save(tmp_path / "r.xlsx")
    (read,), _ = grid.open_sheets(tmp_path / "r.xlsx")
    table = find_table(read, Calendar(date(2022, 4, 1), date(2022, 5, 31)))
    assert table is not None
    assert [row for row, _ in rows_of(table)] == [2, 1_048_576]
    assert len(load_roster(tmp_path / "r.xlsx", event()).shifts) == 2


def test_no_table(tmp_path: Path) -> None:
    path = ledger(
        tmp_path / "r.xlsx", {"Một": [["xin chào"]], "Hai": [["Họ và tên", "Điện thoại"], ["A B", "0912345678"]]}
    )
    with pytest.raises(WorkspaceError, match='no sheet holds a roster \\(sheets: "Một", "Hai"\\)'):
        load_roster(path, event())


def test_no_person_on_duty(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="nobody is on duty"):
        load_roster(ledger(tmp_path / "r.xlsx", [HEAD, [*LINE[:5], None, None]]), event())


def test_hidden_sheets_are_not_read(tmp_path: Path) -> None:
    made, _ = workbook(HEAD, LINE)
    old = made.create_sheet("Bản cũ")
    for values in (HEAD, [1, "Trần Văn Cũ", "Trực ca", "NOC", "0987654321", "C9", "C9"]):
        old.append(values)
    old.sheet_state = "hidden"
    made.save(tmp_path / "r.xlsx")
    assert [person.name for person in load_roster(tmp_path / "r.xlsx", event()).people] == ["Nguyễn Văn An"]
