"""Notices in mails with an attached calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message as Mail

from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.works.ical import read_ical
from eventready.works.notice import ReadWorks, harmless

#: Most parts of a mail that are looked at.
_MOST_PARTS = 200


def read_mail(data: bytes, source: str, zone: tzinfo | None = None) -> ReadWorks:
    """Works of the calendars of a mail, each with the sender as written: nothing proves the sender."""
    try:
        mail = message_from_bytes(data, policy=policy.compat32)
        calendars = [*_calendars(mail)]
    except (RecursionError, ValueError, LookupError):
        return ReadWorks(problems=(WorkspaceError(message("works:mail_unreadable"), where=source),))
    if not calendars:
        return ReadWorks(problems=(WorkspaceError(message("works:no_calendar"), where=source),))
    sender = harmless(mail.get("From", ""), 120)
    place = f"{source} ({sender})" if sender else source
    found = ReadWorks()
    for calendar in calendars:
        found += read_ical(calendar, place, zone)
    return found


def _calendars(mail: Mail) -> Iterator[bytes]:
    """Yield the calendars of a mail and of attached mails, each text once."""
    waiting, seen = [mail], set[bytes]()
    for part in waiting:  # grows while it is read
        inside = part.get_payload()
        if part.is_multipart() and isinstance(inside, list):
            waiting += [one for one in inside[: max(0, _MOST_PARTS - len(waiting))] if isinstance(one, Mail)]
        elif _is_calendar(part):
            data = part.get_payload(decode=True)
            if isinstance(data, bytes) and (data := _as_utf8(data, part.get_content_charset())) not in seen:
                seen.add(data)
                yield data


def _as_utf8(data: bytes, charset: str | None) -> bytes:
    """Text of a part in UTF-8 by its declared charset; unchanged without a fitting charset."""
    try:
        return data.decode(charset).encode() if charset else data
    except (LookupError, UnicodeError):
        return data


def _is_calendar(part: Mail) -> bool:
    try:
        name = str(make_header(decode_header(str(part.get_filename() or ""))))
    except (LookupError, UnicodeError, ValueError):
        name = ""
    return part.get_content_type() in ("text/calendar", "application/ics") or name.lower().endswith(".ics")
