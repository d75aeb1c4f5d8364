"""Input of a rule: the roster, the event, the settings, the period, and the record of sending."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from eventready.roster.finding import Gap, RosterFinding
from eventready.roster.intervals import Interval, merged
from eventready.roster.roster import Roster, Shift
from eventready.roster.settings import RosterSettings
from eventready.workspace.settings.event import Event


@dataclass(frozen=True)
class Submission:
    """Record of sending: the first time of the duty list, and whether the last sent version equals this roster."""

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
    def on_duty(self) -> tuple[Shift, ...]:
        """Return the shifts counted as duty: working, and on call in the roles with on-call duty."""
        return tuple(s for s in self.roster.shifts if not s.on_call or self.settings.roles.of(s.role).on_call)

    @cached_property
    def working(self) -> Mapping[str, list[Interval]]:
        """Return the working time of every person, with touching or overlapping shifts joined. Being on call is not
        work."""
        return {
            person: blocks
            for person, shifts in self.roster.by_person.items()
            if (blocks := merged((shift.start, shift.end) for shift in shifts if not shift.on_call))
        }

    def names(self, ids: Iterable[str]) -> tuple[str, ...]:
        """The names behind ids, each once."""
        return tuple(dict.fromkeys(self.roster.name(person) for person in ids))


#: A rule: what breaks it, findings and gaps mixed.
Rule = Callable[[Case], Iterator[RosterFinding | Gap]]


def claims(shifts: Iterable[Shift]) -> Iterator[tuple[str, Interval]]:
    """Yield the person and the interval of each shift."""
    return ((shift.person, (shift.start, shift.end)) for shift in shifts)
