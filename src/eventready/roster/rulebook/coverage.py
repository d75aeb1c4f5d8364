"""Rule 1: every role has a person on duty at every moment, 24 hours a day, before, during and after the event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from eventready.core.messages import message
from eventready.roster import wording
from eventready.roster.finding import Gap, RosterFinding
from eventready.roster.intervals import counted, merged, short
from eventready.roster.roster import Branch, Role, Shift
from eventready.roster.rulebook.case import Case, claims


def coverage(case: Case) -> Iterator[RosterFinding | Gap]:
    """Yield a finding per role with a gap, and a gap per stretch."""
    for role, branch in case.settings.duties():
        need = case.settings.roles.of(role).min
        gaps = gaps_of(standing(case, role, branch), role, need, case.start, case.end, branch=branch)
        yield from gaps
        if gaps:
            yield _finding(role, branch, need, gaps)


def unmanned(case: Case) -> tuple[Role, ...]:
    """Roles without required people, and vacant at times."""
    vacant = (
        role
        for role, branch in case.settings.duties()
        if case.settings.roles.of(role).min == 0
        and gaps_of(standing(case, role, branch), role, 1, case.start, case.end, branch=branch)
    )
    return tuple(dict.fromkeys(vacant))


def standing(case: Case, role: Role, branch: Branch = "") -> list[Shift]:
    """Return the shifts of a role counted as duty, of a single branch if given."""
    return [shift for shift in case.on_duty if shift.role == role and (not branch or shift.branch == branch)]


def gaps_of(
    shifts: Sequence[Shift],
    role: Role,
    need: int,
    start: datetime,
    end: datetime,
    *,
    branch: Branch = "",
    venue: str = "",
) -> list[Gap]:
    """The stretches of [start, end) with fewer than `need` people."""
    stretches = short(counted(claims(shifts), start, end), need)
    return [Gap(role, s.start, s.end, s.people, need, venue=venue, branch=branch) for s in stretches]


def _finding(role: Role, branch: Branch, need: int, gaps: Sequence[Gap]) -> RosterFinding:
    spans = merged((gap.start, gap.end) for gap in gaps)
    total = sum(gap.minutes for gap in gaps)
    fewest = min(gap.have for gap in gaps)
    role_name = wording.role_name(role, branch)
    if need == 1:
        short_of = message("roster:coverage.nobody", n=total, role=role_name, spans=wording.spans(spans))
    else:
        short_of = message(
            "roster:coverage.too_few", n=total, role=role_name, fewest=fewest, need=need, spans=wording.spans(spans)
        )
    return RosterFinding.over(1, "error", short_of, spans)
