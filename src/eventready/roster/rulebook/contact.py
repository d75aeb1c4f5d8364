"""Rule 4: everybody on duty can be reached on a mobile telephone, leaders and commanders on two numbers."""

from __future__ import annotations

from collections.abc import Iterator

from eventready.core.messages import Message, Param, message
from eventready.core.redaction.masking import mask
from eventready.roster import wording
from eventready.roster.finding import RosterFinding
from eventready.roster.reading import phones
from eventready.roster.roster import ROLES, Person, Role
from eventready.roster.rulebook.case import Case


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
            yield _finding(person_id, "roster:contact.not_listed")
    yield from _shared(case)


def _finding(name: str, msgid: str, /, **params: Param) -> RosterFinding:
    return RosterFinding(4, "error", Message(msgid, {"name": name, **params}), who=(name,))


def _reachable(case: Case, person: Person, roles: set[Role]) -> Iterator[RosterFinding]:
    bad = [number for number in person.phones if phones.normal(number) != number]
    for number in bad:
        yield _finding(person.name, "roster:contact.invalid_number", number=mask(number))
    if not any(phones.is_mobile(number) for number in person.phones):
        yield _finding(person.name, "roster:contact.no_mobile")
    for role in ROLES:
        need = case.settings.roles.of(role).phones
        have = len(set(person.phones))
        if role in roles and 0 < have < need:
            yield _finding(person.name, "roster:contact.too_few_numbers", role=role, need=need, have=have)
            return


def _shared(case: Case) -> Iterator[RosterFinding]:
    owners: dict[str, list[str]] = {}
    for person in case.roster.people:
        for number in dict.fromkeys(person.phones):
            owners.setdefault(number, []).append(person.name)
    for number, names in owners.items():
        if len(names) > 1 and phones.is_mobile(number):
            found = message("roster:contact.shared_number", number=mask(number), names=wording.names(names))
            yield RosterFinding(4, "warn", found, tuple(names))
