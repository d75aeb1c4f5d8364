"""Names in cells, CSV, hidden parts: rosters as offices keep them, each the same as the list of its shifts."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventready.core.errors import WorkspaceError
from eventready.roster.reading.load import load_roster
from eventready.roster.reading.register import TypedName, split_name, split_names
from eventready.roster.roster import Roster
from tests.roster.books import HEAD, LINE, event, ledger, workbook

EVENT = event()
PEOPLE = [
    ["Họ và tên", "Điện thoại"],
    ["Nguyễn Văn An", "0912345678"],
    ["Trần Thị Bình", "0912345679"],
    ["Lê Cường", "0912345670"],
]
NAMES = [row[0] for row in PEOPLE[1:]]
DAYS = [date(2022, 4, 29), date(2022, 4, 30)]
CODES = ["C1", "C2", "C3"]


def load(tmp_path: Path, sheets: Any) -> Roster:
    return load_roster(ledger(tmp_path / "roster.xlsx", sheets), EVENT)


def shifts(roster: Roster) -> set[tuple[str, str, str, Any, Any]]:
    return {(roster.name(s.person), s.role, s.code, s.start, s.end) for s in roster.shifts}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Nguyễn Văn An", TypedName("Nguyễn Văn An")),
        ("Đ/c Nguyễn Văn An - Phó Giám đốc", TypedName("Nguyễn Văn An", "Phó Giám đốc")),
        ("KS. Trần Thị Bình", TypedName("Trần Thị Bình", "KS.")),
        ("PGS.TS. Lê Cường", TypedName("Lê Cường", "PGS.TS.")),
        ("Ông Lê Cường (Trưởng ca)", TypedName("Lê Cường", "Trưởng ca")),
        ("Trần Thị Bình\nTổ trưởng", TypedName("Trần Thị Bình", "Tổ trưởng")),
        ("Lê Cường - Trương Bình", TypedName("Lê Cường - Trương Bình")),
        ("Lê Cường (*678)", TypedName("Lê Cường (*678)")),
        ("Bà Rịa", TypedName("Bà Rịa")),
    ],
)
def test_titles_are_split_from_names(typed: str, expected: TypedName) -> None:
    assert split_name(typed) == expected


def test_a_title_of_the_column_stays(tmp_path: Path) -> None:
    roster = load(tmp_path, [[*HEAD[:2], "Chức vụ", *HEAD[2:]], [1, "ThS. Lê An", "Trưởng ca", *LINE[2:]]])
    assert [(person.name, person.title) for person in roster.people] == [("Lê An", "Trưởng ca")]
    roster = load(tmp_path, [HEAD, [1, "Lê An - Trưởng ca", *LINE[2:]]])
    assert [(person.name, person.title) for person in roster.people] == [("Lê An", "Trưởng ca")]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("Lê Cường; Trần Thị Bình", ["Lê Cường", "Trần Thị Bình"]),
        ("Lê Cường\nTrần Thị Bình", ["Lê Cường", "Trần Thị Bình"]),
        ("Lê Cường và Trần Thị Bình", ["Lê Cường", "Trần Thị Bình"]),
        ("Lê Cường, Trưởng ca", ["Lê Cường"]),
        ("Lê Cường 0912 345 678", ["Lê Cường"]),
    ],
)
def test_names_of_a_cell(cell: str, expected: list[str]) -> None:
    assert [one.name for one in split_names(cell)] == expected


def test_the_numbers_behind_a_name_are_the_person_s() -> None:
    found = split_names("Lê Cường (0912 345 678)\n+84 294 385 0852\nTrần Bình")
    assert [(one.name, one.numbers) for one in found] == [
        ("Lê Cường", ("0912345678", "02943850852")),
        ("Trần Bình", ()),
    ]


grids = st.dictionaries(
    st.tuples(st.sampled_from(DAYS), st.sampled_from(CODES)),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True),
    min_size=1,
)


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(grids, st.sampled_from(["\n", "; ", ", ", " và "]), st.booleans())
def test_a_table_of_names_is_the_list_of_its_shifts(
    grid: dict[tuple[date, str], list[str]], between: str, across: bool
) -> None:
    """Days by shifts and shifts by days give the shifts of the plain list, in xlsx and in CSV."""
    listed = [["Họ và tên", "Nhiệm vụ", "Ngày", "Ca"]]
    listed += [[name, "Trực ca", f"{day:%d/%m/%Y}", code] for (day, code), names in grid.items() for name in names]
    if across:
        rows = [["Ca", *(f"{day:%d/%m/%Y}" for day in DAYS)]]
        rows += [[code, *(between.join(grid.get((day, code), ())) for day in DAYS)] for code in CODES]
    else:
        rows = [["Ngày", *(f"Ca {code}" for code in CODES)]]
        rows += [[f"{day:%d/%m/%Y}", *(between.join(grid.get((day, code), ())) for code in CODES)] for day in DAYS]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "roster.xlsx"
        expected = shifts(load_roster(ledger(path, {"Trực ca": listed, "Người": PEOPLE}), EVENT))
        assert shifts(load_roster(ledger(path, {"Trực ca": rows, "Người": PEOPLE}), EVENT)) == expected
        with_phones = [
            [between.join(f"{name} {dict(PEOPLE[1:])[name]}" for name in str(cell).split(between))
             if row and column and cell else cell for column, cell in enumerate(line)]
            for row, line in enumerate(rows)
        ]  # fmt: skip
        stream = io.StringIO()
        csv.writer(stream, delimiter=";").writerows([["LỊCH TRỰC CA"], *with_phones])
        table = Path(folder) / "roster.csv"
        table.write_text(stream.getvalue(), encoding="utf-8-sig")
        assert shifts(load_roster(table, EVENT)) == expected


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([["Ngày", "C1"], ["29/04/2022", "Lê Cường"]], "the table does not name its duty"),
        ([["Trực ca"], ["Ngày", "C1"], ["31/02/2022", "Lê Cường"]], "not a day of the calendar"),
        ([["Trực ca"], ["Ca", "29/04/2022"], ["K9", "Lê Cường"]], "'K9' is not the code of a shift"),
        ([["Trực ca"], ["Ngày", "C1"], ["29/04/2022", "Vô Danh"]], "Vô Danh is on duty and has no telephone number"),
    ],
)
def test_what_is_wrong_in_a_table_of_names(tmp_path: Path, rows: list[list[str]], words: str) -> None:
    with pytest.raises(WorkspaceError, match=words):
        load(tmp_path, {"Lịch": rows, "Người": PEOPLE})


def test_hidden_rows_columns_and_sheets_are_reported(tmp_path: Path) -> None:
    made, sheet = workbook(HEAD, LINE, [2, "Trần Thị Bình", "Trực ca", "NOC", "0912345679", "C2", "C1"])
    sheet.row_dimensions[3].hidden = True
    sheet.row_dimensions[9].hidden = True
    sheet.column_dimensions["G"].hidden = True
    made.create_sheet("Cũ").sheet_state = "hidden"
    made.save(tmp_path / "roster.xlsx")
    roster = load_roster(tmp_path / "roster.xlsx", EVENT)
    assert len(roster.shifts) == 4
    assert [notice.render("en") for notice in roster.notices] == [
        "Hidden sheets were left out: Cũ",
        "Sheet Sheet: hidden rows were read: 3",
        "Sheet Sheet: hidden columns were read: G",
    ]


def test_columns_with_an_unknown_header_are_named(tmp_path: Path) -> None:
    ledger(tmp_path / "roster.xlsx", [[*HEAD, "Cỡ áo", "Ghi chú"], [*LINE, "XL", "mới"]])
    assert [notice.render("vi") for notice in load_roster(tmp_path / "roster.xlsx", EVENT).notices] == [
        "Trang Trực: không đọc cột có tiêu đề lạ: Cỡ áo"
    ]


def test_shifts_at_home_are_on_call(tmp_path: Path) -> None:
    rows = [
        ["Ngày", "Nhiệm vụ", "06:00-18:00", "18:00-06:00 (trực tại nhà)"],
        ["29/04/2022", "Ứng cứu", "Lê Cường", "Trần Thị Bình"],
    ]
    found = load(tmp_path, {"Trực": rows, "Người": PEOPLE})
    assert {(found.name(s.person), s.role, s.end - s.start, s.on_call) for s in found.shifts} == {
        ("Lê Cường", "UC", timedelta(hours=12), False),
        ("Trần Thị Bình", "UC", timedelta(hours=12), True),
    }
