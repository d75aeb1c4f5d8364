"""Rule 9: at every moment a person on duty has each of the skills: radio, IP, WiFi, power, mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eventready.core.messages import Message, message
from eventready.roster import wording
from eventready.roster.finding import RosterFinding
from eventready.roster.intervals import counted, joined
from eventready.roster.reading.text import skill
from eventready.roster.roster import ROLES, Shift
from eventready.roster.rulebook.case import Case, claims


def skills(case: Case) -> Iterator[RosterFinding]:
    """Yield a finding per missing skill: among all on duty, and in the roles with required skills."""
    for tag in dict.fromkeys(map(skill, case.settings.skills)):
        yield from _missing(case, tag, case.on_duty, message("roster:on_duty"))
    for role in ROLES:
        shifts = [shift for shift in case.on_duty if shift.role == role]
        for tag in dict.fromkeys(map(skill, case.settings.roles.of(role).skills)):
            yield from _missing(case, tag, shifts, message("roster:role_only", role=role))


def _missing(case: Case, tag: str, shifts: Sequence[Shift], among: Message) -> Iterator[RosterFinding]:
    able = {person.id for person in case.roster.people if tag in person.skills}
    spans = joined(
        s for s in counted(claims(s for s in shifts if s.person in able), case.start, case.end) if not s.people
    )
    if spans:
        length, when = wording.minutes(spans), wording.spans(spans)
        found = message("roster:skills.missing", n=length, among=among, skill=tag, spans=when)
        yield RosterFinding.over(9, "warn", found, spans)
