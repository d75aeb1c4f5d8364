"""Differences between two versions of a roster: people, leave, and shifts taken over, moved, added or dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from eventready.core.messages import Message, Param, in_both, message
from eventready.core.redaction.masking import mask
from eventready.roster import wording
from eventready.roster.roster import Person, Roster, Shift

#: Fields of a person that are compared; the catalogue has their names under `roster:field`.
_FIELDS = ("name", "title", "unit", "phones", "skills", "reserve", "note")


@dataclass(frozen=True)
class RosterChange:
    """Difference between two versions. Telephone numbers are masked."""

    message: Message
    who: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the change as plain JSON types."""
        return {"message_id": self.message.id, **in_both(self.message), "who": list(self.who)}


def _change(msgid: str, who: tuple[str, ...], /, **params: Param) -> RosterChange:
    return RosterChange(Message(msgid, params), who)


def changes(old: Roster, new: Roster) -> tuple[RosterChange, ...]:
    """Every difference: people first, then shifts in order of time, then leave. Equal rosters have none."""
    return (*_people(old, new), *_shifts(old, new), *_leave(old, new))


def _people(old: Roster, new: Roster) -> Iterator[RosterChange]:
    for person in new.people:
        before = old.by_id.get(person.id)
        if before is None:
            yield _change("roster:change.joins", (person.name,), name=person.name)
        elif before != person:
            yield from _fields(before, person)
    for person in old.people:
        if person.id not in new.by_id:
            yield _change("roster:change.leaves", (person.name,), name=person.name)


def _fields(before: Person, after: Person) -> Iterator[RosterChange]:
    for name in _FIELDS:
        one, other = (_shown(name, getattr(person, name)) for person in (before, after))
        if getattr(before, name) != getattr(after, name):
            yield _change("roster:change.field", (after.name,), name=after.name, field=name, before=one, after=other)
    if before.may_authorise != after.may_authorise:
        msgid = "roster:change.may_approve" if after.may_authorise else "roster:change.may_not_approve"
        yield _change(msgid, (after.name,), name=after.name)


def _shown(name: str, value: object) -> Param:
    if isinstance(value, tuple):
        value = ", ".join(mask(part) if name == "phones" else part for part in value)
    return str(value) or message("roster:none")


def _shifts(old: Roster, new: Roster) -> Iterator[RosterChange]:
    before, after = (Counter(replace(s, cell="") for s in roster.shifts) for roster in (old, new))
    gone, come = list((before - after).elements()), list((after - before).elements())
    found: list[tuple[datetime, RosterChange]] = []
    for key in (_same_duty, _same_slot, _same_day):
        pairs, gone, come = _paired(gone, come, key)
        found += [(b.start, _moved(a, b, old.name(a.person), new.name(b.person))) for a, b in pairs]
    found += [(shift.start, _single("roster:change.dropped", shift, old.name(shift.person))) for shift in gone]
    found += [(shift.start, _single("roster:change.added", shift, new.name(shift.person))) for shift in come]
    yield from (change for _, change in sorted(found, key=lambda pair: (pair[0], pair[1].message.render("en"))))


Key = Callable[[Shift], Hashable]


def _paired(
    gone: list[Shift], come: list[Shift], key: Key
) -> tuple[list[tuple[Shift, Shift]], list[Shift], list[Shift]]:
    """Return the shifts of both sides with the same key, and the rest of each side."""
    waiting: dict[Hashable, list[Shift]] = {}
    for shift in reversed(gone):
        waiting.setdefault(key(shift), []).append(shift)
    pairs, left = [], []
    for shift in come:
        partners = waiting.get(key(shift))
        if partners:
            pairs.append((partners.pop(), shift))
        else:
            left.append(shift)
    return pairs, [shift for partners in waiting.values() for shift in reversed(partners)], left


def _same_slot(shift: Shift) -> Hashable:
    return replace(shift, person="", note="")


def _same_duty(shift: Shift) -> Hashable:
    return shift.person, shift.role, shift.start, shift.end, shift.place


def _same_day(shift: Shift) -> Hashable:
    return shift.person, shift.role, shift.start.date()


def _task(shift: Shift) -> Message:
    role, when = wording.role_inside(shift.role, shift.branch), wording.span(shift.start, shift.end)
    if shift.place:
        return message("roster:change.task_at", role=role, place=shift.place, span=when)
    return message("roster:change.task", role=role, span=when)


def _moved(one: Shift, other: Shift, before: str, name: str) -> RosterChange:
    task = _task(other)
    if one.person != other.person:
        return _change("roster:change.taken_over", (before, name), name=name, before=before, task=task)
    if _task(one) != task:
        return _change("roster:change.moved", (name,), name=name, before=_task(one), after=task)
    details = [
        message("roster:change.detail", before=a or "-", after=b or "-")
        for a, b in zip(_details(one), _details(other), strict=True)
        if a != b
    ]
    return _change("roster:change.details", (name,), name=name, task=task, details=details)


def _details(shift: Shift) -> tuple[str | Message, ...]:
    """Return the variable properties at the same time and place."""
    return shift.code, shift.note, message("roster:on_call") if shift.on_call else "", shift.venue


def _single(msgid: str, shift: Shift, name: str) -> RosterChange:
    return _change(msgid, (name,), name=name, task=_task(shift))


def _leave(old: Roster, new: Roster) -> Iterator[RosterChange]:
    before, after = (Counter((a.start, a.end, a.person, a.note) for a in roster.leave) for roster in (old, new))
    for start, end, person, note in sorted((after - before).elements()):
        name, why = new.name(person), f" ({note})" if note else ""
        yield _change("roster:change.on_leave", (name,), name=name, span=wording.span(start, end), why=why)
    for start, end, person, _ in sorted((before - after).elements()):
        name = old.name(person)
        yield _change("roster:change.leave_cancelled", (name,), name=name, span=wording.span(start, end))
