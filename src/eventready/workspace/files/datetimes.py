"""Pydantic types for dates and times in YAML: local time of the event without an offset, also as dd/mm/yyyy."""

from __future__ import annotations

from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from eventready.core.clock import parse_moment
from eventready.core.errors import InvalidValue, UsageError
from eventready.core.messages import Message, message
from eventready.core.timezone import zone_named
from eventready.core.validation_messages import impossible_date

#: Characters of an unknown zone in a sentence.
_LONGEST = 60


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


def zone_name(value: str) -> str:
    """Name of a time zone, checked. Raises UsageError with a similar name."""
    try:
        zone_named(value)
    except ValueError:
        shown = value[:_LONGEST]
        raise UsageError(message("workspace:no_zone", name=shown), do=_near(shown)) from None
    return value


def _zone(value: str) -> str:
    try:
        return zone_name(value)
    except UsageError as error:
        raise InvalidValue(error) from None


def _near(name: str) -> str | Message:
    """Remedy for an unknown zone: the nearest by its whole name, or by the city; empty without any."""
    names = {zone.casefold(): zone for zone in sorted(available_timezones()) if "/" in zone}
    cities = {zone.rpartition("/")[2].casefold(): zone for zone in names.values()}
    word = name.strip().replace(" ", "_").casefold()
    if any(zone.startswith(f"{word}/") for zone in names):  # a region alone is near to no city
        return ""
    for known in (names, cities):
        if found := get_close_matches(word, known, n=1, cutoff=0.7):
            return message("workspace:suggest.meant", name=known[found[0]])
    return ""


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

#: Name of a time zone of the IANA database.
ZoneName = Annotated[str, AfterValidator(_zone), WithJsonSchema({"type": "string", "examples": ["Europe/Berlin"]})]
Moment = Annotated[datetime, BeforeValidator(parse_datetime), WithJsonSchema(_MOMENT_SCHEMA)]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema(_DAY_SCHEMA)]
TimeOfDay = Annotated[time, BeforeValidator(parse_time), WithJsonSchema(_TIME_SCHEMA)]
