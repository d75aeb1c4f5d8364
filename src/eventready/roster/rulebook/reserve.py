"""Rule 8: each role has a reserve neither on duty nor away, in case of illness."""

from __future__ import annotations

from collections.abc import Iterator

from eventready.core.messages import message
from eventready.roster import wording
from eventready.roster.finding import RosterFinding
from eventready.roster.intervals import Interval, counted, joined, short, without
from eventready.roster.roster import ROLES
from eventready.roster.rulebook.case import Case


def reserve(case: Case) -> Iterator[RosterFinding]:
    """Yield a finding per role with a short reserve, with the duration."""
    taken: dict[str, list[Interval]] = {}
    for shift in case.roster.shifts:
        taken.setdefault(shift.person, []).append((shift.start, shift.end))
    for leave in case.roster.leave:
        taken.setdefault(leave.person, []).append((leave.start, leave.end))
    period = (case.start, case.end)
    for role in ROLES:
        need = case.settings.roles.of(role).reserve
        standing_by = [person for person in case.roster.people if role in person.reserve]
        free = [(p.id, span) for p in standing_by for span in without(period, taken.get(p.id, ()))]
        missing = joined(short(counted(free, case.start, case.end), need))
        if not missing:
            continue
        who = tuple(person.name for person in standing_by)
        if not standing_by:
            found = message("roster:reserve.nobody", role=role)
        else:
            length, names = wording.minutes(missing), wording.names(who)
            found = message("roster:reserve.taken", role=role, n=length, names=names, spans=wording.spans(missing))
        yield RosterFinding.over(8, "warn", found, missing, who=who)
