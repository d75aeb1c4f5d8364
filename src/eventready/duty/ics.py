"""Deadlines as an iCalendar file, with a reminder for each; the same deadlines keep their names from file to file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from icalendar import Alarm, Calendar
from icalendar import Event as Entry

from eventready.duty.deadlines import STANDING_WORDS, Deadline
from eventready.errors import UsageError
from eventready.files import write_whole
from eventready.workspace.event import Event

_PRODUCT = "-//eventready//deadlines//VI"
#: What has no span of its own is shown as a quarter of an hour that ends when it is due.
_SHOWN = timedelta(minutes=15)


def to_ics(due: Iterable[Deadline], event: Event, moment: datetime, lang: str = "vi") -> bytes:
    """The calendar. `moment` (event's clock) is when it was made, so that equal input gives equal bytes."""
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", event.name if lang == "en" else event.name_vi or event.name)
    for deadline in due:
        calendar.add_component(_entry(deadline, event, moment, lang))
    return bytes(calendar.to_ical())


def _entry(deadline: Deadline, event: Event, moment: datetime, lang: str) -> Entry:
    span = deadline.kind == "freeze"
    entry = Entry()
    entry.add("uid", f"{deadline.id}@{event.id}.eventready")
    entry.add("dtstamp", moment.astimezone(UTC))
    entry.add("dtstart", (deadline.due if span else deadline.due - _SHOWN).astimezone(UTC))
    entry.add("dtend", deadline.latest.astimezone(UTC))
    entry.add("summary", deadline.title.said(lang))
    said = [deadline.note.said(lang), deadline.owner, STANDING_WORDS[deadline.standing].said(lang)]
    entry.add("description", "\n".join(part for part in said if part))
    entry.add("categories", [deadline.kind])
    if deadline.standing not in ("done", "done_late", "over"):
        entry.add_component(_alarm(deadline, lang))
    return entry


def _alarm(deadline: Deadline, lang: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", deadline.title.said(lang))
    alarm.add("trigger", deadline.warn.astimezone(UTC))
    return alarm


def write_ics(path: Path, data: bytes) -> None:
    """Write the whole file or leave the old one. Raises UsageError."""
    if path.is_dir():
        raise UsageError("the calendar cannot be written: this is a folder", where=str(path), do="Name a file.")
    write_whole(path, data, what="the calendar", do="Name another file.")
