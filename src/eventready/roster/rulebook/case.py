"""What a rule looks at: the roster, the event, the settings, the period, and what was sent when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from eventready.roster.finding import Finding, Gap
from eventready.roster.intervals import Interval, merged
from eventready.roster.roster import Roster, Shift
from eventready.roster.settings import RosterSettings
from eventready.workspace.event import Event


@dataclass(frozen=True)
class Submission:
    """What is known of sending: when the duty list first went out, and whether what was sent last is this roster."""

    first: datetime | None = None
    last: datetime | None = None
    same: bool = False


@dataclass(frozen=True)
class Case:
    """A roster to be judged. `moment` is the event's clock, None when the deadline is not to be judged."""

    roster: Roster
    event: Event
    settings: RosterSettings
    start: datetime
    end: datetime
    moment: datetime | None = None
    submission: Submission | None = None

    @cached_property
    def by_person(self) -> Mapping[str, tuple[Shift, ...]]:
        """Everybody's shifts in order of time."""
        own: dict[str, list[Shift]] = {}
        for shift in self.roster.shifts:
            own.setdefault(shift.person, []).append(shift)
        return {person: tuple(shifts) for person, shifts in own.items()}

    @cached_property
    def on_duty(self) -> tuple[Shift, ...]:
        """The shifts that count as duty: working, and on call in the roles where that is enough."""
        return tuple(s for s in self.roster.shifts if not s.on_call or self.settings.roles.of(s.role).on_call)

    @cached_property
    def working(self) -> Mapping[str, list[Interval]]:
        """Everybody's working time, with shifts that touch or overlap joined. Being on call is not work."""
        return {
            person: blocks
            for person, shifts in self.by_person.items()
            if (blocks := merged((shift.start, shift.end) for shift in shifts if not shift.on_call))
        }

    def names(self, ids: Iterable[str]) -> tuple[str, ...]:
        """The names behind ids, each once."""
        return tuple(dict.fromkeys(self.roster.name(person) for person in ids))


#: A rule: what breaks it, findings and gaps mixed.
Rule = Callable[[Case], Iterator[Finding | Gap]]


def claims(shifts: Iterable[Shift]) -> Iterator[tuple[str, Interval]]:
    """Who is there from when until when."""
    return ((shift.person, (shift.start, shift.end)) for shift in shifts)
