"""Everybody's own shifts as an iCalendar file, in the time of Ho Chi Minh City."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from icalendar import Alarm, Calendar
from icalendar import Event as Entry

from eventready.clock import TZ
from eventready.roster import say
from eventready.roster.roster import Person, Roster, Shift, role_name
from eventready.roster.text import fold
from eventready.workspace.event import Event

#: Told this long before a shift begins.
_AHEAD = timedelta(hours=1)


def to_calendars(roster: Roster, event: Event, moment: datetime, lang: str = "vi") -> Mapping[str, bytes]:
    """A file per person with shifts, by its ASCII name. `moment` is when the roster was kept.

    Nobody's number is in it.
    """
    writer = _Writer(roster, event, moment, vi=lang == "vi")
    own: dict[str, list[Shift]] = {}
    for shift in roster.shifts:
        own.setdefault(shift.person, []).append(shift)
    files: dict[str, bytes] = {}
    for person in roster.people:
        if person.id in own:
            files[_free(_stem(person), files)] = writer.calendar(person, own[person.id])
    return files


def _stem(person: Person) -> str:
    return fold(person.id).replace(" ", "-")[:60] or "truc"


def _free(stem: str, taken: Mapping[str, bytes]) -> str:
    name, number = f"{stem}.ics", 2
    while name in taken:
        name, number = f"{stem}-{number}.ics", number + 1
    return name


@dataclass(frozen=True)
class _Writer:
    roster: Roster
    event: Event
    moment: datetime
    vi: bool

    def calendar(self, person: Person, shifts: Sequence[Shift]) -> bytes:
        calendar = Calendar()
        calendar.add("prodid", "-//eventready//roster//VI")
        calendar.add("version", "2.0")
        calendar.add("calscale", "GREGORIAN")
        calendar.add("method", "PUBLISH")
        calendar.add("x-wr-calname", f"{'Lịch trực' if self.vi else 'Duty'} - {person.name}")
        calendar.add("x-wr-timezone", TZ.key)
        for shift in shifts:
            calendar.add_component(self.entry(shift))
        calendar.add_missing_timezones()
        return bytes(calendar.to_ical())

    def entry(self, shift: Shift) -> Entry:
        entry = Entry()
        name = role_name(shift.role, shift.branch, "vi" if self.vi else "en")
        at_home = (" - sẵn sàng tại nhà" if self.vi else " - on call") if shift.on_call else ""
        code = f" ({shift.code})" if shift.code else ""
        entry.add("uid", self._uid(shift))
        entry.add("dtstamp", self.moment.astimezone(UTC))
        entry.add("dtstart", shift.start.astimezone(TZ))
        entry.add("dtend", shift.end.astimezone(TZ))
        entry.add("summary", f"{name}{code}{at_home}")
        entry.add("sequence", int(self.roster.version) if self.roster.version.isdecimal() else 0)
        event = (self.event.name_vi if self.vi else "") or self.event.name
        entry.add("description", f"{event}. {say.span(shift.start, shift.end)}")
        if shift.place:
            entry.add("location", shift.place)
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", name)
        alarm.add("trigger", -_AHEAD)
        entry.add_component(alarm)
        return entry

    def _uid(self, shift: Shift) -> str:
        """The same in every version, so that a calendar that is imported again moves what it has."""
        key = "|".join((self.event.id, shift.person, shift.role, shift.start.isoformat(), shift.place))
        return f"{hashlib.sha256(key.encode('utf-8', 'backslashreplace')).hexdigest()[:32]}@{self.event.id}.eventready"
