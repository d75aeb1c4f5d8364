"""Reading a roster: every sheet of an xlsx file that holds a matrix, a list, or the register of people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from eventready.errors import WorkspaceError
from eventready.roster.grid import Sheet, open_sheets
from eventready.roster.headers import Table, find_table
from eventready.roster.legend import read_legend
from eventready.roster.listing import read_list
from eventready.roster.matrix import Draft, Reading, is_person, read_matrix
from eventready.roster.register import Register
from eventready.roster.roster import Leave, Person, Roster, Shift
from eventready.roster.settings import RosterSettings
from eventready.roster.when import Calendar
from eventready.workspace.event import Event
from eventready.workspace.yaml import several

_ORDER = {"people": 0, "matrix": 1, "list": 2}


def load_roster(path: Path, event: Event, settings: RosterSettings | None = None) -> Roster:
    """Read a roster. Raises WorkspaceError that names every cell that does not hold."""
    settings = settings or RosterSettings()
    calendar = _calendar(event, settings)
    sheets = open_sheets(path)
    tables = _tables(path, sheets, calendar)
    problems: list[WorkspaceError] = []
    register = Register(problems)
    reading = Reading(event, calendar, read_legend(sheets, settings.codes), register)
    drafts: list[Draft] = []
    for table in tables:
        drafts += _read(table, reading)
    people, ids = register.people()
    roster = _assembled(path, people, ids, drafts)
    busy = {shift.person for shift in roster.shifts} | {person.id for person in people if person.reserve}
    register.without_phone(busy, but=dict(roster.by_id))
    if problems:
        raise several(problems)
    if not roster.shifts:
        raise WorkspaceError("nobody is on duty in this roster", where=str(path), do="Fill in the shifts.")
    return roster


def _calendar(event: Event, settings: RosterSettings) -> Calendar:
    start, end = settings.period(event)
    moments: list[datetime] = [moment for window in event.windows for moment in (window.start, window.end)]
    weekly = (event.weekly_report.first, event.weekly_report.last) if event.weekly_report else ()
    return Calendar.around(start, end, *(moment.date() for moment in moments), *weekly)


def _tables(path: Path, sheets: tuple[Sheet, ...], calendar: Calendar) -> list[Table]:
    """The tables, people first. Raises WorkspaceError when there is no matrix and no list among them."""
    problems: list[WorkspaceError] = []
    tables = []
    for sheet in sheets:
        try:
            table = find_table(sheet, calendar)
        except WorkspaceError as error:
            problems.append(error)
            continue
        if table is not None:
            tables.append(table)
    if problems:
        raise several(problems)
    if not any(table.kind != "people" for table in tables):
        names = ", ".join(f'"{sheet.name}"' for sheet in sheets) or "none that is visible"
        raise WorkspaceError(
            f"no sheet holds a roster (sheets: {names})",
            where=str(path),
            do="It has a row with `Họ và tên` and a column for each day, or with `Họ và tên`, `Ngày` and `Ca`.",
        )
    return sorted(tables, key=lambda table: _ORDER[table.kind])


def _read(table: Table, reading: Reading) -> Iterator[Draft]:
    if table.kind == "matrix":
        yield from read_matrix(table, reading)
    elif table.kind == "list":
        yield from read_list(table, reading)
    else:
        for row in table.sheet.rows(table.body):
            if is_person(table, row):
                reading.register.add(table, row)


def _assembled(path: Path, people: tuple[Person, ...], ids: list[str], drafts: list[Draft]) -> Roster:
    shifts, leave = [], []
    for draft in drafts:
        person, span = ids[draft.ticket], draft.span
        if span.kind == "leave":
            leave.append(Leave(person, span.start, span.end, draft.note, draft.cell))
        elif draft.duty:
            role, branch = draft.duty
            shifts.append(
                Shift(
                    person,
                    role,
                    span.start,
                    span.end,
                    venue=draft.venue,
                    place=draft.place,
                    on_call=span.kind == "on_call",
                    branch=branch,
                    code=span.code,
                    note=draft.note,
                    cell=draft.cell,
                )
            )
    return Roster.of(people, tuple(shifts), tuple(leave), source=str(path))
