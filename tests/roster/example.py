"""Makes inventory/roster.xlsx, the duty roster of the Trà Vinh example: `python -m tests.roster.example`.

All names and numbers are invented. The same code gives the same file, byte for byte.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

TARGET = Path(__file__).parents[2] / "inventory" / "roster.xlsx"

#: The night of 25 April belongs to it: its third shift ends at six on the first day of round-the-clock duty.
DAYS = tuple(date(2022, 4, 25) + timedelta(days=number) for number in range(7))
NIGHTS = (4, 5)

COLUMNS = (
    ("STT", 5), ("Họ và tên", 24), ("Chức vụ", 22), ("Đơn vị", 26), ("Nhiệm vụ", 24), ("Địa điểm", 30),
    ("Số điện thoại", 25), ("Chuyên môn", 14), ("Dự bị", 9),
)  # fmt: skip

LEGEND = (
    ("C1", "06:00", "14:00", "Ca sáng"),
    ("C2", "14:00", "22:00", "Ca chiều"),
    ("C3", "22:00", "06:00", "Ca đêm (đến 06:00 hôm sau)"),
    ("SK", "17:00", "01:00", "Đêm sự kiện, có mặt tại địa điểm"),
    ("OC", "07:00", "07:00", "Sẵn sàng tại nhà 24 giờ, có mặt trong 15 phút"),
    ("P", "", "", "Nghỉ phép"),
)

NOC = "Trung tâm Điều hành mạng"
VENUES = ("Trung tâm Hội nghị tỉnh", "Trung tâm Văn hóa tỉnh", "Khu di tích lịch sử Đền thờ Bác Hồ")

#: Four crews take turns: morning, afternoon, night, off; so everybody has 24 hours off after each night.
_TURN = ("C1", "C2", "C3", "")


@dataclass(frozen=True)
class Line:
    """A row of the matrix."""

    name: str
    title: str
    unit: str
    duty: str
    place: str
    phones: str
    skills: str
    reserve: str
    codes: tuple[str, ...]


def _staff(number: int) -> tuple[str, ...]:
    return tuple(_TURN[(day + number) % 4] for day in range(len(DAYS)))


def _in_turn(number: int, of: int) -> tuple[str, ...]:
    return tuple("OC" if day % of == number else "" for day in range(len(DAYS)))


def _team(number: int) -> tuple[str, ...]:
    """One of two teams at a venue: on call every other day, and there itself on the night when the other is on call."""
    codes = list(_in_turn(number, 2))
    for night in NIGHTS:
        if not codes[night]:
            codes[night] = "SK"
    return tuple(codes)


def lines() -> list[Line]:
    """The rows, by duty."""
    free = ("",) * len(DAYS)
    event = tuple("SK" if day in NIGHTS else "" for day in range(len(DAYS)))
    numbers = iter(range(101, 200))

    def mobile() -> str:
        return f"09000 00 {next(numbers)}"

    def two() -> str:
        number = next(numbers)
        return f"09000 00 {number} / 02943 000 {number}"

    found: list[Line] = []

    def add(names: str, *cells: str, two_numbers: bool = False, rows: list[tuple[str, ...]]) -> None:
        title, unit, duty, place, skills, reserve = cells
        for name, codes in zip(names.split(", "), rows, strict=True):
            number = two() if two_numbers else mobile()
            found.append(Line(name, title, unit, duty, place, number, skills, reserve, codes))

    crews, teams = [_staff(n) for n in range(4)], [_team(n) for n in (0, 0, 1, 1)]
    add(
        "Lâm Quốc Hưng, Thạch Thị Ngọc Diệp, Trần Minh Khôi",
        "Phó Giám đốc",
        "Ban Giám đốc",
        "Trực lãnh đạo",
        "Trụ sở doanh nghiệp",
        "",
        "",
        two_numbers=True,
        rows=[_in_turn(n, 3) for n in range(3)],
    )
    add(
        "Nguyễn Hữu Phước, Kim Sô Phia, Lê Thị Bích Trâm, Huỳnh Tấn Đạt",
        "Trưởng ca điều hành",
        NOC,
        "Trực điều hành",
        NOC,
        "IP",
        "",
        two_numbers=True,
        rows=crews,
    )
    add(
        "Phạm Gia Bảo, Sơn Thị Mỹ Linh, Đỗ Thành Nhân, Võ Hoàng Yến",
        "Kỹ sư vô tuyến",
        NOC,
        "Trực ca",
        NOC,
        "RAN",
        "",
        rows=crews,
    )
    add(
        "Thạch Sa Rươn, Bùi Nhật Quang, Ngô Thị Cẩm Tú, Đặng Chí Thiện",
        "Kỹ sư IP",
        NOC,
        "Trực ca",
        NOC,
        "IP, WiFi",
        "",
        rows=crews,
    )
    add(
        "Dương Văn Út, Trương Mỹ Hạnh, Lý Đức Thắng, Hồ Ngọc Ẩn",
        "Kỹ thuật viên nguồn điện",
        "Đội Vận hành - Bảo dưỡng",
        "Trực vận hành viễn thông",
        NOC,
        "nguồn",
        "",
        rows=crews,
    )
    for venue, responders, operator in zip(
        VENUES,
        (
            "Kiên Thành Tâm, Nguyễn Thị Ánh Tuyết, Phan Quốc Việt, Châu Thị Sà Rương",
            "Trần Văn Đỉnh, Mai Xuân Trường, Lưu Bảo Ngọc, Thạch Chanh Đa",
            "Đinh Công Vĩnh, Lê Hoài Ân, Nguyễn Khắc Ghi, Kim Thị Thu Nguyệt",
        ),
        ("Tô Kiều Oanh", "Cao Hữu Lợi", "Tăng Phúc Ý"),
        strict=True,
    ):
        add(
            responders,
            "Kỹ thuật viên ứng cứu",
            "Đội Ứng cứu thông tin",
            "Ứng cứu thông tin",
            venue,
            "RAN, truyền dẫn",
            "",
            rows=teams,
        )
        add(
            operator,
            "Kỹ thuật viên vận hành",
            "Đội Vận hành - Bảo dưỡng",
            "Trực vận hành viễn thông",
            venue,
            "WiFi, nguồn",
            "",
            rows=[event],
        )
    add(
        "Hà Thế Vinh",
        "Trưởng phòng Kỹ thuật",
        "Phòng Kế hoạch - Kỹ thuật",
        "Trực điều hành",
        NOC,
        "IP",
        "LD, DH",
        two_numbers=True,
        rows=[free],
    )
    add("Quách Thị Ngân", "Kỹ sư vô tuyến", NOC, "Trực ca", NOC, "RAN, IP", "CA, VH", rows=[free])
    add(
        "Liêu Nhựt Trường",
        "Kỹ thuật viên ứng cứu",
        "Đội Ứng cứu thông tin",
        "Ứng cứu thông tin",
        NOC,
        "RAN",
        "UC",
        rows=[("P", *free[1:])],
    )
    return found  # fmt: skip


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001  spreadsheets know no time zones


def make() -> bytes:
    """The file's bytes."""
    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(stream, {"in_memory": True})
    workbook.set_properties({"title": "Lịch trực", "created": _moment(date(2022, 4, 18))})
    base = {"font_name": "Times New Roman", "font_size": 12}
    formats = {
        "title": workbook.add_format({**base, "bold": True, "font_size": 14, "align": "center", "text_wrap": True}),
        "head": workbook.add_format({**base, "bold": True, "align": "center", "valign": "vcenter", "border": 1,
                                 "text_wrap": True}),
        "day": workbook.add_format({**base, "bold": True, "align": "center", "border": 1, "num_format": "dd/mm"}),
        "text": workbook.add_format({**base, "border": 1, "num_format": "@"}),
        "code": workbook.add_format({**base, "border": 1, "align": "center"}),
        "plain": workbook.add_format(base),
    }  # fmt: skip
    _matrix(workbook.add_worksheet("Trực"), formats)
    _legend(workbook.add_worksheet("Chú giải"), formats)
    workbook.close()
    return stream.getvalue()


