"""Rule 2: nobody is in two places, nobody is on duty while away, and a leader is not the only emergency response."""

from __future__ import annotations

from collections.abc import Iterator

from eventready.roster import say
from eventready.roster.finding import Finding
from eventready.roster.intervals import clipped, counted, joined, merged, without
from eventready.roster.roster import ROLE_NAMES, Shift
from eventready.roster.rulebook.case import Case, claims


def overlap(case: Case) -> Iterator[Finding]:
    """A finding per pair of shifts that cannot both be kept."""
    for person, shifts in case.by_person.items():
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
    """A leader on call may be on call for emergencies too; that he is not the only one is looked at apart."""
    return one.on_call and other.on_call and {one.role, other.role} == {"LD", "UC"}


def _what(shift: Shift, lang: str) -> str:
    name = ROLE_NAMES[shift.role]
    place = f" ({shift.place})" if shift.place else ""
    return (name.vi if lang == "vi" else name.en) + place


def _clash(name: str, one: Shift, other: Shift) -> Finding:
    start, end = other.start, min(one.end, other.end)
    same = (one.role, one.venue, one.place) == (other.role, other.venue, other.place)
    vi = "được ghi hai lần" if same else "trực hai nơi cùng lúc"
    en = "is listed twice" if same else "is in two places at once"
    return Finding(
        2,
        "error",
        f"{name} {vi}: {_what(one, 'vi')} và {_what(other, 'vi')}, {say.span(start, end)}.",
        f"{name} {en}: {_what(one, 'en')} and {_what(other, 'en')}, {say.span(start, end)}.",
        who=(name,),
        start=start,
        end=end,
        where=other.cell,
    )


def _away(case: Case) -> Iterator[Finding]:
    """Shifts that begin while the person is on leave; the end of the night before does not count."""
    for leave in case.roster.leave:
        for shift in case.by_person.get(leave.person, ()):
            if leave.start <= shift.start < leave.end:
                name = case.roster.name(leave.person)
                yield Finding(
                    2,
                    "error",
                    f"{name} nghỉ phép ngày {say.day(leave.start)} nhưng có lịch {_what(shift, 'vi')} lúc "
                    f"{say.at(shift.start)}.",
                    f"{name} is on leave on {say.day(leave.start)} and has {_what(shift, 'en')} at "
                    f"{say.at(shift.start)}.",
                    who=(name,),
                    start=shift.start,
                    end=shift.end,
                    where=shift.cell,
                )


def _only_leaders(case: Case) -> Iterator[Finding]:
    """Emergency response that rests on people who have leadership duty at that moment."""
    leading = {
        person: merged((s.start, s.end) for s in shifts if s.role == "LD") for person, shifts in case.by_person.items()
    }
    responders = [shift for shift in case.on_duty if shift.role == "UC"]
    free = [
        (shift.person, span)
        for shift in responders
        for span in without((shift.start, shift.end), leading.get(shift.person, ()))
    ]
    anybody = joined(s for s in counted(claims(responders), case.start, case.end) if s.people)
    nobody_free = joined(s for s in counted(free, case.start, case.end) if not s.people)
    alone = [part for span in anybody for part in clipped(nobody_free, *span)]
    if alone:
        who = case.names(s.person for s in responders if any(a < s.end and s.start < b for a, b in alone))
        yield Finding(
            2,
            "error",
            f"Lãnh đạo trực là người ứng cứu duy nhất ({say.names(who, 'vi')}): {say.spans(alone, 'vi')}.",
            f"The leader on duty is the only emergency response ({say.names(who, 'en')}): {say.spans(alone, 'en')}.",
            who=who,
            start=alone[0][0],
            end=alone[-1][1],
        )
