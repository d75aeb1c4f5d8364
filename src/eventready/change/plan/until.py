"""End of the lines of a plan on the devices: the end of a window of the event, or a time."""

from __future__ import annotations

from datetime import datetime

from eventready.change.document import Plan, Until
from eventready.change.safety.window_names import choices
from eventready.core.clock import parse_moment
from eventready.core.errors import RefusedError, UsageError
from eventready.core.messages import message
from eventready.core.strings.texts import at
from eventready.core.timezone import local_time
from eventready.workspace.settings.event import Event


def until_of(event: Event, wanted: str, now: datetime) -> Until:
    """Return the end by the name of a window or by a time. Raises UsageError.

    A kind of windows, or a name of several, ends with the last of them. `now`: the event's time.
    """
    wanted = " ".join(wanted.split())
    windows = [window for window in event.windows if wanted in window.names]
    if windows:
        end = max(window.end for window in windows)
    else:
        try:
            end = parse_moment(wanted)
        except UsageError:
            known = choices(event.windows)
            do = message("change:until.windows", windows=known) if known else message("change:until.no_window")
            raise UsageError(message("change:until.unknown", name=wanted), do=do) from None
    if end <= now:
        raise UsageError(message("change:until.past", end=at(end), now=at(now)))
    return Until(at=local_time(end).isoformat(timespec="seconds"), window=wanted if windows else "")


def refuse_past_end(plan: Plan, now: datetime) -> None:
    """Raise RefusedError for a plan of which the lines should be off the devices at an event time `now`."""
    if plan.until is not None and plan.until.moment <= now:
        raise RefusedError(message("change:until.over", plan=plan.id, end=at(plan.until.moment)))