def _matrix(sheet: Worksheet, formats: dict[str, Any]) -> None:
    width = len(COLUMNS) + len(DAYS)
    title = "LỊCH TRỰC ĐẢM BẢO THÔNG TIN LIÊN LẠC\nphục vụ Lễ kỷ niệm 30 năm tái lập tỉnh Trà Vinh"
    sheet.merge_range(0, 0, 0, width - 1, title, formats["title"])
    sheet.set_row(0, 44)
    for column, (head, size) in enumerate(COLUMNS):
        sheet.merge_range(2, column, 3, column, head, formats["head"])
        sheet.set_column(column, column, size)
    sheet.merge_range(2, len(COLUMNS), 2, width - 1, "Ngày trực (tháng 4, tháng 5 năm 2022)", formats["head"])
    for column, day in enumerate(DAYS, start=len(COLUMNS)):
        sheet.write_datetime(3, column, _moment(day), formats["day"])
    sheet.set_column(len(COLUMNS), width - 1, 8)
    for row, line in enumerate(lines(), start=4):
        texts = (line.name, line.title, line.unit, line.duty, line.place, line.phones, line.skills, line.reserve)
        sheet.write_number(row, 0, row - 3, formats["code"])
        for column, text in enumerate(texts, start=1):
            sheet.write(row, column, text or None, formats["text"])
        for column, code in enumerate(line.codes, start=len(COLUMNS)):
            sheet.write(row, column, code or None, formats["code"])
    sheet.freeze_panes(4, 2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _legend(sheet: Worksheet, formats: dict[str, Any]) -> None:
    for column, (head, size) in enumerate((("Ký hiệu", 10), ("Từ", 10), ("Đến", 10), ("Ý nghĩa", 60))):
        sheet.write(0, column, head, formats["head"])
        sheet.set_column(column, column, size)
    for row, texts in enumerate(LEGEND, start=1):
        for column, text in enumerate(texts):
            sheet.write(row, column, text or None, formats["text"])


if __name__ == "__main__":
    TARGET.write_bytes(make())
