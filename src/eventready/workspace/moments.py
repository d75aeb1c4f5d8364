"""Dates and times as an engineer writes them in YAML: local time of the event unless they carry an offset."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from eventready.clock import parse_moment
from eventready.errors import UsageError
from eventready.workspace.complaints import impossible_date


def _moment(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError('a date and time is wanted. Write it like "2022-04-29 17:00".')  # noqa: TRY004  pydantic's way
    impossible = impossible_date(value)
    if impossible:
        raise ValueError(f'{impossible}. Write it like "2022-04-29 17:00".')
    try:
        return parse_moment(value)
    except UsageError as error:
        raise ValueError(f"{error.what}. {error.do}") from None


def _hour(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return time.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError(f'{value!r} is not a time of day. Write it like "11:30".')


_MOMENT_SCHEMA = {
    "type": "string",
    "pattern": r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?.*)?$",
    "examples": ["2022-04-29 17:00"],
}
_HOUR_SCHEMA = {"type": "string", "pattern": r"^\d{2}:\d{2}$", "examples": ["11:30"]}

Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema(_MOMENT_SCHEMA)]
TimeOfDay = Annotated[time, BeforeValidator(_hour), WithJsonSchema(_HOUR_SCHEMA)]
