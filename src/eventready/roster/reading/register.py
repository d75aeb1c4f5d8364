"""The people of a file: the rows in which a name stands, put together into persons."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from eventready.core.errors import WorkspaceError
from eventready.core.groups import group_by
from eventready.core.messages import Message, message
from eventready.roster.reading.headers import Field, Table, role_of
from eventready.roster.reading.text import (
    LONGEST,
    WORDS,
    fold,
    is_mobile,
    normal_number,
    number_complaint,
    numbers_in,
    phone_form,
    skill,
    spelled,
    tidy,
    without_address,
)
from eventready.roster.roster import ROLES, Person, Role
from eventready.workspace.sheets.sheet import Fault, Sheet

#: Degrees before a name, each with its full stop: `KS.`, `ThS.`, `PGS.TS.`.
_DEGREES = re.compile(r"^((?:(?:KS|Th?S|C(?:N|KII?)|BS|GS|PGS)\s*\.\s*)+)(?=\S)", re.IGNORECASE)
_SIR = re.compile(r"^(?:ông|bà)\s*:?\s+(?=\S+\s+\S)", re.IGNORECASE)
_POSITIONS = tuple(WORDS.data["positions"])
_TAIL = re.compile(r"^(?P<name>[^(\n]+?)\s*(?:\((?P<inner>[^()]+)\)|(?:\s[-\u2013]\s*|\n\s*)(?P<after>[^\n]+))\s*$")
_PHONE = re.compile(r"(?:\+[1-9]|84|0)[\d .\u00a0-]{8,13}\d")
_BETWEEN = re.compile(r"[,;\n+&]|\s/\s|\s(?:và|va|and)\s", re.IGNORECASE)


@dataclass(frozen=True)
class TypedName:
    """A name with the title and the telephone numbers typed in the same cell."""

    name: str
    title: str = ""
    numbers: tuple[str, ...] = ()


def split_name(text: str) -> TypedName:
    """Return name and title of a cell with a single person; other text is kept in the name."""
    left = _SIR.sub("", without_address(text))
    degrees = _DEGREES.match(left)
    left = left[degrees.end() :] if degrees else left
    found = _TAIL.match(left)
    after = tidy(found["inner"] or found["after"]) if found else ""
    if found and _is_position(after):
        return TypedName(found["name"].strip(), after)
    return TypedName(left, tidy(degrees[1]) if degrees else "")


def _is_position(text: str) -> bool:
    return f"{tidy(text).casefold()} ".startswith(_POSITIONS)


def split_names(text: str) -> tuple[TypedName, ...]:
    """The people of a cell with several, each with the telephone numbers typed behind the name."""
    found: list[TypedName] = []
    for part in _BETWEEN.split(text):
        numbers = tuple(number for typed in _PHONE.findall(part) if (number := normal_number(typed)))
        words = _PHONE.sub(" ", part).strip(" \t()-:/.")
        if not words and numbers and found:
            found[-1] = TypedName(found[-1].name, found[-1].title, (*found[-1].numbers, *numbers))
        elif words and _is_position(words) and found:
            found[-1] = TypedName(found[-1].name, tidy(words), found[-1].numbers)
        elif words:
            one = split_name(words)
            found.append(TypedName(tidy(one.name), one.title, numbers))
    return tuple(found)


_TWO_PEOPLE = re.compile(r"[,;/\n&+|]|\s(?:và|va|and)\s", re.I)
_LONGEST_NAME = 80
_NO = {"", "khong", "no", "0", "false"}


@dataclass
class _Entry:
    """Row about a person. `id`: staff number, or empty; `key`: id of the same person in all rows."""

    sheet: Sheet
    row: int
    column: int
    person: Person
    key: str = ""

    def error(self, what: Message, do: str | Message = "") -> WorkspaceError:
        """An error about the name."""
        return self.sheet.error(self.row, self.column, what, do)


@dataclass
class Register:
    """Register of rows: issues tickets, and finally identifies the person of each ticket. `problems` collects invalid
    cells."""

    problems: list[WorkspaceError]
    _entries: list[_Entry] = field(default_factory=list)

    def add(self, table: Table, row: int, *, role: Role | None = None, note: bool = True) -> int | None:
        """Add a row with a name; return the ticket, None for an invalid name.

        `role` is what a bare mark in the column of reserves stands for; without `note` the remarks are not the
        person's.
        """
        sheet, column = table.sheet, table.columns("name")[0]
        typed = self._name(sheet, row, column)
        if typed is None:
            return None
        person = Person(
            id=self._text(table, row, "id"),
            phones=self._phones(table, row),
            name=typed.name,
            title=self._text(table, row, "title") or typed.title,
            unit=self._text(table, row, "unit"),
            skills=tuple(dict.fromkeys(skill(part) for part in _parts(self._text(table, row, "skills")))),
            reserve=self._reserve(table, row, role),
            may_authorise=fold(self._text(table, row, "authorise")) not in _NO,
            note=self._text(table, row, "note") if note else "",
        )
        self._entries.append(_Entry(sheet, row, column, person))
        return len(self._entries) - 1

    def add_typed(self, sheet: Sheet, row: int, column: int, typed: TypedName) -> int | None:
        """Return the ticket of a name in a cell with several names; None, and a problem, for other text."""
        if problem := _not_a_name(typed.name):
            self.problems.append(sheet.error(row, column, problem))
            return None
        person = Person(id="", name=typed.name, title=typed.title, phones=typed.numbers)
        self._entries.append(_Entry(sheet, row, column, person))
        return len(self._entries) - 1

    def _name(self, sheet: Sheet, row: int, column: int) -> TypedName | None:
        value = sheet.cells.get((row, column))
        if isinstance(value, Fault):
            self.problems.append(sheet.error(row, column, value.what))
            return None
        typed = split_name(str(value))
        name = tidy(typed.name)
        problem = _not_a_name(name)
        if _TWO_PEOPLE.search(typed.name):
            problem = message("roster:cell.two_people", text=name)
        if problem is None:
            return TypedName(name, typed.title)
        self.problems.append(sheet.error(row, column, problem))
        return None

    def _text(self, table: Table, row: int, name: Field) -> str:
        for column in table.columns(name):
            value = table.sheet.cells.get((row, column))
            if isinstance(value, Fault):
                self.problems.append(table.sheet.error(row, column, value.what))
            elif value is not None:
                text = tidy(value)
                if len(text) > LONGEST:
                    what = message("roster:cell.long", length=len(text), most=LONGEST)
                    self.problems.append(table.sheet.error(row, column, what))
                    continue
                return text
        return ""

    def _phones(self, table: Table, row: int) -> tuple[str, ...]:
        found: list[str] = []
        for column in table.columns("phone"):
            value = table.sheet.cells.get((row, column))
            if isinstance(value, Fault):
                self.problems.append(table.sheet.error(row, column, value.what))
                continue
            for number in numbers_in(value) if value is not None else []:
                normal = normal_number(number)
                if normal is None:
                    self.problems.append(table.sheet.error(row, column, number_complaint(number), phone_form()))
                else:
                    found.append(normal)
        return tuple(sorted(dict.fromkeys(found), key=lambda number: not is_mobile(number)))

    def _reserve(self, table: Table, row: int, role: Role | None) -> tuple[Role, ...]:
        text = self._text(table, row, "reserve")
        if fold(text) in _NO:
            return ()
        named = {found[0] for part in _parts(text) if (found := role_of(part))}
        if not named and role:
            named = {role}
        if not named:
            column = table.columns("reserve")[0]
            self.problems.append(table.sheet.error(row, column, message("roster:cell.reserve", text=text)))
        return tuple(known for known in ROLES if known in named)

    def people(self) -> tuple[tuple[Person, ...], list[str]]:
        """Return all people in the order of first appearance, and the id behind every ticket."""
        groups = self._grouped()
        people = tuple(_merged(key, entries) for key, entries in groups.items())
        return people, [entry.key for entry in self._entries]

    def _grouped(self) -> dict[str, list[_Entry]]:
        for entries in group_by(self._entries, lambda entry: spelled(entry.person.name)).values():
            self._distinguish(entries)
        groups = group_by(self._entries, lambda entry: entry.key)
        for key, entries in groups.items():
            *_, last = {spelled(entry.person.name): entry for entry in entries}.values()
            one, other = entries[0].person.name, last.person.name
            if spelled(one) != spelled(other):
                what = message("roster:cell.staff_number", number=key, one=one, other=other)
                self.problems.append(last.error(what))
        return groups

    def _distinguish(self, entries: list[_Entry]) -> None:
        """Distinguish namesakes: by staff number, else by their telephones; ambiguous rows are a problem."""
        people, name = [entry.person for entry in entries], entries[0].person.name
        codes = list(dict.fromkeys(person.id for person in people if person.id))
        circles = [] if codes else _circles([person.phones for person in people if person.phones])
        ends = _ends(circles)
        for entry in entries:
            numbers = set(entry.person.phones)
            if entry.person.id or not (codes or circles):
                entry.key = entry.person.id or name
            elif len(codes) == 1 or len(circles) == 1:
                entry.key = codes[0] if codes else name
            else:
                end = next((end for circle, end in zip(circles, ends, strict=True) if circle & numbers), "")
                entry.key = f"{name} (*{end})" if end else name
                if not end:
                    self.problems.append(entry.error(message("roster:cell.namesake", name=entry.person.name)))

    def without_phone(self, ids: set[str], *, but: dict[str, Person]) -> None:
        """Report the people of `ids` without any number, each once, at their first row."""
        for entry in self._entries:
            if entry.key in ids and not but[entry.key].phones:
                ids = ids - {entry.key}
                what = message("roster:cell.no_phone", name=entry.person.name)
                self.problems.append(entry.error(what, phone_form()))


def _not_a_name(name: str) -> Message | None:
    """Return the cause for text unsuitable as a name."""
    if re.search(r"\d{6}", re.sub(r"[\s.]", "", name)):
        return message("roster:cell.phone_as_name")
    if len(name) > _LONGEST_NAME:
        return message("roster:cell.long_name", length=len(name))
    return None


def _parts(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,;/|+]", text) if part.strip()]


def _circles(sets: list[tuple[str, ...]]) -> list[set[str]]:
    """Return sets of connected numbers: some row lists the numbers together."""
    circles: list[set[str]] = []
    for numbers in sets:
        touching = [circle for circle in circles if circle & set(numbers)]
        circles = [circle for circle in circles if circle not in touching]
        circles.append(set(numbers).union(*touching))
    return circles


def _ends(circles: list[set[str]]) -> list[str]:
    """Return the last digits for the distinction of namesakes: three, or more for equal endings."""
    numbers = [min(circle) for circle in circles]
    digits = next((n for n in range(3, 12) if len({number[-n:] for number in numbers}) == len(numbers)), 11)
    return [number[-digits:] for number in numbers]


def _merged(key: str, entries: list[_Entry]) -> Person:
    def first(name: str) -> str:
        return next((value for entry in entries if (value := str(getattr(entry.person, name)))), "")

    numbers = dict.fromkeys(number for entry in entries for number in entry.person.phones)
    reserve = {role for entry in entries for role in entry.person.reserve}
    return Person(
        id=key,
        name=entries[0].person.name,
        title=first("title"),
        unit=first("unit"),
        phones=tuple(sorted(numbers, key=lambda number: not is_mobile(number))),
        skills=tuple(dict.fromkeys(tag for entry in entries for tag in entry.person.skills)),
        reserve=tuple(role for role in ROLES if role in reserve),
        may_authorise=any(entry.person.may_authorise for entry in entries),
        note=first("note"),
    )
