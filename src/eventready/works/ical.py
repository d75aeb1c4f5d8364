"""Notices in iCalendar with the properties of the BCOP for maintenance notifications (X-MAINTNOTE-...)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Any
from warnings import catch_warnings, simplefilter

from icalendar import Calendar
from icalendar.cal.component import Component

from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.works.notice import (
    IMPACT,
    MOST_BYTES,
    MOST_EVENTS,
    MOST_LINES,
    STATUS,
    NoticeError,
    ReadWorks,
    first,
    identifier,
    moment,
    summary,
    work_of,
)
from eventready.workspace.settings.works import MOST_OBJECTS, Work, WorkStatus

_OWN = "X-MAINTNOTE-"
_RECURRING = ("RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")
#: Definitions of zones by the sender: their rules may take hours, the usual names are known without them.
_ZONES = re.compile(rb"(?im)^BEGIN:VTIMEZONE[ \t]*\r?$.*?^END:VTIMEZONE[ \t]*\r?$\n?", re.DOTALL)
_MARKS = re.compile(rb"(?im)^(?:BEGIN|END):(?:VCALENDAR|VEVENT)(?=[ \t]*\r?$)")
_LONGEST = timedelta(days=3660)
_ESCAPED = re.compile(r"\\([\\;,nN])")


def read_ical(data: bytes, source: str, zone: tzinfo | None = None) -> ReadWorks:
    """Works of a calendar. `source`: place of the errors and origin of the works; `zone`: of floating times."""
    try:
        events = _events(data)
    except NoticeError as error:
        return ReadWorks(problems=(WorkspaceError(error.what, where=source, do=error.do),))
    works: list[Work] = []
    problems: list[WorkspaceError] = []
    for number, (event, cancels) in enumerate(events, start=1):
        try:
            works.append(_work(event, source, zone, cancels=cancels))
        except NoticeError as error:
            where = source if len(events) == 1 else f"{source}, VEVENT {number}"
            problems.append(WorkspaceError(error.what, where=where, do=error.do))
    return ReadWorks(tuple(works), tuple(problems))


def _events(data: bytes) -> list[tuple[Component, bool]]:
    """Events of all calendars, each with True within a calendar of cancellations. Raises NoticeError."""
    if len(data) > MOST_BYTES or data.count(b"\n") > MOST_LINES:
        raise NoticeError(message("works:too_large", bytes=MOST_BYTES, lines=MOST_LINES))
    marks = [mark.upper() for mark in _MARKS.findall(data)]
    if any(marks.count(b"BEGIN:" + part) != marks.count(b"END:" + part) for part in (b"VCALENDAR", b"VEVENT")):
        raise NoticeError(message("works:truncated"))
    try:
        with catch_warnings():
            simplefilter("ignore")  # about names of zones, which are checked here
            calendars: Any = Calendar.from_ical(_ZONES.sub(b"", data).decode("utf-8-sig"), multiple=True)
        found = [
            (event, _text(calendar, "METHOD").upper() == "CANCEL")
            for calendar in calendars
            for event in calendar.subcomponents if event.name == "VEVENT"
        ]  # fmt: skip
    except Exception as error:  # whatever the parser raises on the text of others
        raise NoticeError(message("works:unreadable", reason=summary(error)[:120])) from None
    if not found:
        raise NoticeError(message("works:no_event"))
    if len(found) > MOST_EVENTS:
        raise NoticeError(message("works:too_many_events", count=len(found), most=MOST_EVENTS))
    return found


def _work(event: Component, source: str, zone: tzinfo | None, *, cancels: bool) -> Work:
    if event.errors:
        name, reason = event.errors[0]
        raise NoticeError(message("works:broken", name=name or "-", reason=summary(reason)[:120]))
    if repeated := next((name for name in _RECURRING if name in event), None):
        raise NoticeError(message("works:recurring", name=repeated))
    provider = _required(event, _OWN + "PROVIDER")
    ids = [identifier(one) for one in _primary_first(event)]
    status = _status(event, cancels=cancels)
    start = _time(event, "DTSTART", zone)
    objects = [*_objects(event)]
    if not objects and status != "cancelled":
        raise NoticeError(message("works:no_object", name=_OWN + "OBJECT-ID"))
    return work_of({
        "provider": provider, "account": identifier(_text(event, _OWN + "ACCOUNT")),
        "id": first(filter(None, ids)) or _required(event, "UID"), "uid": identifier(_text(event, "UID")),
        "sequence": _one(event, "SEQUENCE") or 0,
        "stamp": _time(event, "DTSTAMP", zone) if "DTSTAMP" in event else None,
        "status": status, "impact": IMPACT.get(_text(event, _OWN + "IMPACT").upper(), "outage"),
        "from": start, "to": _end(event, start, zone), "summary": summary(_text(event, "SUMMARY")),
        "objects": objects[: MOST_OBJECTS + 1], "source": summary(source),
    })  # fmt: skip


def _status(event: Component, *, cancels: bool) -> WorkStatus:
    """State of a work; a moved work, or another word, is on."""
    own, plain = _text(event, _OWN + "STATUS").upper(), _text(event, "STATUS").upper()
    if not own and (cancels or STATUS.get(plain) == "cancelled"):
        return "cancelled"
    return STATUS.get(own or plain, "confirmed")


def _time(event: Component, name: str, zone: tzinfo | None) -> datetime:
    """Time of a property; an unknown name of a zone is refused, with `zone` too. Raises NoticeError."""
    value = _one(event, name)
    named = getattr(_all(event, name)[0] if name in event else None, "params", {}).get("TZID")
    if named and getattr(value, "tzinfo", None) is None:
        raise NoticeError(message("works:unknown_zone", zone=summary(named)[:60], name=name))
    return moment(value, name, zone)


def _end(event: Component, start: datetime, zone: tzinfo | None) -> datetime:
    if "DTEND" in event:
        return _time(event, "DTEND", zone)
    duration = _one(event, "DURATION")
    if duration is None:
        raise NoticeError(message("works:no_time", name="DTEND"))
    if not isinstance(duration, timedelta) or abs(duration) > _LONGEST:
        raise NoticeError(message("works:no_time", name="DURATION"))
    return start + duration


def _objects(event: Component) -> Iterator[dict[str, str]]:
    """Objects, with an impact of their own where named; an unknown word is an outage."""
    seen = set()
    for value in _all(event, _OWN + "OBJECT-ID"):
        name = identifier(_unescaped(value))
        if name and name not in seen:
            seen.add(name)
            impact = str(value.params.get(_OWN + "OBJECT-IMPACT", "")).strip().upper()
            yield {"id": name, "impact": IMPACT.get(impact, "outage")} if impact else {"id": name}


def _primary_first(event: Component) -> list[str]:
    """Ids of the work, the primary first."""
    values = _all(event, _OWN + "MAINTENANCE-ID")
    ranked = sorted(values, key=lambda one: str(one.params.get(_OWN + "PRECEDENCE", "")).strip().upper() != "PRIMARY")
    return [_unescaped(one) for one in ranked]


def _all(event: Component, name: str) -> list[Any]:
    """Values of a property: the parser has a list of several, and a single value bare."""
    found = event.get(name)
    return [] if found is None else found if isinstance(found, list) else [found]


def _one(event: Component, name: str) -> Any:
    """Value of a property, None without any. Raises NoticeError for several."""
    found = _all(event, name)
    if len(found) > 1:
        raise NoticeError(message("works:property_twice", name=name))
    value = found[0] if found else None
    return getattr(value, "dt", value)


def _text(event: Component, name: str) -> str:
    value = _one(event, name)
    return "" if value is None else _unescaped(value).strip()


def _unescaped(value: Any) -> str:
    """Text of a value; escapes of unknown properties are left by the parser."""
    return _ESCAPED.sub(lambda found: " " if found[1] in "nN" else found[1], str(value))


def _required(event: Component, name: str) -> str:
    found = identifier(_text(event, name))
    if not found:
        raise NoticeError(message("works:missing", name=name))
    return found
