"""Rule 1: in every role somebody is on duty at every moment, 24 hours a day, before, during and after the event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from eventready.roster import say
from eventready.roster.finding import Finding, Gap
from eventready.roster.intervals import Stretch, counted, joined, short
from eventready.roster.roster import ROLES, Branch, Role, Shift, role_name
from eventready.roster.rulebook.case import Case, claims


def coverage(case: Case) -> Iterator[Finding | Gap]:
    """A finding per role that is short somewhere, and a gap per stretch."""
    for role in ROLES:
        need = case.settings.roles.of(role).min
        for branch in case.settings.wanted_branches() if role == "VH" else ("",):
            gaps = gaps_of(standing(case, role, branch), role, need, case.start, case.end, branch=branch)
            yield from gaps
            if gaps:
                yield _finding(role, branch, need, gaps)


def standing(case: Case, role: Role, branch: Branch = "") -> list[Shift]:
    """The shifts of a role that count as duty, of a branch where one is meant."""
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


def _finding(role: Role, branch: Branch, need: int, gaps: Sequence[Gap]) -> Finding:
    spans = joined(Stretch(gap.start, gap.end, gap.have) for gap in gaps)
    total = sum(gap.minutes for gap in gaps)
    fewest = min(gap.have for gap in gaps)
    vi = f"không có ai trong {total} phút" if need == 1 else f"thiếu người trong {total} phút, có lúc {fewest}/{need}"
    en = (
        f"nobody for {total} minutes" if need == 1 else f"too few for {total} minutes, at the lowest {fewest} of {need}"
    )
    return Finding(
        1,
        "error",
        f"{role_name(role, branch, 'vi')}: {vi}: {say.spans(spans, 'vi')}.",
        f"{role_name(role, branch, 'en')}: {en}: {say.spans(spans, 'en')}.",
        start=spans[0][0],
        end=spans[-1][1],
    )
