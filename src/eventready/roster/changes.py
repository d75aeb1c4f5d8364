"""What changed between two versions of a roster, in words: who takes over from whom, who comes later, who left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from eventready.duty.privacy import mask
from eventready.roster import say
from eventready.roster.roster import Person, Roster, Shift, role_name

_FIELDS = (
    ("name", "họ tên", "name"),
    ("title", "chức vụ", "position"),
    ("unit", "đơn vị", "unit"),
    ("phones", "số điện thoại", "telephone"),
    ("skills", "chuyên môn", "skills"),
    ("reserve", "dự bị cho", "stands by for"),
    ("note", "ghi chú", "note"),
)


@dataclass(frozen=True)
class Change:
    """One difference. No number stands in it whole."""

    vi: str
    en: str
    who: tuple[str, ...]

    def said(self, lang: str) -> str:
        """The sentence in a language."""
        return self.vi if lang == "vi" else self.en

    def plain(self) -> dict[str, object]:
        """For JSON."""
        return {"vi": self.vi, "en": self.en, "who": list(self.who)}


def changes(old: Roster, new: Roster) -> tuple[Change, ...]:
    """Every difference: people first, then shifts in order of time, then leave. Equal rosters have none."""
    return (*_people(old, new), *_shifts(old, new), *_leave(old, new))


def _people(old: Roster, new: Roster) -> Iterator[Change]:
    for person in new.people:
        before = old.by_id.get(person.id)
        if before is None:
            yield Change(f"Thêm {person.name} vào danh sách.", f"{person.name} joins the list.", (person.name,))
        elif before != person:
            yield from _fields(before, person)
    for person in old.people:
        if person.id not in new.by_id:
            yield Change(f"Đưa {person.name} ra khỏi danh sách.", f"{person.name} leaves the list.", (person.name,))


def _fields(before: Person, after: Person) -> Iterator[Change]:
    for name, vi, en in _FIELDS:
        one, other = getattr(before, name), getattr(after, name)
        if one != other:
            shown = [_shown(name, value) for value in (one, other)]
            yield Change(
                f"{after.name}: {vi} {shown[0] or '(trống)'} → {shown[1] or '(trống)'}.",
                f"{after.name}: {en} {shown[0] or '(none)'} → {shown[1] or '(none)'}.",
                (after.name,),
            )
    if before.may_authorise != after.may_authorise:
        vi, en = ("được", "may") if after.may_authorise else ("không còn được", "may no longer")
        yield Change(
            f"{after.name} {vi} duyệt thay đổi khẩn cấp.",
            f"{after.name} {en} approve emergency changes.",
            (after.name,),
        )


def _shown(name: str, value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(mask(part) if name == "phones" else part for part in value)
    return str(value)


def _shifts(old: Roster, new: Roster) -> Iterator[Change]:
    before, after = (Counter(replace(s, cell="") for s in roster.shifts) for roster in (old, new))
    gone, come = list((before - after).elements()), list((after - before).elements())
    told: list[tuple[datetime, Change]] = []
    for key in (_same_duty, _same_slot, _same_day):
        pairs, gone, come = _paired(gone, come, key)
        told += [(b.start, _moved(a, b, old.name(a.person), new.name(b.person))) for a, b in pairs]
    told += [(shift.start, _dropped(shift, old.name(shift.person))) for shift in gone]
    told += [(shift.start, _added(shift, new.name(shift.person))) for shift in come]
    yield from (change for _, change in sorted(told, key=lambda pair: (pair[0], pair[1].en)))


Key = Callable[[Shift], Hashable]


def _paired(
    gone: list[Shift], come: list[Shift], key: Key
) -> tuple[list[tuple[Shift, Shift]], list[Shift], list[Shift]]:
    """Shifts of both sides that agree in a key, and what is left of each side."""
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


def _what(shift: Shift, lang: str) -> str:
    place = f" ({shift.place})" if shift.place else ""
    return f"{role_name(shift.role, shift.branch, lang).lower()}{place} {say.span(shift.start, shift.end)}"


def _moved(one: Shift, other: Shift, before: str, name: str) -> Change:
    if one.person != other.person:
        return Change(
            f"{name} trực thay {before}: {_what(other, 'vi')}.",
            f"{name} takes over from {before}: {_what(other, 'en')}.",
            (before, name),
        )
    if _what(one, "en") != _what(other, "en"):
        return Change(
            f"{name} đổi ca: {_what(one, 'vi')} → {_what(other, 'vi')}.",
            f"{name} changes shift: {_what(one, 'en')} → {_what(other, 'en')}.",
            (name,),
        )
    vi, en = (
        "; ".join(
            f"{a or '-'} → {b or '-'}"
            for a, b in zip(_details(one, lang), _details(other, lang), strict=True)
            if a != b
        )
        for lang in ("vi", "en")
    )
    return Change(f"{name}, {_what(other, 'vi')}: {vi}.", f"{name}, {_what(other, 'en')}: {en}.", (name,))


def _details(shift: Shift, lang: str) -> tuple[str, ...]:
    """What may differ at the same time and place."""
    at_home = "trực tại nhà" if lang == "vi" else "on call"
    return shift.code, shift.note, at_home if shift.on_call else "", shift.venue


def _added(shift: Shift, name: str) -> Change:
    return Change(f"{name} thêm ca: {_what(shift, 'vi')}.", f"{name} has a new shift: {_what(shift, 'en')}.", (name,))


def _dropped(shift: Shift, name: str) -> Change:
    return Change(f"{name} bỏ ca: {_what(shift, 'vi')}.", f"{name} no longer has: {_what(shift, 'en')}.", (name,))


def _leave(old: Roster, new: Roster) -> Iterator[Change]:
    before, after = (Counter((a.start, a.end, a.person, a.note) for a in roster.leave) for roster in (old, new))
    for start, end, person, note in sorted((after - before).elements()):
        name, why = new.name(person), f" ({note})" if note else ""
        yield Change(
            f"{name} nghỉ phép {say.span(start, end)}{why}.",
            f"{name} is on leave {say.span(start, end)}{why}.",
            (name,),
        )
    for start, end, person, _ in sorted((before - after).elements()):
        name = old.name(person)
        yield Change(
            f"{name} không còn nghỉ phép {say.span(start, end)}.",
            f"{name} is no longer on leave {say.span(start, end)}.",
            (name,),
        )
