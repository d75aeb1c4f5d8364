"""The shifts of each person as an iCalendar file, in the zone of the event."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from icalendar import Alarm, Calendar
from icalendar import Event as Entry

from eventready.core.messages import text
from eventready.core.timezone import zone
from eventready.roster import wording
from eventready.roster.reading.text import fold
from eventready.roster.roster import Person, Roster, Shift
from eventready.workspace.settings.event import Event

#: Time of the reminder before a shift begins.
_AHEAD = timedelta(hours=1)


def to_calendars(roster: Roster, event: Event, moment: datetime, lang: str = "vi") -> Mapping[str, bytes]:
    """A file per person with shifts, by its ASCII name. `moment` is when the roster was kept.

    Nobody's number is in it.
    """
    writer = _Writer(roster, event, moment, lang)
    files: dict[str, bytes] = {}
    for person in roster.people:
        if shifts := roster.by_person.get(person.id):
            files[_free(fold(person.id).replace(" ", "-")[:60] or "truc", files)] = writer.calendar(person, shifts)
    return files


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
    lang: str

    def calendar(self, person: Person, shifts: Sequence[Shift]) -> bytes:
        calendar = Calendar()
        calendar.add("prodid", "-//eventready//roster//VI")
        calendar.add("version", "2.0")
        calendar.add("calscale", "GREGORIAN")
        calendar.add("method", "PUBLISH")
        calendar.add("x-wr-calname", text("roster:calendar", self.lang, name=person.name))
        calendar.add("x-wr-timezone", zone().key)
        for shift in shifts:
            calendar.add_component(self.entry(shift))
        calendar.add_missing_timezones()
        return bytes(calendar.to_ical())

    def entry(self, shift: Shift) -> Entry:
        entry = Entry()
        role = wording.role_name(shift.role, shift.branch)
        code = f" ({shift.code})" if shift.code else ""
        summary = "roster:calendar_on_call" if shift.on_call else "roster:calendar_shift"
        entry.add("uid", self._uid(shift))
        entry.add("dtstamp", self.moment.astimezone(UTC))
        entry.add("dtstart", shift.start.astimezone(zone()))
        entry.add("dtend", shift.end.astimezone(zone()))
        entry.add("summary", text(summary, self.lang, role=role, code=code))
        entry.add("sequence", int(self.roster.version) if self.roster.version.isdecimal() else 0)
        event = self.event.title.render(self.lang)
        entry.add("description", f"{event}. {wording.span(shift.start, shift.end)}")
        if shift.place:
            entry.add("location", shift.place)
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", text("roster:calendar_shift", self.lang, role=role, code=""))
        alarm.add("trigger", -_AHEAD)
        entry.add_component(alarm)
        return entry

    def _uid(self, shift: Shift) -> str:
        """Return the id of a shift, equal in every version: a repeated import of the calendar moves existing
        entries."""
        key = "|".join((self.event.id, shift.person, shift.role, shift.start.isoformat(), shift.place))
        return f"{hashlib.sha256(key.encode('utf-8', 'backslashreplace')).hexdigest()[:32]}@{self.event.id}.eventready"
