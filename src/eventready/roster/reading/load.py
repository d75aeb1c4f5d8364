"""Roster from a file: sheets (xlsx) or a single table (CSV) with a matrix, a list, names by day and shift, or
people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from eventready.core.errors import WorkspaceError
from eventready.core.messages import Message, message
from eventready.roster.reading.headers import Table, find_table
from eventready.roster.reading.legend import Codes, read_legend
from eventready.roster.reading.listing import read_list
from eventready.roster.reading.matrix import Draft, Reading, is_person, read_matrix
from eventready.roster.reading.name_table import NameTable, find_name_table, read_name_table
from eventready.roster.reading.register import Register
from eventready.roster.reading.when import Calendar
from eventready.roster.roster import Leave, Person, Roster, Shift
from eventready.roster.settings import RosterSettings, load_settings
from eventready.workspace.files.yaml_document import raise_errors
from eventready.workspace.settings.event import Event
from eventready.workspace.sheets.file import read_sheets
from eventready.workspace.sheets.sheet import Sheet
from eventready.workspace.workspace import Workspace

_ORDER = {"people": 0, "matrix": 1, "list": 2}


def load_roster(path: Path, event: Event, settings: RosterSettings | None = None) -> Roster:
    """Read a roster. Raises WorkspaceError with every invalid cell."""
    settings = settings or RosterSettings()
    calendar = _calendar(event, settings)
    if not path.exists():
        raise WorkspaceError(message("roster:file.missing"), where=str(path))
    found = read_sheets(path)
    sheets, hidden = (
        tuple(sheet for sheet in found if not sheet.hidden),
        [sheet.name for sheet in found if sheet.hidden],
    )
    codes = read_legend(sheets, settings.codes)
    tables = _tables(path, sheets, calendar, codes)
    problems: list[WorkspaceError] = []
    register = Register(problems)
    reading = Reading(event, calendar, codes, register)
    drafts: list[Draft] = []
    for table in tables:
        drafts += _read(table, reading)
    people, ids = register.people()
    roster = _assembled(path, people, ids, drafts, (*_hidden(sheets, hidden), *_unread(tables)))
    busy = {shift.person for shift in roster.shifts} | {person.id for person in people if person.reserve}
    register.without_phone(busy, but=dict(roster.by_id))
    raise_errors(problems)
    if not roster.shifts:
        raise WorkspaceError(message("roster:file.nobody"), where=str(path))
    return roster


def workspace_roster(workspace: Workspace) -> tuple[RosterSettings, Roster | None]:
    """Read roster.yaml and the roster of a workspace; None without a file. Raises WorkspaceError."""
    folder = workspace.path / "inventory"
    settings = load_settings(folder)
    path = folder / settings.file
    return settings, load_roster(path, workspace.event, settings) if path.is_file() else None


def _calendar(event: Event, settings: RosterSettings) -> Calendar:
    start, end = settings.period(event)
    moments: list[datetime] = [moment for window in event.windows for moment in (window.start, window.end)]
    weekly = (event.weekly_report.first, event.weekly_report.last) if event.weekly_report else ()
    return Calendar.around(start, end, *(moment.date() for moment in moments), *weekly)


def _hidden(sheets: Iterable[Sheet], hidden_sheets: Sequence[str]) -> Iterator[Message]:
    """Notices of hidden parts: hidden sheets are left out, hidden rows and columns are read."""
    if hidden_sheets:
        yield message("roster:hidden.sheets", names=hidden_sheets)
    for sheet in sheets:
        if sheet.hidden_rows:
            rows = [str(row) for row in sheet.hidden_rows]
            yield message("roster:hidden.rows", sheet=sheet.name, names=rows)
        if sheet.hidden_columns:
            columns = sheet.hidden_columns
            yield message("roster:hidden.columns", sheet=sheet.name, names=columns)


def _unread(tables: Iterable[Table | NameTable]) -> Iterator[Message]:
    """Notices of columns with an unknown header."""
    for table in tables:
        if isinstance(table, Table) and (names := table.unread()):
            yield message("roster:unread.columns", sheet=table.sheet.name, names=names)


def _tables(path: Path, sheets: tuple[Sheet, ...], calendar: Calendar, codes: Codes) -> list[Table | NameTable]:
    """The tables, people first. Raises WorkspaceError for a file without shifts."""
    problems: list[WorkspaceError] = []
    tables: list[Table | NameTable] = []
    for sheet in sheets:
        try:
            table = find_table(sheet, calendar) or find_name_table(sheet, calendar, codes)
        except WorkspaceError as error:
            problems.append(error)
            continue
        if table is not None:
            tables.append(table)
    raise_errors(problems)
    if not any(isinstance(table, NameTable) or table.kind != "people" for table in tables):
        names = [f'"{sheet.name}"' for sheet in sheets] or message("roster:no_visible_sheet")
        raise WorkspaceError(message("roster:file.no_sheet", names=names), where=str(path))
    return sorted(tables, key=lambda table: len(_ORDER) if isinstance(table, NameTable) else _ORDER[table.kind])


def _read(table: Table | NameTable, reading: Reading) -> Iterator[Draft]:
    if isinstance(table, NameTable):
        yield from read_name_table(table, reading)
    elif table.kind == "matrix":
        yield from read_matrix(table, reading)
    elif table.kind == "list":
        yield from read_list(table, reading)
    else:
        for row in table.sheet.rows(table.body):
            if is_person(table, row):
                reading.register.add(table, row)


def _assembled(
    path: Path, people: tuple[Person, ...], ids: list[str], drafts: list[Draft], notices: tuple[Message, ...]
) -> Roster:
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
    return Roster.of(people, tuple(shifts), tuple(leave), source=str(path), notices=notices)
