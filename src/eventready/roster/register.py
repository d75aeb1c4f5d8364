"""The people of a file: the rows in which a name stands, put together into persons."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from eventready.errors import WorkspaceError
from eventready.roster import phones
from eventready.roster.grid import Fault, Sheet
from eventready.roster.headers import Field, Table, role_of
from eventready.roster.roster import ROLES, Person, Role
from eventready.roster.text import LONGEST, fold, skill, spelled, tidy

_TWO_PEOPLE = re.compile(r"[,;/\n&+|]|\s(?:và|va|and)\s", re.I)
_LONGEST_NAME = 80
_NO = {"", "khong", "no", "0", "false"}


@dataclass
class _Entry:
    """One row about a person."""

    sheet: Sheet
    row: int
    column: int
    name: str
    code: str
    phones: tuple[str, ...]
    person: Person
    key: str = ""


@dataclass
class Register:
    """Takes rows, gives out tickets, and says in the end who each ticket is. `problems` gathers what does not hold."""

    problems: list[WorkspaceError]
    _entries: list[_Entry] = field(default_factory=list)

    def add(self, table: Table, row: int, *, role: Role | None = None, note: bool = True) -> int | None:
        """A row with a name in it; its ticket, None when the name does not hold.

        `role` is what a bare mark in the column of reserves stands for; without `note` the remarks are not the
        person's.
        """
        sheet, column = table.sheet, table.columns("name")[0]
        name = self._name(sheet, row, column)
        if name is None:
            return None
        code = self._text(table, row, "id")
        numbers = self._phones(table, row)
        person = Person(
            id=code,
            name=name,
            title=self._text(table, row, "title"),
            unit=self._text(table, row, "unit"),
            skills=tuple(dict.fromkeys(skill(part) for part in _parts(self._text(table, row, "skills")))),
            reserve=self._reserve(table, row, role),
            may_authorise=fold(self._text(table, row, "authorise")) not in _NO,
            note=self._text(table, row, "note") if note else "",
        )
        self._entries.append(_Entry(sheet, row, column, name, code, numbers, person))
        return len(self._entries) - 1

    def _name(self, sheet: Sheet, row: int, column: int) -> str | None:
        value = sheet.cells.get((row, column))
        if isinstance(value, Fault):
            self.problems.append(sheet.error(row, column, value.what, value.do))
            return None
        name = tidy(value)
        if _TWO_PEOPLE.search(str(value).strip()):
            what, do = f"two people stand in one cell ({name})", "Give each of them a row of their own."
        elif re.search(r"\d{6}", re.sub(r"[\s.]", "", name)):
            what, do = "a telephone number stands where the name should", "Put it in the column of telephone numbers."
        elif len(name) > _LONGEST_NAME:
            what, do = f"the name has {len(name)} letters", "Check that it is one person's name."
        else:
            return name
        self.problems.append(sheet.error(row, column, what, do))
        return None

    def _text(self, table: Table, row: int, name: Field) -> str:
        for column in table.columns(name):
            value = table.sheet.cells.get((row, column))
            if isinstance(value, Fault):
                self.problems.append(table.sheet.error(row, column, value.what, value.do))
            elif value is not None:
                text = tidy(int(value) if isinstance(value, float) and value.is_integer() else value)
                if len(text) > LONGEST:
                    what = f"the text has {len(text)} letters, more than {LONGEST}"
                    self.problems.append(table.sheet.error(row, column, what, "Shorten it."))
                    continue
                return text
        return ""

    def _phones(self, table: Table, row: int) -> tuple[str, ...]:
        found: list[str] = []
        for column in table.columns("phone"):
            value = table.sheet.cells.get((row, column))
            if isinstance(value, Fault):
                self.problems.append(table.sheet.error(row, column, value.what, value.do))
                continue
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            for number in phones.numbers(value) if value is not None else []:
                normal = phones.normal(number)
                if normal is None:
                    self.problems.append(table.sheet.error(row, column, phones.complaint(number), phones.FORM))
                else:
                    found.append(normal)
        return tuple(sorted(dict.fromkeys(found), key=lambda number: not phones.is_mobile(number)))

    def _reserve(self, table: Table, row: int, role: Role | None) -> tuple[Role, ...]:
        text = self._text(table, row, "reserve")
        if fold(text) in _NO:
            return ()
        named = {found[0] for part in _parts(text) if (found := role_of(part))}
        if not named and role:
            named = {role}
        if not named:
            column = table.columns("reserve")[0]
            what = f"{text!r} does not say for which duty this person stands by"
            self.problems.append(table.sheet.error(row, column, what, "Write LD, DH, CA, UC or VH."))
        return tuple(known for known in ROLES if known in named)

    def people(self) -> tuple[tuple[Person, ...], list[str]]:
        """Everybody, in the order in which they first appear, and the id behind every ticket."""
        groups = self._grouped()
        people = tuple(_merged(key, entries) for key, entries in groups.items())
        return people, [entry.key for entry in self._entries]

    def _grouped(self) -> dict[str, list[_Entry]]:
        by_name: dict[str, list[_Entry]] = {}
        for entry in self._entries:
            by_name.setdefault(spelled(entry.name), []).append(entry)
        for entries in by_name.values():
            self._tell_apart(entries)
        groups: dict[str, list[_Entry]] = {}
        for entry in self._entries:
            groups.setdefault(entry.key, []).append(entry)
        for key, entries in groups.items():
            names = {spelled(entry.name): entry for entry in entries}
            if len(names) > 1:
                last = list(names.values())[-1]
                what = f"the staff number {key} stands for {entries[0].name} and for {last.name}"
                self.problems.append(last.sheet.error(last.row, last.column, what, "Correct one of them."))
        return groups

    def _tell_apart(self, entries: list[_Entry]) -> None:
        """Namesakes: by staff number, else by their telephones; rows that could be either are a problem."""
        codes = list(dict.fromkeys(entry.code for entry in entries if entry.code))
        circles = [] if codes else _circles([entry.phones for entry in entries if entry.phones])
        ends = _ends(circles)
        for entry in entries:
            if entry.code or not (codes or circles):
                entry.key = entry.code or entries[0].name
            elif len(codes) == 1 or len(circles) == 1:
                entry.key = codes[0] if codes else entries[0].name
            else:
                end = next((end for circle, end in zip(circles, ends, strict=True) if circle & set(entry.phones)), "")
                entry.key = f"{entries[0].name} (*{end})" if end else entries[0].name
                if not end:
                    what = f"there are two people called {entry.name}, and this row does not say which it is"
                    do = "Give the row the telephone number or the staff number."
                    self.problems.append(entry.sheet.error(entry.row, entry.column, what, do))

    def without_phone(self, ids: set[str], *, but: dict[str, Person]) -> None:
        """Complain about those of `ids` who have no number at all, each once, where they first stand."""
        for entry in self._entries:
            if entry.key in ids and not but[entry.key].phones:
                ids = ids - {entry.key}
                what = f"{entry.name} is on duty and has no telephone number"
                self.problems.append(entry.sheet.error(entry.row, entry.column, what, phones.FORM))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,;/|+]", text) if part.strip()]


def _circles(sets: list[tuple[str, ...]]) -> list[set[str]]:
    """Numbers that belong together because some row names them together."""
    circles: list[set[str]] = []
    for numbers in sets:
        touching = [circle for circle in circles if circle & set(numbers)]
        circles = [circle for circle in circles if circle not in touching]
        circles.append(set(numbers).union(*touching))
    return circles


def _ends(circles: list[set[str]]) -> list[str]:
    """The last digits by which namesakes are told apart: three, or more where those are the same."""
    numbers = [min(circle) for circle in circles]
    digits = next((n for n in range(3, 12) if len({number[-n:] for number in numbers}) == len(numbers)), 11)
    return [number[-digits:] for number in numbers]


def _merged(key: str, entries: list[_Entry]) -> Person:
    def first(name: str) -> str:
        return next((value for entry in entries if (value := str(getattr(entry.person, name)))), "")

    numbers = dict.fromkeys(number for entry in entries for number in entry.phones)
    reserve = {role for entry in entries for role in entry.person.reserve}
    return Person(
        id=key,
        name=entries[0].name,
        title=first("title"),
        unit=first("unit"),
        phones=tuple(sorted(numbers, key=lambda number: not phones.is_mobile(number))),
        skills=tuple(dict.fromkeys(tag for entry in entries for tag in entry.person.skills)),
        reserve=tuple(role for role in ROLES if role in reserve),
        may_authorise=any(entry.person.may_authorise for entry in entries),
        note=first("note"),
    )
