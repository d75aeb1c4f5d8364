"""Rule 2: no person is in two places or on duty while away, and a leader is not the only emergency response."""

from __future__ import annotations

from collections.abc import Iterator

from eventready.core.messages import Message, message
from eventready.roster import wording
from eventready.roster.finding import RosterFinding
from eventready.roster.intervals import clipped, counted, joined, merged, without
from eventready.roster.roster import Shift
from eventready.roster.rulebook.case import Case, claims


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
