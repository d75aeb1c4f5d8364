"""The roster as the duty list of a paper: people by days with codes, a legend, and the shifts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from eventready.core.clock import TZ
from eventready.core.messages import Lang, term, text
from eventready.papers.material.material import DutyList, DutyPerson
from eventready.roster.changes import changes
from eventready.roster.exports.table import rows
from eventready.roster.finding import RosterReport
from eventready.roster.roster import ROLES, Person, Roster, Shift
from eventready.roster.versions import Shelf

#: After a code: on call at home.
_ON_CALL = "*"


def duty_list(roster: Roster, report: RosterReport, shelf: Shelf, version: str, lang: Lang) -> DutyList:
    """The duty list of a roster under a version."""
    days = sorted({_day(shift) for shift in roster.shifts})
    return DutyList(
        version=version,
        rows=tuple(rows(roster, lang)),
        people=tuple(_people(roster)),
        days=tuple(days),
        legend=tuple(_legend(roster.shifts, lang)),
        gaps={role: report.gap_minutes(role) for role in ROLES},
        broken=tuple(finding.message.render(lang) for finding in report.findings if finding.severity == "error"),
        since=_since(shelf, roster, lang),
    )


def _people(roster: Roster) -> Iterable[DutyPerson]:
    """The people on duty, in the order of their roles and of the roster."""
    codes: dict[str, dict[date, list[str]]] = {}
    first: dict[str, int] = {}
    for shift in roster.shifts:
        of_day = codes.setdefault(shift.person, {}).setdefault(_day(shift), [])
        if _code(shift) not in of_day:
            of_day.append(_code(shift))
        first[shift.person] = min(first.get(shift.person, len(ROLES)), ROLES.index(shift.role))
    order = [person.id for person in roster.people]
    known = sorted(codes, key=lambda name: (first[name], order.index(name) if name in order else len(order), name))
    for name in known:
        person = roster.by_id.get(name) or Person(name, name)
        days = {day: tuple(found) for day, found in codes[name].items()}
        yield DutyPerson(person.name, person.title, person.unit, " / ".join(person.phones), days)


def _code(shift: Shift) -> str:
    """`CA-C1`, `UC*`: role, code of the shift, on call."""
    code = f"{shift.role}-{shift.code}" if shift.code and shift.code != shift.role else shift.role
    return code + (_ON_CALL if shift.on_call else "")


def _legend(shifts: Iterable[Shift], lang: Lang) -> Iterable[tuple[str, str]]:
    """The roles, the hours of shift codes, and the sign for on call."""
    listed = tuple(shifts)
    for role in ROLES:
        if any(shift.role == role for shift in listed):
            yield role, term("papers:role", role, lang)
    hours: dict[str, set[str]] = {}
    for shift in listed:
        if shift.code and shift.code != shift.role:
            start, end = shift.start.astimezone(TZ), shift.end.astimezone(TZ)
            whole = shift.end - shift.start == timedelta(days=1)
            span = text("papers:whole_day", lang, at=f"{start:%H:%M}") if whole else f"{start:%H:%M}-{end:%H:%M}"
            hours.setdefault(shift.code, set()).add(span)
    for code in sorted(hours):
        yield code, ", ".join(sorted(hours[code]))
    if any(shift.on_call for shift in listed):
        yield _ON_CALL, text("papers:on_call", lang)


def _day(shift: Shift) -> date:
    return shift.start.astimezone(TZ).date()


def _since(shelf: Shelf, roster: Roster, lang: Lang) -> str:
    """Return the changes after the last sent version; empty without any."""
    sendings = shelf.sendings()
    if not sendings:
        return ""
    before = shelf.get(str(sendings[-1].number)).roster
    return " ".join(change.message.render(lang) for change in changes(before, roster))
