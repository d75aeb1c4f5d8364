"""Roster as a single frozen value: people, their shifts, and their days of leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import Literal, TypeAlias, get_args

from eventready.core.groups import group_by
from eventready.core.messages import Message
from eventready.store.records import Moment, Sentence

#: Roles on duty: leadership, operations command, shift, emergency response, operations.
Role: TypeAlias = Literal["LD", "DH", "CA", "UC", "VH"]

#: Operations are telecommunications (VT) or postal (BC); empty where the roster does not tell them apart.
Branch: TypeAlias = Literal["", "VT", "BC"]

ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True)
class Person:
    """`id` is the staff number, or the name; phones are digits from 0, mobile ones first.

    `reserve` names the roles that the person stands by for; `may_authorise` that they may approve an emergency change.
    """

    id: str
    name: str
    title: str = ""
    unit: str = ""
    phones: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    reserve: tuple[Role, ...] = ()
    may_authorise: bool = False
    note: str = ""


@dataclass(frozen=True)
class Shift:
    """A person on duty in [start, end), aware times. `person` is a Person's id.

    `venue` is the short name of a venue of event.yaml where `place` is one; `on_call` means reachable, not working.
    `code` is what stood in the roster (C1, N, OC); `cell` where it stood.
    """

    person: str
    role: Role
    start: Moment
    end: Moment
    venue: str = ""
    place: str = ""
    on_call: bool = False
    branch: Branch = ""
    code: str = ""
    note: str = ""
    cell: str = field(default="", compare=False)

    @property
    def length(self) -> timedelta:
        """Return the duration."""
        return self.end - self.start


@dataclass(frozen=True)
class Leave:
    """A person away in [start, end)."""

    person: str
    start: Moment
    end: Moment
    note: str = ""
    cell: str = field(default="", compare=False)


@dataclass(frozen=True)
class Roster:
    """People in the order of the file, shifts and leave in order of time.

    `version` is the number under which it is kept ("3"), empty for one that is not; `source` the file it came from.
    Two rosters are equal when the same people do the same at the same time, wherever it was written.
    """

    people: tuple[Person, ...]
    shifts: tuple[Shift, ...]
    leave: tuple[Leave, ...] = ()
    version: str = field(default="", compare=False)
    source: str = field(default="", compare=False)
    notices: tuple[Sentence, ...] = field(default=(), compare=False)

    @classmethod
    def of(
        cls,
        people: tuple[Person, ...],
        shifts: tuple[Shift, ...],
        leave: tuple[Leave, ...] = (),
        *,
        source: str = "",
        notices: tuple[Message, ...] = (),
    ) -> Roster:
        """A roster with its shifts and leave put in order."""
        return cls(
            people,
            tuple(sorted(shifts, key=lambda s: (s.start, s.end, s.role, s.place, s.person, s.branch, s.code, s.note))),
            tuple(sorted(leave, key=lambda away: (away.start, away.end, away.person, away.note))),
            source=source,
            notices=notices,
        )

    @cached_property
    def by_id(self) -> Mapping[str, Person]:
        """People by their id."""
        return {person.id: person for person in self.people}

    @cached_property
    def by_person(self) -> Mapping[str, Sequence[Shift]]:
        """The shifts of every person in order of time."""
        return group_by(self.shifts, lambda shift: shift.person)

    def name(self, person_id: str) -> str:
        """Return the name of a person; the id for an unlisted person."""
        person = self.by_id.get(person_id)
        return person.name if person else person_id

    def called(self, version: str) -> Roster:
        """The same under a version."""
        return replace(self, version=version)
