"""Spreadsheets and events to bend."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from eventready.roster.roster import Person, Role, Roster, Shift
from eventready.workspace.settings.event import Event
from tests.zones import TZ

Rows = Sequence[Sequence[Any]]

#: A roster that holds: one person, one day.
HEAD = ["STT", "Họ và tên", "Nhiệm vụ", "Địa điểm", "Điện thoại", date(2022, 4, 29), date(2022, 4, 30)]
LINE = [1, "Nguyễn Văn An", "Trực ca", "NOC", "0912345678", "C1", "C2"]


def event(**more: Any) -> Event:
    """An event of one night at two venues, with round-the-clock duty on 29 and 30 April."""
    return Event.model_validate(
        {
            "id": "fair",
            "name": "The fair",
            "name_vi": "Hội chợ",
            "recipient": {"name": "Department", "email": "desk@example.org"},
            "venues": [
                {"id": "hall", "name": "Great Hall", "name_vi": "Trung tâm Hội nghị tỉnh", "services": ["mobile"]},
                {"id": "park", "name": "Park", "name_vi": "Công viên Ao Bà Om", "services": ["mobile"]},
            ],
            "windows": [
                {"kind": "freeze", "from": "2022-04-29 00:00", "to": "2022-05-01 00:00"},
                {"kind": "event", "name": "Night", "from": "2022-04-29 19:00", "to": "2022-04-29 23:00"},
            ],
            "duty_list_before": "2022-04-28 00:00",
            **more,
        }
    )


def ledger(path: Path, sheets: Mapping[str, Rows] | Rows, merged: Sequence[str] = ()) -> Path:
    """Write rows as a workbook; `merged` are ranges of the first sheet."""
    made = Workbook()
    made.remove(made.worksheets[0])
    for name, rows in (sheets if isinstance(sheets, Mapping) else {"Trực": sheets}).items():
        sheet = made.create_sheet(name)
        for row, values in enumerate(rows, start=1):
            for column, value in enumerate(values, start=1):
                if value is not None:
                    sheet.cell(row, column).value = value
    for area in merged:
        made.worksheets[0].merge_cells(area)
    made.save(path)
    return path


def at(text: str) -> datetime:
    """`29 14:30` of April 2022; days above 30 go on into May."""
    day, _, clock = text.partition(" ")
    hour, _, minute = (clock or "0").partition(":")
    start = datetime(2022, 4, 1, tzinfo=TZ) + timedelta(days=int(day) - 1)
    return start + timedelta(hours=int(hour), minutes=int(minute or 0))


def shift(person: str, role: Role, start: str, end: str, **more: Any) -> Shift:
    """A shift between two of `at`'s moments."""
    return Shift(person, role, at(start), at(end), **more)


def person(name: str, **more: Any) -> Person:
    """Somebody with a mobile number of their own."""
    digits = sum(ord(c) * 31**i for i, c in enumerate(name)) % 10**8
    return Person(name, name, **{"phones": (f"09{digits:08}", f"0294{digits % 10**7:07}"), **more})


def roster(*shifts: Shift, people: Sequence[Person] = ()) -> Roster:
    """A roster of these shifts; whoever is not among the people is made up."""
    known = {p.id: p for p in people}
    for name in dict.fromkeys(s.person for s in shifts):
        known.setdefault(name, person(name))
    return Roster.of(tuple(known.values()), shifts)


def workbook_bytes(rows: Rows) -> bytes:
    """A workbook as bytes."""
    stream = io.BytesIO()
    workbook(*rows)[0].save(stream)
    return stream.getvalue()


def naive(*parts: int) -> datetime:
    """A moment as a spreadsheet holds it."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001  spreadsheets know no time zones


def workbook(*lines: Sequence[Any]) -> tuple[Workbook, Worksheet]:
    """A workbook with one sheet of these rows."""
    made = Workbook()
    sheet = made.worksheets[0]
    for values in lines:
        sheet.append(list(values))
    return made, sheet
