"""Rule 5: each change of shift has a successor, and an overlap of both people."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta

from eventready.core.messages import message
from eventready.roster import wording
from eventready.roster.finding import RosterFinding
from eventready.roster.roster import ROLES, Role, Shift
from eventready.roster.rulebook.case import Case

#: Roles that hand over; leadership and emergency response are called, and hand nothing over.
_HANDING: tuple[Role, ...] = ("DH", "CA", "VH")


def handover(case: Case) -> Iterator[RosterFinding]:
    """Yield per role: ends of shifts without a successor, and changes without the required overlap."""
    wanted = timedelta(minutes=case.settings.handover_minutes)
    for role in (role for role in ROLES if role in _HANDING):
        shifts = [shift for shift in case.on_duty if shift.role == role and not shift.venue]
        lonely, brief = _changes(case, shifts, wanted)
        if lonely:
            who = case.names(shift.person for shift in lonely)
            times = tuple(wording.at(shift.end) for shift in lonely[:4])
            found = message(
                "roster:handover.nobody", role=role, shifts=len(lonely), times=times, names=wording.names(who)
            )
            yield RosterFinding(5, "warn", found, who, lonely[0].end, lonely[-1].end)
        if brief:
            minutes = case.settings.handover_minutes
            times = tuple(sorted({wording.clock(shift.end) for shift in brief}))
            found = message("roster:handover.brief", role=role, n=len(brief), minutes=minutes, times=times)
            yield RosterFinding(5, "info", found, (), brief[0].end, brief[-1].end)


def _changes(case: Case, shifts: list[Shift], wanted: timedelta) -> tuple[list[Shift], list[Shift]]:
    """Return the shifts without a successor, and the shifts with a successor too late for a full handover."""
    lonely, brief = [], []
    starts = [shift.start for shift in shifts]
    reach = max((shift.length for shift in shifts), default=timedelta())
    for giver in shifts:
        if not case.start < giver.end < case.end:
            continue
        # A taker that is there at the end began at most the longest shift before it.
        low, high = bisect_right(starts, giver.end - reach - timedelta(1)), bisect_right(starts, giver.end)
        there = [s for s in shifts[low:high] if s.end > giver.end]
        takers: list[datetime] = [s.start for s in there if s.person != giver.person]
        if not there:
            lonely.append(giver)
        elif len(takers) == len(there) and giver.end - max(min(takers), giver.start) < wanted:
            brief.append(giver)
    return lonely, brief
