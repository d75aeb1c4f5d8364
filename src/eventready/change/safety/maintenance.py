"""Maintenance windows: named windows of event.yaml in which changes begin without a person at the keys."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from eventready.change.safety.window_names import choices
from eventready.core.errors import RefusedError, UsageError
from eventready.core.messages import message
from eventready.core.strings.texts import at
from eventready.workspace.settings.event import Event, Window


def begin_in_window(event: Event, name: str, venues: Collection[str], now: datetime, expected_s: float) -> datetime:
    """Return the first begin from `now` on in a maintenance window at all these venues, with time for the change.

    Raises UsageError for an unknown name, RefusedError without such a window.
    """
    if not any(named(event, name)):
        known = choices(one for one in event.windows if one.kind == "maintenance")
        raise UsageError(
            message("change:window.unknown", name=name, names=known) if known else message("change:window.none")
        )
    last = timedelta(seconds=expected_s)
    begins = [
        max(now, window.start)
        for window in named(event, name)
        if window.covers(venues) and max(now, window.start) + last <= window.end
    ]
    if not begins:
        minutes = expected_s / 60
        raise RefusedError(message("change:window.no_time", name=name, now=at(now), minutes=minutes))
    return min(begins)


def named(event: Event, name: str) -> Iterator[Window]:
    """Yield the maintenance windows of a name."""
    yield from (window for window in event.windows if window.kind == "maintenance" and name in window.names)


def is_open(event: Event, name: str, now: datetime) -> bool:
    """Return True in a maintenance window of this name."""
    return any(window.contains(now) for window in named(event, name))
