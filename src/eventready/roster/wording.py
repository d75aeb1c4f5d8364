"""Parameters of messages about a roster: times, durations, lists of people and of intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from eventready.core.messages import Message, Text, message
from eventready.core.timezone import local_time
from eventready.roster.intervals import Interval
from eventready.roster.roster import Branch, Role

#: People and intervals that a message names before it counts the rest.
_SHOWN = 4


def day(moment: datetime) -> str:
    """`29/07/2033`."""
    return f"{local_time(moment):%d/%m/%Y}"


def clock(moment: datetime) -> str:
    """`22:00`."""
    return f"{local_time(moment):%H:%M}"


def at(moment: datetime) -> str:
    """`22:00 29/07/2033`, in both languages."""
    return f"{clock(moment)} {day(moment)}"


def span(start: datetime, end: datetime) -> str:
    """Return `22:00 29/07/2033 – 06:00 30/07/2033`; the day once for a single day."""
    first, last = local_time(start), local_time(end)
    if first.date() == last.date():
        return f"{clock(first)}–{at(last)}"
    if first.date() == (last - timedelta(minutes=1)).date() and clock(last) == "00:00":
        return f"{clock(first)}–24:00 {day(first)}"
    return f"{at(first)} – {at(last)}"


def spans(intervals: Sequence[Interval]) -> Message:
    """The first intervals, and the number of the others."""
    shown = [span(*interval) for interval in intervals[:_SHOWN]]
    more = len(intervals) - len(shown)
    return message("roster:spans_and_more", spans=shown, more=more) if more else message("roster:spans", spans=shown)


def names(people: Sequence[str]) -> Sequence[str | Text]:
    """The first names, and the number of the others."""
    more = len(people) - _SHOWN
    return (*people[:_SHOWN], message("roster:others", n=more)) if more > 0 else tuple(people)


def minutes(intervals: Iterable[Interval]) -> int:
    """The total length, rounded up to whole minutes."""
    return -(-int(sum((end - start).total_seconds() for start, end in intervals)) // 60)


def duration(length: timedelta) -> Message:
    """`8 giờ`, `7 giờ 30 phút`, `45 minutes`."""
    hours, rest = divmod(-(-int(length.total_seconds()) // 60), 60)
    if hours and rest:
        return message("roster:hours_minutes", hours=hours, minutes=rest)
    return message("roster:hours", n=hours) if hours else message("roster:minutes", n=rest)


def role_name(role: Role, branch: Branch = "") -> Message:
    """The name of a role, with its branch: `Trực vận hành bưu chính`."""
    return message("roster:role_branch", role=role, branch=branch) if branch else message("roster:role_only", role=role)


def role_inside(role: Role, branch: Branch) -> Message:
    """The same inside a sentence: `trực vận hành bưu chính`."""
    return message("roster:role_inside", role=role, branch=branch)
