"""Deadlines relative to the event: `T-14`, `T-1 17:00`, `before freeze`, `every monday 12:00`.

T is the day of the opening, the start of the first window of kind `event`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, time, timedelta

from eventready.core.clock import TZ
from eventready.core.errors import InvalidValue
from eventready.core.messages import message
from eventready.core.validation_messages import suggest
from eventready.workspace.files.datetimes import parse_datetime, parse_time
from eventready.workspace.settings.event import WEEKDAYS, Window

KINDS = ("event", "protected", "freeze")

_FROM_OPENING = re.compile(r"T(?:([+-])(\d{1,3}))?(?: (\d{1,2}:\d{2}))?", re.I)
_BEFORE = re.compile(r"before:? (\w+)", re.I)
_EVERY = re.compile(r"every (\w+)(?: (\d{1,2}:\d{2}))?", re.I)
_END_OF_DAY = time(23, 59)


def resolve_deadline(value: object, windows: Iterable[Window]) -> datetime | None:
    """Return the time of an absolute or relative deadline; None for a recurring deadline. Raises ValueError."""
    if not isinstance(value, str):
        return parse_datetime(value)
    text, known = value.strip(), tuple(windows)
    if match := _FROM_OPENING.fullmatch(text):
        days = int(match[2] or 0) * (-1 if match[1] == "-" else 1)
        at = parse_time(match[3].rjust(5, "0")) if match[3] else _END_OF_DAY
        return datetime.combine(_start(known, "event").date() + timedelta(days=days), at, TZ)
    if match := _BEFORE.fullmatch(text):
        if match[1] not in KINDS:
            raise InvalidValue(message("workspace:date.kind", kind=match[1]), do=suggest(match[1], KINDS))
        return _start(known, match[1])
    if match := _EVERY.fullmatch(text):
        if match[1].lower() not in WEEKDAYS:
            raise InvalidValue(message("workspace:date.weekday", day=match[1]), do=suggest(match[1], WEEKDAYS))
        return None
    return parse_datetime(value)


def _start(windows: Iterable[Window], kind: str) -> datetime:
    starts = [window.start for window in windows if window.kind == kind]
    if not starts:
        raise InvalidValue(message("workspace:date.no_window", kind=kind))
    return min(starts).astimezone(TZ)
