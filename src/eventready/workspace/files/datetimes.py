"""Pydantic types for dates and times in YAML: local time of the event without an offset, also as dd/mm/yyyy."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from eventready.core.clock import parse_moment
from eventready.core.errors import InvalidValue, UsageError
from eventready.core.messages import message
from eventready.core.timezone import zone_named
from eventready.core.validation_messages import impossible_date, suggest


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
    """Name of a time zone, checked. Raises ValueError with a similar name."""
    try:
        zone_named(value)
    except ValueError:
        names = available_timezones()
        near = [name for name in names if name.rpartition("/")[2] == value.strip().replace(" ", "_").title()]
        do = suggest(value, near or [name for name in names if "/" in name])
        raise InvalidValue(message("workspace:no_zone", name=value), do=do) from None
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

#: Name of a time zone of the IANA database.
ZoneName = Annotated[str, AfterValidator(zone_name), WithJsonSchema({"type": "string", "examples": ["Europe/Berlin"]})]
Moment = Annotated[datetime, BeforeValidator(parse_datetime), WithJsonSchema(_MOMENT_SCHEMA)]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema(_DAY_SCHEMA)]
TimeOfDay = Annotated[time, BeforeValidator(parse_time), WithJsonSchema(_TIME_SCHEMA)]
