"""The formal duty list: the columns that the paper has (`domain.md` 8), a row per person and shift."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple, TypedDict

from eventready.clock import TZ
from eventready.roster import say
from eventready.roster.roster import ROLES, Person, Role, Roster, Shift, role_name


class Row(TypedDict):
    """A row, ready to be printed; the numbers are whole, for this list is meant to carry them."""

    number: str
    name: str
    title: str
    unit: str
    task: str
    time: str
    place: str
    phones: str
    note: str
    role: Role
    person: str


class Column(NamedTuple):
    """A column: the key of its cells in a row, its titles, and its share of the width."""

    key: str
    vi: str
    en: str
    weight: float


COLUMNS: tuple[Column, ...] = (
    Column("number", "STT", "No.", 0.5),
    Column("name", "Họ và tên", "Full name", 2),
    Column("title", "Chức vụ", "Position", 1.5),
    Column("unit", "Đơn vị", "Unit", 1.6),
    Column("task", "Nhiệm vụ (vai trò trực)", "Duty", 1.6),
    Column("time", "Ca/Thời gian trực (từ–đến, ngày)", "Shift/time (from–to, day)", 2.4),
    Column("place", "Địa điểm", "Place", 1.8),
    Column("phones", "Số điện thoại (di động/cố định)", "Telephone (mobile/landline)", 1.7),
    Column("note", "Ghi chú", "Note", 1),
)


def rows(roster: Roster, lang: str = "vi") -> list[Row]:
    """The list by role, then by time."""
    ordered = sorted(roster.shifts, key=lambda shift: (ROLES.index(shift.role), shift.start, shift.end))
    return [_row(number, shift, roster, lang) for number, shift in enumerate(ordered, start=1)]


def _row(number: int, shift: Shift, roster: Roster, lang: str) -> Row:
    person = roster.by_id.get(shift.person) or Person(shift.person, shift.person)
    return Row(
        number=str(number),
        name=person.name,
        title=person.title,
        unit=person.unit,
        task=role_name(shift.role, shift.branch, lang),
        time=time_of(shift, lang),
        place=shift.place,
        phones=" / ".join(person.phones),
        note=shift.note,
        role=shift.role,
        person=person.id,
    )


def time_of(shift: Shift, lang: str = "vi") -> str:
    """`C1, 06:00–14:00 ngày 29/04/2022`; `C3, 22:00 ngày 29/04/2022 – 06:00 ngày 30/04/2022`. Import reads it back."""
    on = " ngày " if lang == "vi" else " on "
    first, last = shift.start.astimezone(TZ), shift.end.astimezone(TZ)
    if first.date() == last.date():
        when = f"{say.clock(first)}–{say.clock(last)}{on}{say.day(first)}"
    elif last == first.replace(hour=0, minute=0) + timedelta(days=1):
        when = f"{say.clock(first)}–24:00{on}{say.day(first)}"
    else:
        when = f"{say.clock(first)}{on}{say.day(first)} – {say.clock(last)}{on}{say.day(last)}"
    at_home = (", sẵn sàng tại nhà" if lang == "vi" else ", on call") if shift.on_call else ""
    return (f"{shift.code}, " if shift.code else "") + when + at_home
