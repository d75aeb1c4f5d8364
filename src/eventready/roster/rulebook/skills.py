"""Rule 9: at every moment somebody on duty knows each of the fields: radio, IP, WiFi, power, mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eventready.roster import say
from eventready.roster.finding import Finding
from eventready.roster.intervals import counted, joined
from eventready.roster.roster import ROLE_NAMES, ROLES, Shift
from eventready.roster.rulebook.case import Case, claims
from eventready.roster.text import skill


def skills(case: Case) -> Iterator[Finding]:
    """A finding per skill that is missing somewhere: among all on duty, and in the roles that ask for it."""
    for tag in dict.fromkeys(map(skill, case.settings.skills)):
        yield from _missing(case, tag, case.on_duty, "Ca trực", "On duty")
    for role in ROLES:
        shifts = [shift for shift in case.on_duty if shift.role == role]
        for tag in dict.fromkeys(map(skill, case.settings.roles.of(role).skills)):
            yield from _missing(case, tag, shifts, ROLE_NAMES[role].vi, ROLE_NAMES[role].en)


def _missing(case: Case, tag: str, shifts: Sequence[Shift], vi: str, en: str) -> Iterator[Finding]:
    able = {person.id for person in case.roster.people if tag in person.skills}
    spans = joined(
        s for s in counted(claims(s for s in shifts if s.person in able), case.start, case.end) if not s.people
    )
    if spans:
        minutes = say.minutes(spans)
        yield Finding(
            9,
            "warn",
            f"{vi}: thiếu chuyên môn {tag} trong {minutes} phút: {say.spans(spans, 'vi')}.",
            f"{en}: nobody knows {tag} for {minutes} minutes: {say.spans(spans, 'en')}.",
            start=spans[0][0],
            end=spans[-1][1],
        )
