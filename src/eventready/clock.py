"""The event's clock. Deadlines, windows and dates follow it; what is recorded keeps real time beside it.

People read Asia/Ho_Chi_Minh, machines read UTC.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from eventready.errors import UsageError

TZ = ZoneInfo("Asia/Ho_Chi_Minh")

#: No event lies elsewhere; weeks before and after the first and last year that Python knows cannot be reckoned.
_YEARS = range(1900, 2200)
_FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d")


@dataclass(frozen=True)
class Clock:
    """Real time, or real time shifted so that it started at the rehearsed moment."""

    offset: timedelta = field(default=timedelta())

    @classmethod
    def starting(cls, text: str | None) -> Clock:
        """A clock that reads `text` now ("2022-04-25 07:00", local time unless it carries an offset)."""
        if not text:
            return cls()
        return cls(parse_moment(text) - datetime.now(UTC))

    @property
    def rehearsal(self) -> bool:
        """True when this is not the real time."""
        return self.offset != timedelta()

    def now(self) -> datetime:
        """The event's time, aware, in Asia/Ho_Chi_Minh."""
        return (datetime.now(UTC) + self.offset).astimezone(TZ)

    @staticmethod
    def real() -> datetime:
        """The real time in UTC."""
        return datetime.now(UTC)


def parse_moment(text: str) -> datetime:
    """Read a moment a person typed; local time unless it carries an offset. Raises UsageError."""
    moment = _moment(text.strip())
    if moment is None:
        raise UsageError(f"{text!r} is not a date and time", do='Write it like "2022-04-25 07:00".')
    if moment.year not in _YEARS:
        raise UsageError(f"{text!r} lies in no year from {_YEARS[0]} to {_YEARS[-1]}", do="Correct the year.")
    return moment


def _moment(text: str) -> datetime | None:
    for form in _FORMS:
        with suppress(ValueError):
            return datetime.strptime(text, form).replace(tzinfo=TZ)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=TZ)
