"""Zone of the event and local times of the zone. A process serves a single workspace, and has the zone of its event.

Local times have a fixed offset: `-`, `<` and `+ timedelta` of them are elapsed time in a night with 23 or 25 hours too,
which Python computes by wall clock for datetimes of a `ZoneInfo`. Days are counted as dates (`moment_at`).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

#: Zone of an event that names none.
DEFAULT = "Asia/Ho_Chi_Minh"
#: Names beside the zones of a machine: its own zone, and rules of POSIX.
_OF_MACHINE = ("localtime", "posixrules")


class _Current:
    """Zone in use; threads share the zone of the workspace."""

    zone = ZoneInfo(DEFAULT)


def zone() -> ZoneInfo:
    """Zone of the event."""
    return _Current.zone


def use_zone(name: str) -> None:
    """Take the zone of an event from here on. Raises ValueError."""
    _Current.zone = zone_named(name)


def zone_named(name: str) -> ZoneInfo:
    """Zone by its name in the IANA database. Raises ValueError for another name, and for files of a machine."""
    if name in _OF_MACHINE or name.startswith(("posix/", "right/")):
        raise ValueError(name)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # A folder (`Asia`) and a very long name are errors of the file system.
        raise ValueError(name) from None


def local_time(moment: datetime) -> datetime:
    """Aware moment in the zone of the event, with the offset at this moment. Raises OverflowError at the last years."""
    return _fixed(moment.astimezone(zone()))


def moment_at(day: date, at: time = time()) -> datetime:
    """Moment of a time of day in the zone of the event.

    Of a time that occurs twice the first; a time that the clock leaves out is as much later as the clock goes forward.
    """
    return local_time(datetime.combine(day, at, zone()).astimezone(UTC))


def clock_time(day: date, since: timedelta) -> datetime:
    """Moment of a time of day, by the clock since midnight; `24:00` and later are of the next day."""
    shown = datetime.combine(day, time()) + since
    return moment_at(shown, shown.time())


def aware(moment: datetime) -> datetime:
    """Return an aware moment unchanged, a naive local time as a moment."""
    return moment if moment.tzinfo else moment_at(moment, moment.time())


def moments_of(written: datetime, of_zone: tzinfo | None = None) -> tuple[datetime, ...]:
    """Return the moments of a naive local time, of the event's zone or another.

    None where the clock leaves the time out, two where the time occurs twice.
    """
    own = of_zone or zone()
    both = (written.replace(tzinfo=own, fold=fold).astimezone(UTC).astimezone(own) for fold in (0, 1))
    found = {moment.astimezone(UTC): _fixed(moment) for moment in both}
    return tuple(moment for moment in found.values() if moment.replace(tzinfo=None) == written)


def _fixed(moment: datetime) -> datetime:
    return moment.replace(tzinfo=_offset(moment.utcoffset() or timedelta(), moment.tzname() or ""), fold=0)


@lru_cache(maxsize=256)
def _offset(offset: timedelta, name: str) -> timezone:
    return timezone(offset, name)
