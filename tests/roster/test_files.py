"""Files that are no roster: each says what it is, and what to do."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from eventready.core.errors import WorkspaceError
from eventready.roster.reading.headers import find_table
from eventready.roster.reading.load import load_roster
from eventready.roster.reading.matrix import rows_of
from eventready.roster.reading.when import Calendar
from eventready.workspace.sheets.file import read_sheets
from tests.roster.books import HEAD, LINE, event, ledger, workbook


def test_absent(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="does not exist"):
        load_roster(tmp_path / "roster.xlsx", event())


def test_rows_with_nothing_in_them_are_not_gone_through(tmp_path: Path) -> None:
    made, sheet = workbook(HEAD, LINE)
    sheet["A1048576"] = "x"
    made.save(tmp_path / "r.xlsx")
    (read,) = read_sheets(tmp_path / "r.xlsx")
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
