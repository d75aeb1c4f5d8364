"""The event's clock. Deadlines, windows and dates follow it; what is recorded keeps real time beside it.

People read Asia/Ho_Chi_Minh, machines read UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from eventready.errors import UsageError

TZ = ZoneInfo("Asia/Ho_Chi_Minh")

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
    cleaned = text.strip()
    for form in _FORMS:
        try:
            return datetime.strptime(cleaned, form).replace(tzinfo=TZ)
        except ValueError:
            continue
    try:
        moment = datetime.fromisoformat(cleaned)
    except ValueError:
        raise UsageError(f"{text!r} is not a date and time", do='Write it like "2022-04-25 07:00".') from None
    return moment if moment.tzinfo else moment.replace(tzinfo=TZ)
