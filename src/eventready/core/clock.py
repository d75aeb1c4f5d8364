"""Clock of the event, the basis of deadlines, windows and dates. Records also keep the real time.

Times for people are in the zone of the event, times for machines in UTC.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.core.timezone import local_time, moment_at, moments_of

#: Accepted years; arithmetic with weeks overflows near the limits of Python's datetime.
_YEARS = range(1900, 2200)
#: Letters of a date without a time.
_DAY_ONLY = 10
_DAY_FIRST = ("%d/%m/%Y %H:%M", "%d/%m/%Y")
_YEAR_FIRST = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d")


@dataclass(frozen=True)
class Clock:
    """Real time plus a constant offset; `marked` is true in a lab's workspace and under `--rehearsal`."""

    offset: timedelta = field(default=timedelta())
    marked: bool = False

    @classmethod
    def starting(cls, text: str | None) -> Clock:
        """Clock starting at `text` ("2033-07-25 07:00", local time without an offset); real time for None."""
        if not text:
            return cls()
        return cls(parse_moment(text) - datetime.now(UTC))

    @property
    def rehearsal(self) -> bool:
        """True for a shifted clock, for a lab, and under `--rehearsal`."""
        return self.marked or self.offset != timedelta()

    def now(self) -> datetime:
        """Event time, aware, in the zone of the event."""
        return local_time(datetime.now(UTC) + self.offset)

    @staticmethod
    def real() -> datetime:
        """Real time in UTC."""
        return datetime.now(UTC)


def parse_moment(text: str, zone: tzinfo | None = None) -> datetime:
    """Parse a date and time; local time without an offset, of `zone` if given. Raises UsageError.

    A local time that the clock leaves out, or shows twice, needs an offset.
    """
    written = written_moment(text)
    if written.tzinfo:
        return local_time(written)
    found = moments_of(written, zone)
    if len(found) == 1:
        return found[0]
    if len(text.strip()) <= _DAY_ONLY:  # the day begins after its midnight
        return moment_at(written)
    if not found:
        raise UsageError(message("core:moment_left_out", text=text.strip()))
    first, second = (f"{moment:%Y-%m-%d %H:%M}{_offset(moment)}" for moment in found)
    raise UsageError(message("core:moment_twice", text=text.strip(), first=first, second=second))


def write_moment(moment: datetime) -> str:
    """Format a moment for `parse_moment`: in local time, and with an offset where the clock shows a time twice."""
    local = local_time(moment)
    text = f"{local:%Y-%m-%d %H:%M}"
    return text if len(moments_of(local.replace(tzinfo=None))) == 1 else text + _offset(local)


def written_moment(text: str) -> datetime:
    """Parse a date and time; naive without an offset. Raises UsageError."""
    moment = _moment(text.strip())
    if moment is None:
        raise UsageError(message("core:no_moment", text=text))
    if moment.year not in _YEARS:
        raise UsageError(message("core:year_outside", text=text, first=_YEARS[0], last=_YEARS[-1]))
    return moment


def _moment(text: str) -> datetime | None:
    for form in (*_DAY_FIRST, *_YEAR_FIRST):
        with suppress(ValueError):
            return datetime.strptime(text, form)  # noqa: DTZ007  placed in a zone by the caller
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _offset(moment: datetime) -> str:
    """`+02:00`."""
    return moment.isoformat()[-6:]
