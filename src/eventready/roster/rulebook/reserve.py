"""Rule 8: for each role somebody stands by who is neither on duty nor away, should a person fall ill."""

from __future__ import annotations

from collections.abc import Iterator

from eventready.roster import say
from eventready.roster.finding import Finding
from eventready.roster.intervals import Interval, counted, joined, short, without
from eventready.roster.roster import ROLE_NAMES, ROLES
from eventready.roster.rulebook.case import Case


def reserve(case: Case) -> Iterator[Finding]:
    """A finding per role whose reserve is short, for how long."""
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
        name, who = ROLE_NAMES[role], tuple(person.name for person in standing_by)
        if not standing_by:
            vi, en = "chưa có người dự bị", "nobody stands by"
        else:
            taken_for = say.minutes(missing)
            vi = f"người dự bị ({say.names(who, 'vi')}) bận trong {taken_for} phút: {say.spans(missing, 'vi')}"
            en = f"those who stand by ({say.names(who, 'en')}) are taken for {taken_for} minutes: "
            en += say.spans(missing, "en")
        yield Finding(
            8,
            "warn",
            f"{name.vi}: {vi}.",
            f"{name.en}: {en}.",
            who=who,
            start=missing[0][0],
            end=missing[-1][1],
        )
