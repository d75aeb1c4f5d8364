"""The formal duty list: its columns, and a row per person and shift."""

from __future__ import annotations

from datetime import timedelta
from typing import TypedDict

from eventready.core.messages import text
from eventready.core.timezone import local_time, moment_at
from eventready.roster import wording
from eventready.roster.roster import ROLES, Person, Role, Roster, Shift


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


#: Keys of a row in the order of the columns; the catalogue has their titles under `roster:column`.
COLUMNS = ("number", "name", "title", "unit", "task", "time", "place", "phones", "note")


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
        task=text("roster:role_cell", lang, role=wording.role_name(shift.role, shift.branch)),
        time=time_of(shift, lang),
        place=shift.place,
        phones=" / ".join(person.phones),
        note=shift.note,
        role=shift.role,
        person=person.id,
    )


def time_of(shift: Shift, lang: str = "vi") -> str:
    """Return `C1, 06:00–14:00 ngày 29/07/2033`; `C3, 22:00 ngày 29/07/2033 – 06:00 ngày 30/07/2033`. Import accepts
    this form."""
    first, last = local_time(shift.start), local_time(shift.end)
    params = {"start": wording.clock(first), "end": wording.clock(last), "day": wording.day(first)}
    if first.date() == last.date():
        when = text("roster:time.one_day", lang, **params)
    elif last == moment_at(first.date() + timedelta(days=1)):
        when = text("roster:time.one_day", lang, **{**params, "end": "24:00"})
    else:
        when = text("roster:time.two_days", lang, **params, end_day=wording.day(last))
    at_home = text("roster:time.on_call", lang) if shift.on_call else ""
    return (f"{shift.code}, " if shift.code else "") + when + at_home
