"""Dates and times in YAML: local time of the event without an offset, also as dd/mm/yyyy, or relative to the event."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from eventready.core.clock import TZ, parse_moment
from eventready.core.errors import InvalidValue, UsageError
from eventready.core.messages import message
from eventready.workspace.validation_messages import impossible_date, suggest


def parse_datetime(value: Any) -> datetime:
    """Date and time of a YAML value. Raises ValueError with the expected form."""
    if not isinstance(value, str):
        raise InvalidValue(message("workspace:date.required"))
    impossible = impossible_date(value)
    if impossible:
        raise InvalidValue(impossible, do=message("workspace:date.write_moment"))
    try:
        return parse_moment(value)
    except UsageError as error:
        raise InvalidValue(error) from None


def _day(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    impossible = impossible_date(value)
    if impossible:
        raise InvalidValue(impossible, do=message("workspace:date.write"))
    try:
        return datetime.strptime(value.strip(), "%d/%m/%Y").date()  # noqa: DTZ007  a date without a time
    except ValueError:
        return value


def parse_time(value: Any) -> time:
    """Time of day of a YAML value. Raises ValueError with the expected form."""
    if isinstance(value, str):
        try:
            return time.fromisoformat(value)
        except ValueError:
            pass
    raise InvalidValue(message("workspace:date.time", value=str(value)))


_DATE = r"(\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{4})"
_MOMENT_SCHEMA = {
    "type": "string",
    "pattern": rf"^{_DATE}([ T]\d{{2}}:\d{{2}}(:\d{{2}})?.*)?$",
    "examples": ["2033-07-29 17:00"],
}
_DAY_SCHEMA = {"type": "string", "pattern": rf"^{_DATE}$", "examples": ["2033-07-29"]}
_TIME_SCHEMA = {"type": "string", "pattern": r"^\d{2}:\d{2}$", "examples": ["11:30"]}

Moment = Annotated[datetime, BeforeValidator(parse_datetime), WithJsonSchema(_MOMENT_SCHEMA)]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema(_DAY_SCHEMA)]
TimeOfDay = Annotated[time, BeforeValidator(parse_time), WithJsonSchema(_TIME_SCHEMA)]


if TYPE_CHECKING:
    from eventready.workspace.event import Window

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
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
