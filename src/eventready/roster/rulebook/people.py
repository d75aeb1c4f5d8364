"""Rules of the people: coverage (1), contact (4), teams of venues and approval (6), reserve (8), skills (9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from eventready.core.messages import Message, Param, message
from eventready.core.redaction.masking import mask
from eventready.roster import wording
from eventready.roster.finding import Gap, RosterFinding
from eventready.roster.intervals import Interval, counted, joined, merged, short, without
from eventready.roster.reading.text import is_mobile, normal_number, skill
from eventready.roster.roster import ROLES, Branch, Person, Role, Shift
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


_TEAM: tuple[Role, ...] = ("UC", "VH")


def teams(case: Case) -> Iterator[RosterFinding | Gap]:
    """Yield a finding per window, venue and role with too few people; a further finding for the time without an
    approver."""
    wanted = case.settings.venue_team
    for window in (w for w in case.event.windows if w.kind in wanted.windows):
        for venue in case.event.venues_of(window):
            for role in _TEAM:
                need: int = getattr(wanted, role)
                shifts = [s for s in case.on_duty if s.role == role and s.venue == venue.id]
                gaps = gaps_of(shifts, role, need, window.start, window.end, venue=venue.id)
                yield from gaps
                if gaps:
                    spans = merged((gap.start, gap.end) for gap in gaps)
                    named = window.name or window.name_vi
                    found = message(
                        "roster:teams.short",
                        n=sum(gap.minutes for gap in gaps),
                        venue=venue.title,
                        role=role,
                        window=window.title if named else message("roster:event"),
                        spans=wording.spans(spans),
                    )
                    yield RosterFinding.over(6, "error", found, spans, where=venue.id)
    yield from _approvers(case)


def _approvers(case: Case) -> Iterator[RosterFinding]:
    by_id = case.roster.by_id
    roles = case.settings.authorise
    may = [s for s in case.on_duty if s.role in roles or (s.person in by_id and by_id[s.person].may_authorise)]
    missing = joined(s for s in counted(claims(may), case.start, case.end) if not s.people)
    if missing:
        found = message("roster:teams.no_approver", n=wording.minutes(missing), spans=wording.spans(missing))
        yield RosterFinding.over(6, "error", found, missing)


def reserve(case: Case) -> Iterator[RosterFinding]:
    """Yield a finding per role with a short reserve, with the duration."""
    taken: dict[str, list[Interval]] = {}
    for shift in case.roster.shifts:
        taken.setdefault(shift.person, []).append((shift.start, shift.end))
    for leave in case.roster.leave:
        taken.setdefault(leave.person, []).append((leave.start, leave.end))
    period = (case.start, case.end)
    for role in ROLES:
        need = case.settings.roles.of(role).reserve
        standing_by = [person for person in case.roster.people if role in person.reserve]
        free = [(p.id, span) for p in standing_by for span in without(period, taken.get(p.id, ()))]
        missing = joined(short(counted(free, case.start, case.end), need))
        if not missing:
            continue
        who = tuple(person.name for person in standing_by)
        if not standing_by:
            found = message("roster:reserve.nobody", role=role)
        else:
            length, names = wording.minutes(missing), wording.names(who)
            found = message("roster:reserve.taken", role=role, n=length, names=names, spans=wording.spans(missing))
        yield RosterFinding.over(8, "warn", found, missing, who=who)


def skills(case: Case) -> Iterator[RosterFinding]:
    """Yield a finding per missing skill: among all on duty, and in the roles with required skills."""
    for tag in dict.fromkeys(map(skill, case.settings.skills)):
        yield from _missing(case, tag, case.on_duty, message("roster:on_duty"))
    for role in ROLES:
        shifts = [shift for shift in case.on_duty if shift.role == role]
        for tag in dict.fromkeys(map(skill, case.settings.roles.of(role).skills)):
            yield from _missing(case, tag, shifts, message("roster:role_only", role=role))


def _missing(case: Case, tag: str, shifts: Sequence[Shift], among: Message) -> Iterator[RosterFinding]:
    able = {person.id for person in case.roster.people if tag in person.skills}
    spans = joined(
        s for s in counted(claims(s for s in shifts if s.person in able), case.start, case.end) if not s.people
    )
    if spans:
        length, when = wording.minutes(spans), wording.spans(spans)
        found = message("roster:skills.missing", n=length, among=among, skill=tag, spans=when)
        yield RosterFinding.over(9, "warn", found, spans)


def contact(case: Case) -> Iterator[RosterFinding]:
    """Yield breaches per person on duty or in reserve: mobile, enough numbers, valid numbers; then shared numbers."""
    roles: dict[str, set[Role]] = {person.id: set(person.reserve) for person in case.roster.people}
    for shift in case.roster.shifts:
        roles.setdefault(shift.person, set()).add(shift.role)
    for person in case.roster.people:
        if roles[person.id]:
            yield from _reachable(case, person, roles[person.id])
    for person_id in case.roster.by_person:
        if person_id not in case.roster.by_id:
            yield _contact(person_id, "roster:contact.not_listed")
    yield from _shared(case)


def _contact(name: str, msgid: str, /, **params: Param) -> RosterFinding:
    return RosterFinding(4, "error", Message(msgid, {"name": name, **params}), who=(name,))


def _reachable(case: Case, person: Person, roles: set[Role]) -> Iterator[RosterFinding]:
    bad = [number for number in person.phones if normal_number(number) != number]
    for number in bad:
        yield _contact(person.name, "roster:contact.invalid_number", number=mask(number))
    if not any(is_mobile(number) for number in person.phones):
        yield _contact(person.name, "roster:contact.no_mobile")
    for role in ROLES:
        need = case.settings.roles.of(role).phones
        have = len(set(person.phones))
        if role in roles and 0 < have < need:
            yield _contact(person.name, "roster:contact.too_few_numbers", role=role, need=need, have=have)
            return


def _shared(case: Case) -> Iterator[RosterFinding]:
    owners: dict[str, list[str]] = {}
    for person in case.roster.people:
        for number in dict.fromkeys(person.phones):
            owners.setdefault(number, []).append(person.name)
    for number, names in owners.items():
        if len(names) > 1 and is_mobile(number):
            found = message("roster:contact.shared_number", number=mask(number), names=wording.names(names))
            yield RosterFinding(4, "warn", found, tuple(names))
