"""Deadlines as an iCalendar file, with a reminder for each; the same deadlines keep their names from file to file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from icalendar import Alarm, Calendar
from icalendar import Event as Entry

from eventready.clauses.deadlines import Deadline
from eventready.core.errors import UsageError
from eventready.core.files import write_atomic
from eventready.core.messages import message, term
from eventready.workspace.settings.event import Event
from eventready.workspace.settings.works import Work

_PRODUCT = "-//eventready//deadlines//VI"
#: What has no span of its own is shown as a quarter of an hour that ends when it is due.
_SHOWN = timedelta(minutes=15)


def to_ics(
    due: Iterable[Deadline], event: Event, moment: datetime, lang: str = "vi", works: Iterable[Work] = ()
) -> bytes:
    """Return the calendar. `moment` (event's clock) is the creation time: equal input gives equal bytes."""
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", event.title.render(lang))
    for deadline in due:
        calendar.add_component(_entry(deadline, event, moment, lang))
    for work in works:
        calendar.add_component(_work(work, event, moment))
    return bytes(calendar.to_ical())


def _work(work: Work, event: Event, moment: datetime) -> Entry:
    """Entry of a work; a cancelled work stays, as cancelled."""
    entry = Entry()
    entry.add("uid", f"works-{work.provider}-{work.account}-{work.uid or work.id}@{event.id}.eventready")
    for name, value in (("dtstamp", moment), ("dtstart", work.start), ("dtend", work.end)):
        entry.add(name, value.astimezone(UTC))
    entry.add("sequence", work.sequence)
    entry.add("summary", f"{work.name} {work.summary}".strip())
    entry.add("description", ", ".join((*(one.id for one in work.objects), *work.members)))
    entry.add("categories", ["works"])
    entry.add("status", {"cancelled": "CANCELLED", "tentative": "TENTATIVE"}.get(work.status, "CONFIRMED"))
    return entry


def _entry(deadline: Deadline, event: Event, moment: datetime, lang: str) -> Entry:
    span = deadline.kind == "freeze"
    entry = Entry()
    entry.add("uid", f"{deadline.id}@{event.id}.eventready")
    entry.add("dtstamp", moment.astimezone(UTC))
    entry.add("dtstart", (deadline.due if span else deadline.due - _SHOWN).astimezone(UTC))
    entry.add("dtend", deadline.latest.astimezone(UTC))
    entry.add("summary", deadline.title.render(lang))
    status = term("clauses:deadline_status", deadline.status, lang)
    lines = [deadline.note.render(lang) if deadline.note else "", deadline.owner, status]
    entry.add("description", "\n".join(part for part in lines if part))
    entry.add("categories", [deadline.kind])
    if deadline.venues:
        entry.add("location", ", ".join(event.venue(name).title.render(lang) for name in deadline.venues))
    if deadline.status not in ("done", "done_late", "over"):
        entry.add_component(_alarm(deadline, lang))
    return entry


def _alarm(deadline: Deadline, lang: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", deadline.title.render(lang))
    alarm.add("trigger", deadline.warn.astimezone(UTC), parameters={"VALUE": "DATE-TIME"})
    return alarm


def write_ics(path: Path, data: bytes) -> None:
    """Write the whole file or leave the old file. Raises UsageError."""
    if path.is_dir():
        raise UsageError(message("clauses:ics.folder"), where=str(path))
    write_atomic(path, data, what="the calendar", do=message("clauses:ics.unwritten"))
