"""Notices in the format of the BCOP, written for these tests."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

from eventready.workspace.settings.circuits import Circuits
from eventready.workspace.settings.works import Work

_WORK = {
    "UID": "w1@carrier.example", "DTSTAMP": "20330701T010000Z", "SEQUENCE": "1", "SUMMARY": "Splice on the north ring",
    "DTSTART": "20330729T170000Z", "DTEND": "20330729T190000Z", "ORGANIZER": "mailto:noc@carrier.example",
    "X-MAINTNOTE-PROVIDER": "carrier.example", "X-MAINTNOTE-ACCOUNT": "137.035999",
    "X-MAINTNOTE-MAINTENANCE-ID": "WO-1", "X-MAINTNOTE-IMPACT": "OUTAGE", "X-MAINTNOTE-STATUS": "TENTATIVE",
}  # fmt: skip
_OBJECTS = ("X-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT=REDUCED-REDUNDANCY:CKT-B", "X-MAINTNOTE-OBJECT-ID:CKT-A")


def event(*more: str, objects: bool = True, **other: str | None) -> str:
    """An event; `other`: properties by name with `_` for `-`, None leaves one out; `more`: further lines."""
    values = _WORK | {name.replace("_", "-"): value for name, value in other.items()}
    lines = [f"{name}:{value}" for name, value in values.items() if value is not None]
    return "\r\n".join(["BEGIN:VEVENT", *lines, *(_OBJECTS if objects else ()), *more, "END:VEVENT", ""])


def calendar(*events: str, head: str = "") -> bytes:
    """A calendar of events; a single one without any given."""
    body = "".join(events) or event()
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n{head}{body}END:VCALENDAR\r\n".encode()


def mail(*calendars: bytes, sender: str = "NOC <noc@carrier.example>") -> bytes:
    """A mail with calendars attached, in base64."""
    made = EmailMessage()
    made["From"], made["Subject"] = sender, "Planned work"
    made.set_content("See the calendar.")
    for number, data in enumerate(calendars):
        made.add_attachment(data, maintype="text", subtype="calendar", filename=f"work-{number}.ics")
    return made.as_bytes()


def work(name: str = "WO-1", **values: object) -> Work:
    """A work on 29/07/2033, 17:00 to 19:00 local time, unless given otherwise; an acceptance is of this work."""
    given = {"provider": "carrier.example", "id": name, "from": "2033-07-29 17:00", "to": "2033-07-29 19:00",
             "members": ["core-1"], **values}  # fmt: skip
    if word := given.pop("accepted", None):
        scope = Work.model_validate(given).scope(Circuits())
        given["accepted"] = {**word, "scope": scope}  # type: ignore[dict-item]  # a mapping, in the tests that give one
    return Work.model_validate(given).at(str(Path(f"{name.casefold()}.yaml")))
