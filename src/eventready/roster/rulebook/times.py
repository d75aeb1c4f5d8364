"""Rules of the hours: overlaps (2), the Labour Code (3), handover (5).

Being on call at home is not working time; breaks within a shift are not planned. That overtime stays below 300 hours
a year cannot be told from one roster."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise

from eventready.core.messages import Message, in_language, message
from eventready.core.timezone import local_time, moments_of
from eventready.roster import wording
from eventready.roster.finding import RosterFinding, Severity
from eventready.roster.intervals import Interval, clipped, counted, joined, merged, without
from eventready.roster.reading.when import midnight
from eventready.roster.roster import ROLES, Role, Shift
from eventready.roster.rulebook.case import Case, claims


def hours(case: Case) -> Iterator[RosterFinding]:
    """Rest between shifts, the length of a shift, the hours of a day and a week, and the weekly rest, per person."""
    for person, blocks in case.working.items():
        name = case.roster.name(person)
        yield from _rest(case, name, blocks)
        yield from _length(case, name, blocks)
        yield from _days(case, name, blocks)
        yield from _weeks(case, name, blocks)
        yield from _weekly_rest(case, name, blocks)


def _finding(severity: Severity, found: Message, span: Interval) -> RosterFinding:
    return RosterFinding(3, severity, found, who=(in_language(found.params["name"], "en"),), start=span[0], end=span[1])


def _rest(case: Case, name: str, blocks: list[Interval]) -> Iterator[RosterFinding]:
    wanted = timedelta(hours=case.settings.hours.rest)
    for (_, ended), (begins, _) in pairwise(blocks):
        if begins - ended < wanted:
            rest, between = wording.duration(begins - ended), wording.span(ended, begins)
            found = message("roster:hours.rest", name=name, rest=rest, span=between, wanted=wording.duration(wanted))
            yield _finding("error", found, (ended, begins))


def _length(case: Case, name: str, blocks: list[Interval]) -> Iterator[RosterFinding]:
    rules = case.settings.hours
    for start, end in blocks:
        worked = end - start
        severity: Severity
        if worked > timedelta(hours=rules.day_with_overtime):
            most, severity = rules.day_with_overtime, "error"
        elif worked > timedelta(hours=rules.day) and not rules.twelve_hour_shifts:
            most, severity = rules.day, "warn"
        else:
            continue
        worked_for, when = wording.duration(worked), wording.span(start, end)
        found = message("roster:hours.shift", name=name, worked=worked_for, span=when, most=most)
        yield _finding(severity, found, (start, end))


def _per_day(blocks: list[Interval]) -> dict[date, timedelta]:
    """Working time by calendar day, local."""
    worked: dict[date, timedelta] = defaultdict(timedelta)
    for start, end in blocks:
        at = local_time(start)
        while at < end:
            following = midnight(at.date() + timedelta(days=1))
            worked[at.date()] += min(following, end) - at
            at = following
    return worked


def _days(case: Case, name: str, blocks: list[Interval]) -> Iterator[RosterFinding]:
    """Yield too long days without a single too long shift."""
    most = timedelta(hours=case.settings.hours.day_with_overtime)
    longest = {local_time(start).date() for start, end in blocks if end - start > most}
    for day, worked in _per_day(blocks).items():
        if worked > most and day not in longest:
            begin = midnight(day)
            length, longest_day = wording.duration(worked), wording.duration(most)
            found = message("roster:hours.day", name=name, worked=length, day=day, most=longest_day)
            yield _finding("error", found, (begin, midnight(day + timedelta(days=1))))


def _weeks(case: Case, name: str, blocks: list[Interval]) -> Iterator[RosterFinding]:
    """Calendar weeks above the normal hours: overtime, to be agreed on and paid."""
    most = timedelta(hours=case.settings.hours.week)
    weeks: dict[date, timedelta] = defaultdict(timedelta)
    for day, worked in _per_day(blocks).items():
        weeks[day - timedelta(days=day.weekday())] += worked
    for monday, worked in weeks.items():
        if worked > most:
            begin = midnight(monday)
            end = midnight(monday + timedelta(days=7))
            length, overtime = wording.duration(worked), wording.duration(worked - most)
            found = message("roster:hours.week", name=name, worked=length, monday=monday, overtime=overtime)
            yield _finding("warn", found, (begin, end))


def _weekly_rest(case: Case, name: str, blocks: list[Interval]) -> Iterator[RosterFinding]:
    """Yield runs of shifts without a long rest, and without room for such a rest within seven days."""
    rest = timedelta(hours=case.settings.hours.weekly_rest)
    if not rest:
        return
    longest = timedelta(days=7) - rest
    since: datetime = blocks[0][0]
    for index, (_, end) in enumerate(blocks):
        last = index + 1 == len(blocks)
        if last or blocks[index + 1][0] - end >= rest:
            if end - since > longest:
                found = message(
                    "roster:hours.weekly_rest", name=name, rest=wording.duration(rest), span=wording.span(since, end)
                )
                yield _finding("warn", found, (since, end))
            since = end if last else blocks[index + 1][0]


def overlap(case: Case) -> Iterator[RosterFinding]:
    """Yield a finding per pair of incompatible shifts."""
    for person, shifts in case.roster.by_person.items():
        name = case.roster.name(person)
        longest: Shift | None = None
        for shift in shifts:
            if longest and shift.start < longest.end and not _bearable(longest, shift):
                yield _clash(name, longest, shift)
            if longest is None or shift.end > longest.end:
                longest = shift
    yield from _away(case)
    yield from _only_leaders(case)


def _bearable(one: Shift, other: Shift) -> bool:
    """Return True for a leader on call for leadership and emergencies; `_only_leaders` checks sole responders."""
    return one.on_call and other.on_call and {one.role, other.role} == {"LD", "UC"}


def _task(shift: Shift) -> Message:
    if shift.place:
        return message("roster:task_at", role=shift.role, place=shift.place)
    return message("roster:task", role=shift.role)


def _clash(name: str, one: Shift, other: Shift) -> RosterFinding:
    start, end = other.start, min(one.end, other.end)
    same = (one.role, one.venue, one.place) == (other.role, other.venue, other.place)
    msgid = "roster:overlap.twice" if same else "roster:overlap.two_places"
    found = message(msgid, name=name, one=_task(one), other=_task(other), span=wording.span(start, end))
    return RosterFinding(2, "error", found, (name,), start, end, other.cell)


def _away(case: Case) -> Iterator[RosterFinding]:
    """Yield shifts begun during the person's leave; the end of the night before does not count."""
    for leave in case.roster.leave:
        for shift in case.roster.by_person.get(leave.person, ()):
            if leave.start <= shift.start < leave.end:
                name = case.roster.name(leave.person)
                when = {"day": wording.day(leave.start), "at": wording.at(shift.start)}
                found = message("roster:overlap.on_leave", name=name, task=_task(shift), **when)
                yield RosterFinding(2, "error", found, (name,), shift.start, shift.end, shift.cell)


