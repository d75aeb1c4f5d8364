"""Rule 5: at each change of shift somebody takes over, and the two are there together for a while."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta

from eventready.english import number_of
from eventready.roster import say
from eventready.roster.finding import Finding
from eventready.roster.roster import ROLE_NAMES, ROLES, Role, Shift
from eventready.roster.rulebook.case import Case

#: Roles that hand over; leadership and emergency response are called, and hand nothing over.
_HANDING: tuple[Role, ...] = ("DH", "CA", "VH")


def handover(case: Case) -> Iterator[Finding]:
    """Per role: ends of shifts with nobody there to take over, and changes without the wanted overlap."""
    wanted = timedelta(minutes=case.settings.handover_minutes)
    for role in (role for role in ROLES if role in _HANDING):
        shifts = [shift for shift in case.on_duty if shift.role == role and not shift.venue]
        lonely, brief = _changes(case, shifts, wanted)
        name = ROLE_NAMES[role]
        if lonely:
            who = case.names(shift.person for shift in lonely)
            times = "; ".join(say.at(shift.end) for shift in lonely[:4])
            yield Finding(
                5,
                "warn",
                f"{name.vi}: {len(lonely)} lần hết ca không có người nhận ({times}; {say.names(who, 'vi')}).",
                f"{name.en}: at the end of {number_of(len(lonely), 'shift')} nobody takes over "
                f"({times}; {say.names(who, 'en')}).",
                who=who,
                start=lonely[0].end,
                end=lonely[-1].end,
            )
        if brief:
            minutes = case.settings.handover_minutes
            times = ", ".join(sorted({say.clock(shift.end) for shift in brief}))
            yield Finding(
                5,
                "info",
                f"{name.vi}: {len(brief)} lần giao ca người giao và người nhận không gối nhau đủ {minutes} phút "
                f"(lúc {times}).",
                f"{name.en}: in {number_of(len(brief), 'change')} of shift the two are not together "
                f"for {minutes} minutes (at {times}).",
                start=brief[0].end,
                end=brief[-1].end,
            )


def _changes(case: Case, shifts: list[Shift], wanted: timedelta) -> tuple[list[Shift], list[Shift]]:
    """Shifts that end with nobody to take over, and those whose taker comes too late to be told everything."""
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
