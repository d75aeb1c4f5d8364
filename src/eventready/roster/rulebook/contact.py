"""Rule 4: everybody on duty can be reached on a mobile telephone, leaders and commanders on two numbers."""

from __future__ import annotations

from collections.abc import Iterator

from eventready.duty.privacy import mask
from eventready.roster import phones, say
from eventready.roster.finding import Finding
from eventready.roster.roster import ROLE_NAMES, ROLES, Person, Role
from eventready.roster.rulebook.case import Case


def contact(case: Case) -> Iterator[Finding]:
    """Per person on duty or standing by: mobile, enough numbers, numbers that are numbers; then shared numbers."""
    roles: dict[str, set[Role]] = {person.id: set(person.reserve) for person in case.roster.people}
    for shift in case.roster.shifts:
        roles.setdefault(shift.person, set()).add(shift.role)
    for person in case.roster.people:
        if roles[person.id]:
            yield from _reachable(case, person, roles[person.id])
    unknown = [person for person in case.by_person if person not in case.roster.by_id]
    for person_id in unknown:
        yield _finding(person_id, "có ca trực nhưng không có trong danh sách", "is on duty and not in the list")
    yield from _shared(case)


def _finding(name: str, vi: str, en: str) -> Finding:
    return Finding(4, "error", f"{name} {vi}.", f"{name} {en}.", who=(name,))


def _reachable(case: Case, person: Person, roles: set[Role]) -> Iterator[Finding]:
    bad = [number for number in person.phones if phones.normal(number) != number]
    for number in bad:
        yield _finding(
            person.name,
            f"có số điện thoại không hợp lệ ({mask(number)})",
            f"has a number that is not a Vietnamese one ({mask(number)})",
        )
    if not any(phones.is_mobile(number) for number in person.phones):
        yield _finding(person.name, "không có số di động", "has no mobile number")
    for role in ROLES:
        need = case.settings.roles.of(role).phones
        have = len(set(person.phones))
        if role in roles and 0 < have < need:
            name = ROLE_NAMES[role]
            yield _finding(
                person.name,
                f"({name.vi.lower()}) cần {need} số điện thoại, mới có {have}",
                f"({name.en.lower()}) needs {need} numbers and has {have}",
            )
            return


def _shared(case: Case) -> Iterator[Finding]:
    owners: dict[str, list[str]] = {}
    for person in case.roster.people:
        for number in dict.fromkeys(person.phones):
            owners.setdefault(number, []).append(person.name)
    for number, names in owners.items():
        if len(names) > 1 and phones.is_mobile(number):
            yield Finding(
                4,
                "warn",
                f"Số {mask(number)} ghi cho {say.names(names, 'vi')}.",
                f"The number {mask(number)} is given for {say.names(names, 'en')}.",
                who=tuple(names),
            )
