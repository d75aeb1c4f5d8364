"""Rosters in the forms that engineers keep, and what is wrong in a cell, by its cell."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from eventready.core.errors import WorkspaceError
from eventready.roster.reading.load import load_roster
from eventready.roster.roster import Roster
from eventready.roster.settings import RosterSettings
from tests.roster.books import HEAD, LINE, Rows, at, event, ledger, naive, workbook


def load(tmp_path: Path, sheets: Any, merged: tuple[str, ...] = (), **settings: Any) -> Roster:
    path = ledger(tmp_path / "roster.xlsx", sheets, merged)
    return load_roster(path, event(), RosterSettings.model_validate(settings))


def reported(roster: Roster) -> list[tuple[str, str, datetime, datetime]]:
    return [(roster.name(s.person), s.role, s.start, s.end) for s in roster.shifts]


def complaint(tmp_path: Path, sheets: Any, merged: tuple[str, ...] = ()) -> str:
    with pytest.raises(WorkspaceError) as error:
        load(tmp_path, sheets, merged)
    return str(error.value).replace(str(tmp_path) + "/", "")


AN = [
    ("Nguyễn Văn An", "CA", at("29 6"), at("29 14")),
    ("Nguyễn Văn An", "CA", at("30 14"), at("30 22")),
]


def test_matrix(tmp_path: Path) -> None:
    roster = load(tmp_path, [HEAD, LINE])
    assert reported(roster) == AN
    assert roster.people[0].phones == ("0912345678",)
    assert roster.shifts[0].cell.endswith('roster.xlsx, sheet "Trực", cell F2')
    assert roster.shifts[0].code == "C1"


@pytest.mark.parametrize(
    "head",
    [
        ["stt", "ho ten", "vai tro", "dia diem", "sdt", "29/04/2022", "30/04/2022"],
        ["STT", "HỌ TÊN", "NHIỆM VỤ", "ĐỊA ĐIỂM", "SỐ ĐIỆN THOẠI", "T6\n29/4", "T7\n30/4"],
        [unicodedata.normalize("NFD", str(text)) if isinstance(text, str) else text for text in HEAD],
        ["No.", "Full name", "Duty", "Place", "Phone", "2022-04-29", date(2022, 4, 30)],
        ["STT", "Họ và tên", "Nhiệm vụ", "Địa điểm", "Điện thoại", 44680, 44681],
    ],
)
def test_heads(tmp_path: Path, head: list[Any]) -> None:
    assert reported(load(tmp_path, [head, LINE])) == AN


def test_title_merged_head_and_month_over_days(tmp_path: Path) -> None:
    rows: Rows = [
        ["LỊCH TRỰC 24/24"],
        [],
        ["STT", "Họ và tên", "Nhiệm vụ", "Địa điểm", "Điện thoại", None, "Tháng 4/2022", None],
        [None, None, None, None, "Di động", "Cố định", "T6 29", 30],
        ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)", "(8)"],
        [1, "Nguyễn Văn An", "Trực ca", "NOC", 912345678, "02943850852", "C1", "C2"],
        ["Ghi chú: P là nghỉ phép"],
        [None, None, None, "Người lập"],
    ]
    roster = load(tmp_path, rows, ("A1:H1", "A3:A4", "B3:B4", "C3:C4", "D3:D4", "E3:F3", "G3:H3"))
    assert reported(roster) == AN
    assert roster.people[0].phones == ("0912345678", "02943850852")


def test_duties_as_section_rows(tmp_path: Path) -> None:
    head = ["STT", "Họ và tên", "Điện thoại", date(2022, 4, 29)]
    rows: Rows = [
        head,
        ["I. TRỰC LÃNH ĐẠO"],
        [1, "Lê Thị Bình", "0912345678", "OC"],
        ["II", None, "TRỰC VẬN HÀNH BƯU CHÍNH"],
        [2, "Trần Văn Cường", "0987654321", "Đ"],
        ["III", "3. Trực ca"],
        [3, "Đỗ Văn Ca", "0333444555", "C3"],
    ]
    roster = load(tmp_path, rows, ("A2:D2",))
    assert reported(roster) == [
        ("Lê Thị Bình", "LD", at("29"), at("30")),
        ("Trần Văn Cường", "VH", at("29 19"), at("30 7")),
        ("Đỗ Văn Ca", "CA", at("29 22"), at("30 6")),
    ]
    assert [(s.on_call, s.branch) for s in roster.shifts] == [(True, ""), (False, "BC"), (False, "")]
    assert len(roster.people) == 3


def test_duty_from_a_merged_cell_and_from_the_sheets_name(tmp_path: Path) -> None:
    merged = load(
        tmp_path, [HEAD, LINE, [2, "Trần Văn Cường", None, "NOC", "0987654321", "C2", None]], ("C2:C3",)
    )  # fmt: skip
    assert {s.role for s in merged.shifts} == {"CA"}
    head = ["Họ và tên", "Điện thoại", date(2022, 4, 29)]
    named = load(tmp_path, {"Trực điều hành": [head, ["Lê Thị Bình", "0912345678", "C1"]]})
    assert {s.role for s in named.shifts} == {"DH"}


def test_codes_from_a_legend_sheet(tmp_path: Path) -> None:
    legend: Rows = [
        ["Chú giải"],
        ["Ký hiệu", "Bắt đầu", "Kết thúc", "Ý nghĩa"],
        ["C1", "07:00", "15:00", "Ca sáng"],
        ["T", time(17, 0), time(1, 0), "Tối"],
        ["SS", "07:00", "07:00", "Sẵn sàng tại nhà"],
        ["F0", None, None, "Nghỉ ốm"],
    ]
    roster = load(tmp_path, {"Trực": [HEAD, [*LINE[:5], "C1", "t"], [*LINE[:5], None, "SS"]], "Chú giải": legend})
    assert [(s.start, s.end, s.on_call) for s in roster.shifts] == [
        (at("29 7"), at("29 15"), False),
        (at("30 7"), at("31 7"), True),
        (at("30 17"), at("31 1"), False),
    ]
    away = load(tmp_path, {"Trực": [HEAD, [*LINE[:5], "C1", "F0"]], "Chú giải": legend}).leave
    assert [(leave.start, leave.end) for leave in away] == [(at("30"), at("31"))]


def test_codes_from_columns_beside_the_matrix_and_from_a_line_below(tmp_path: Path) -> None:
    beside: Rows = [[*HEAD, None, "Ký hiệu", "Giờ trực"], [*LINE[:5], "S", "C2", None, "S", "6h - 12h30"]]
    assert load(tmp_path, beside).shifts[0].end == at("29 12:30")
    below: Rows = [HEAD, [*LINE[:5], "X1", "C2"], [], ["Ghi chú: X1: 08h00-16h00; X2: 16h00-24h00"]]
    assert load(tmp_path, below).shifts[0].start == at("29 8")


def test_codes_from_the_settings(tmp_path: Path) -> None:
    codes = {"HC": {"from": "07:30", "to": "11:30"}}
    assert load(tmp_path, [HEAD, [*LINE[:5], "hc", None]], codes=codes).shifts[0].start == at("29 7:30")


def test_cells_of_the_matrix(tmp_path: Path) -> None:
    def cells(one: object, two: object = None) -> list[tuple[datetime, datetime]]:
        roster = load(tmp_path, [HEAD, LINE, [2, "Trần Văn Cường", "Trực ca", "", "0987654321", one, two]])
        return [(s.start, s.end) for s in roster.shifts if s.person == "Trần Văn Cường"]

    assert cells("c 1") == cells("C1 ") == [(at("29 6"), at("29 14"))]
    assert (
        cells("C1+C2") == cells("C1/C2") == cells("C1\nC2") == [(at("29 6"), at("29 14")), (at("29 14"), at("29 22"))]
    )
    assert cells("07:00-19:00") == cells("7h-19h") == cells("N") == [(at("29 7"), at("29 19"))]
    assert cells("07:00-07:00") == [(at("29 7"), at("30 7"))]
    assert cells("D") == cells("Đ") == cells("đ") == [(at("29 19"), at("30 7"))]
    assert cells("-", "nghỉ") == cells("Off", "–") == []


def test_a_cell_merged_over_days_counts_on_each(tmp_path: Path) -> None:
    assert len(load(tmp_path, [HEAD, [*LINE[:5], "OC", None]], ("F2:G2",)).shifts) == 2


LIST_HEAD = ["Họ và tên", "Nhiệm vụ", "Ngày", "Ca", "Địa điểm", "SĐT", "Ghi chú"]


@pytest.mark.parametrize(
    ("head", "line", "start", "end"),
    [
        (LIST_HEAD, ["A B", "CA", date(2022, 4, 29), "C3", "hall", "0912345678", ""], "29 22", "30 6"),
        (LIST_HEAD, ["A B", "CA", "29/04/2022", "Ca C3", "hall", "0912345678", ""], "29 22", "30 6"),
        (["Họ tên", "Vai trò", "Ngày", "Từ", "Đến", "SĐT"],
         ["A B", "CA", "29/4", "22:00", "6h", "0912345678"], "29 22", "30 6"),
        (["Họ tên", "Vai trò", "Ngày", "Từ", "Đến", "SĐT"],
         ["A B", "CA", "29/4", time(22), 0.25, "0912345678"], "29 22", "30 6"),
        (["Họ tên", "Vai trò", "Từ", "Đến", "SĐT"],
         ["A B", "CA", naive(2022, 4, 29, 22), naive(2022, 4, 30, 6), "0912345678"], "29 22", "30 6"),
        (["Họ tên", "Vai trò", "Từ", "Đến", "SĐT"],
         ["A B", "CA", "22:00 29/04/2022", "06:00 30/04/2022", "0912345678"], "29 22", "30 6"),
        (["Họ tên", "Vai trò", "Ngày trực", "Thời gian", "SĐT"],
         ["A B", "CA", "29/4", "22:00 - 06:00", "0912345678"], "29 22", "30 6"),
        (["Họ tên", "Vai trò", "Ngày trực", "Thời gian", "SĐT"],
         ["A B", "CA", "29/4", "22:00-06:00", "0912345678"], "29 22", "30 6"),
        (["Họ tên", "Vai trò", "Ngày trực", "Thời gian", "SĐT"],
         ["A B", "CA", "29/4", "22h30-4h", "0912345678"], "29 22:30", "30 4"),
        (["Họ tên", "Vai trò", "Thời gian", "SĐT"],
         ["A B", "CA", "từ 22h 29/4 đến 6h 30/4", "0912345678"], "29 22", "30 6"),
        (["Họ tên", "Vai trò", "Từ", "Đến", "SĐT"],
         ["A B", "CA", 44680.916666667, 44681.25, "0912345678"], "29 22", "30 6"),
        (["Họ tên", "Vai trò", "Ca/Thời gian trực", "SĐT"],
         ["A B", "CA", "C3, 22:00 ngày 29/04/2022 – 06:00 ngày 30/04/2022", "0912345678"], "29 22", "30 6"),
        (["Họ tên", "Vai trò", "Thời gian trực", "SĐT"],
         ["A B", "CA", "07:00–24:00 ngày 29/04/2022", "0912345678"], "29 7", "30 0"),
    ],
)  # fmt: skip
def test_list(tmp_path: Path, head: list[Any], line: list[Any], start: str, end: str) -> None:
    roster = load(tmp_path, [head, line])
    assert reported(roster) == [("A B", "CA", at(start), at(end))]


def test_list_of_several_days_leave_and_place(tmp_path: Path) -> None:
    rows: Rows = [
        LIST_HEAD,
        ["A B", "UC", "28/04 - 30/04/2022", "OC", "TT Hội nghị tỉnh", "0912345678", "xe 84C"],
        ["A B", None, "01/05/2022", "P", None, None, None],
    ]
    roster = load(tmp_path, rows)
    assert [s.start for s in roster.shifts] == [at("28"), at("29"), at("30")]
    assert {(s.venue, s.place, s.note, s.on_call) for s in roster.shifts} == {
        ("hall", "TT Hội nghị tỉnh", "xe 84C", True)
    }
    assert [(away.person, away.start) for away in roster.leave] == [("A B", at("31"))]


def test_people_may_stand_in_a_sheet_of_their_own(tmp_path: Path) -> None:
    people: Rows = [
        ["Họ và tên", "Chức vụ", "Điện thoại", "Kỹ năng", "Dự bị", "Duyệt thay đổi khẩn"],
        ["Nguyễn Văn An", "Kỹ sư", "0912345678", "vô tuyến, IP", "x", "x"],
        ["Trần Văn Cường", "Kỹ sư", "0987654321", "", "DH; VH", "không"],
    ]
    head = ["Họ và tên", "Nhiệm vụ", date(2022, 4, 29)]
    matrix: Rows = [head, ["nguyễn văn an", "Trực ca", "C1"]]
    with pytest.raises(WorkspaceError, match="'x' does not say for which duty"):
        load(tmp_path, {"Trực": matrix, "Nhân sự": people})
    people[1][4] = "CA"  # type: ignore[index]  # a list of lists
    roster = load(tmp_path, {"Trực": matrix, "Nhân sự": people})
    an, cuong = roster.people
    assert (an.name, an.title, an.skills, an.reserve, an.may_authorise) == (
        "Nguyễn Văn An", "Kỹ sư", ("RAN", "IP"), ("CA",), True,
    )  # fmt: skip
    assert (cuong.reserve, cuong.may_authorise) == (("DH", "VH"), False)
    assert roster.shifts[0].person == an.id


def test_namesakes(tmp_path: Path) -> None:
    other = [2, "Nguyễn Văn An", "Trực ca", "NOC", "0987654321", "C2", None]
    roster = load(tmp_path, [HEAD, LINE, other])
    assert [p.id for p in roster.people] == ["Nguyễn Văn An (*678)", "Nguyễn Văn An (*321)"]
    unclear = complaint(tmp_path, [HEAD, LINE, other, [3, "Nguyễn Văn An", "Trực ca", "", None, None, "C3"]])
    assert 'roster.xlsx, sheet "Trực", cell B4: there are two people called Nguyễn Văn An' in unclear
    alike = [2, "Nguyễn Văn An", "Trực ca", "NOC", "0987654678", "C2", None]
    assert len({p.id for p in load(tmp_path, [HEAD, LINE, alike]).people}) == 2


def test_the_place_of_a_tone_mark_makes_no_person_another_person(tmp_path: Path) -> None:
    rows = [[1, name, "Trực ca", "NOC", "0912345678", "C1", None] for name in ("Trần Thị Hoà", "TRẦN THỊ HÒA")]
    assert [p.name for p in load(tmp_path, [HEAD, *rows]).people] == ["Trần Thị Hoà"]
    rows[1][1] = "Trần Thị Hoa"
    assert len(load(tmp_path, [HEAD, *rows]).people) == 2


def test_staff_numbers_state_namesakes_apart(tmp_path: Path) -> None:
    head = ["Mã NV", *HEAD]
    rows: Rows = [head, ["VT01", *LINE], ["VT02", 2, "Nguyễn Văn An", "Trực ca", "", "0987654321", "C2", None]]
    assert [p.id for p in load(tmp_path, rows).people] == ["VT01", "VT02"]
    rows = [head, ["VT01", *LINE], ["VT01", 2, "Trần Văn Cường", "Trực ca", "", "0987654321", "C2", None]]
    assert "the staff number VT01 stands for Nguyễn Văn An and for Trần Văn Cường" in complaint(tmp_path, rows)


def _line(**cells: object) -> list[Any]:
    line = dict(zip(("number", "name", "duty", "place", "phone", "one", "two"), LINE, strict=True))
    return list({**line, **cells}.values())


@pytest.mark.parametrize(
    ("rows", "cell", "what"),
    [
        ([HEAD, _line(name="Nguyễn Văn An, Trần Văn Cường")], "B2", "two people stand in one cell"),
        ([HEAD, _line(name="Nguyễn Văn An\nTrần Văn Cường")], "B2", "two people stand in one cell"),
        ([HEAD, _line(name="Nguyễn Văn An và Trần Văn Cường")], "B2", "two people stand in one cell"),
        ([HEAD, _line(one="Nguyễn Văn An/Trần Văn Cường")], "F2", "two people stand in one cell"),
        ([HEAD, _line(name="Nguyễn Văn An 0912 345 678")], "B2", "a telephone number stands where the name should"),
        ([HEAD, _line(name="An " * 60)], "B2", "the name has 179 letters"),
        ([HEAD, _line(one="C9")], "F2", "'C9' is not the code of a shift. Known: C1, C2, C3, N, Đ, OC, P."),
        ([HEAD, _line(one="C1 C9")], "F2", "'C1 C9' is not the code"),
        ([HEAD, _line(phone=None)], "B2", "Nguyễn Văn An is on duty and has no telephone number"),
        ([HEAD, _line(phone="01234567890")], "E2", "has the eleven digits of before 2018"),
        ([HEAD, _line(phone="12345")], "E2", "(5 digits) is no telephone number"),
        ([HEAD, _line(duty=None)], "C2", "it is not said which duty this is"),
        ([HEAD, _line(duty="Bảo vệ")], "C2", "'Bảo vệ' is none of the five duties"),
        ([HEAD, LINE, _line(name=None)], "B3", "there are shifts in this row and no name"),
        ([[*HEAD[:5], "29/04/2565", HEAD[6]], LINE], "F1", "counts the years of the Buddhist calendar"),
        ([[*HEAD[:5], "29/3 ÂL", HEAD[6]], LINE], "F1", "is a day of the lunar calendar"),
        ([[*HEAD[:5], "29/04/2021", HEAD[6]], LINE], "F1", "29/04/2021 is outside the time of the event"),
        ([[*HEAD[:5], date(2023, 4, 29), HEAD[6]], LINE], "F1", "29/04/2023 is outside the time of the event"),
        ([[*HEAD[:5], "31/04/2022", HEAD[6]], LINE], "F1", "is not a day of the calendar"),
        ([[*HEAD[:5], HEAD[6], HEAD[6]], LINE], "G1", "30/04/2022 heads a second column"),
        ([[*HEAD[:6], "Thứ bảy", date(2022, 5, 1)], [*LINE, "C1"]], "G1", "holds shifts and has no day"),
        ([LIST_HEAD, ["A B", "CA", None, "C1", "", "0912345678"]], "C2", "it is not said on which day"),
        ([LIST_HEAD, ["A B", "CA", "29/4", None, "", "0912345678"]], "D2", "it is not said when this person"),
        ([LIST_HEAD, ["A B", "CA", "29/4", "K7", "", "0912345678"]], "D2", "'K7' is not the code of a shift"),
        ([LIST_HEAD, ["A B", "CA", "29/13", "C1", "", "0912345678"]], "C2", "is not a day of the calendar"),
        ([LIST_HEAD, ["A B; C D", "CA", "29/4", "C1", "", "0912345678"]], "A2", "two people stand in one cell"),
    ],
)  # fmt: skip
def test_complaints_name_their_cell(tmp_path: Path, rows: Rows, cell: str, what: str) -> None:
    text = complaint(tmp_path, rows)
    assert f'roster.xlsx, sheet "Trực", cell {cell}: ' in text
    assert what in text


def test_every_complaint_is_reported_at_once(tmp_path: Path) -> None:
    text = complaint(tmp_path, [HEAD, _line(one="C9", two="C8"), _line(name="A, B")])
    assert text.count('sheet "Trực", cell') == 3


def test_formulas(tmp_path: Path) -> None:
    assert "cell F2: the formula has no stored value" in complaint(tmp_path, [HEAD, _line(one='=IF(1,"C1","")')])
    assert "cell F1: the formula has no stored value" in complaint(tmp_path, [[*HEAD[:5], "=TODAY()", HEAD[6]], LINE])
    assert "cell B2: the formula has no stored value" in complaint(tmp_path, [HEAD, _line(name="=A1")])


def test_error_values(tmp_path: Path) -> None:
    made, sheet = workbook(HEAD, _line())
    sheet["F2"] = "#REF!"
    made.save(tmp_path / "r.xlsx")
    with pytest.raises(WorkspaceError, match="cell F2: the cell shows the error #REF!"):
        load_roster(tmp_path / "r.xlsx", event())


def test_formulas_outside_the_table_do_not_matter(tmp_path: Path) -> None:
    assert reported(load(tmp_path, [[*HEAD, None, "Tổng"], [*LINE, None, "=1+1"]])) == AN


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    roster = load(tmp_path, [HEAD, _line(place="R&D <x> \u202eab\u200b")])
    assert roster.shifts[0].place == "R&D <x> ab"
