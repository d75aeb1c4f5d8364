"""Lines of plans for the event only: the deadline of their removal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from eventready.clauses.changes import ChangeOnRecord
from eventready.clauses.deadlines import Calendar, Deadline, ahead, status_at
from eventready.core.messages import message
from eventready.core.strings.texts import at, few, natural
from eventready.store.change_steps import PlanUntil
from eventready.workspace.settings.event import Event

#: Time after the end in which the lines are removed; then the deadline is late.
GRACE = timedelta(days=14)
#: Devices named in a note.
_NAMED = 6


@dataclass(frozen=True)
class EventLines:
    """Lines of a plan for the event. `left`: devices with the lines, or in an unknown state; `gone_at`: event time."""

    plan: str
    intents: tuple[str, ...]
    until: PlanUntil
    left: tuple[str, ...]
    gone_at: datetime | None


def event_lines(changes: Sequence[ChangeOnRecord]) -> tuple[EventLines, ...]:
    """Return the lines of applied plans with an end, by plan, oldest first."""
    found: dict[str, list[ChangeOnRecord]] = {}
    for change in changes:
        reached = change.left or change.status in ("applied", "partly", "rolled_back")
        if change.until is not None and reached and not (change.rolls_back or change.removes):
            found.setdefault(change.plan, []).append(change)
    return tuple(_lines(plan, own, changes) for plan, own in found.items())


def _lines(plan: str, own: Sequence[ChangeOnRecord], changes: Iterable[ChangeOnRecord]) -> EventLines:
    until, names = own[0].until, {change.id for change in own}
    if until is None:
        raise ValueError(plan)
    left = sorted({device for change in own for device in change.left}, key=natural)
    ways = [one.done_at for one in changes if one.rolls_back in names or (plan and one.removes == plan)]
    return EventLines(plan, own[0].intents, until, tuple(left), None if left else max(ways, default=own[-1].done_at))


def configuration_ends(changes: Sequence[ChangeOnRecord], event: Event, moment: datetime) -> Iterator[Deadline]:
    """Yield the deadline of the lines of each plan."""
    calendar = Calendar(event.days_off)
    for lines in event_lines(changes):
        due = lines.until.moment
        latest, warn = due + GRACE, ahead(due, calendar)
        title = message("clauses:deadline.configuration", plan=lines.plan, intents=list(lines.intents))
        devices = few(list(lines.left), _NAMED)
        note = message("clauses:deadline.configuration_note", devices=devices, latest=at(latest), plan=lines.plan)
        status = status_at(due, latest, warn, moment, lines.gone_at)
        shown = None if lines.gone_at else note
        yield Deadline(f"configuration-{lines.plan}", "configuration", title, due, latest, warn, status, shown)