def _only_leaders(case: Case) -> Iterator[RosterFinding]:
    """Yield emergency response only by people with leadership duty at the same moment."""
    leading = {
        person: merged((s.start, s.end) for s in shifts if s.role == "LD")
        for person, shifts in case.roster.by_person.items()
    }
    responders = [shift for shift in case.on_duty if shift.role == "UC"]
    free = [
        (shift.person, span)
        for shift in responders
        for span in without((shift.start, shift.end), leading.get(shift.person, ()))
    ]
    anybody = joined(s for s in counted(claims(responders), case.start, case.end) if s.people)
    no_free_person = joined(s for s in counted(free, case.start, case.end) if not s.people)
    alone = [part for span in anybody for part in clipped(no_free_person, *span)]
    if alone:
        who = case.names(s.person for s in responders if any(a < s.end and s.start < b for a, b in alone))
        found = message("roster:overlap.only_leader", names=wording.names(who), spans=wording.spans(alone))
        yield RosterFinding.over(2, "error", found, alone, who=who)


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
    yield from _twice(case)


def _twice(case: Case) -> Iterator[RosterFinding]:
    """Yield begins and ends in the repeated hour of a night, read as the first of both."""
    shifts = [shift for shift in case.on_duty if shift.start < case.end and shift.end > case.start]
    for moment in sorted({end for shift in shifts for end in (shift.start, shift.end)}):
        if len(moments_of(local_time(moment).replace(tzinfo=None))) > 1:
            who = case.names(shift.person for shift in shifts if moment in (shift.start, shift.end))
            found = message("roster:handover.twice", at=wording.at(moment), names=wording.names(who))
            yield RosterFinding(5, "warn", found, who, moment, moment)


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
