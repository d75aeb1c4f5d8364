"""Lines of plans for the event only: the deadline of their removal, by the record and by the last audit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from eventready.clauses.calendar import Calendar
from eventready.clauses.changes import ChangeOnRecord
from eventready.clauses.deadlines import Deadline, ahead, status_at
from eventready.core.messages import message
from eventready.core.strings.texts import at, few, moment_of, natural
from eventready.store.change_steps import PlanUntil
from eventready.store.run import Run
from eventready.workspace.settings.event import Event

#: Time after the end in which the lines are removed; then the deadline is late.
GRACE = timedelta(days=14)
#: Devices named in a note.
_NAMED = 6
_FACT = "event_configuration"
_HAVING = b'"event_configuration"'


@dataclass(frozen=True)
class EventLines:
    """Lines of a plan for the event. `left`: devices with the lines, or in an unknown state; `gone_at`: event time.

    `measured`: devices of which an audit after the end has found lines of the plan.
    """

    plan: str
    intents: tuple[str, ...]
    until: PlanUntil
    left: tuple[str, ...]
    gone_at: datetime | None
    measured: tuple[str, ...] = ()


def event_lines(changes: Sequence[ChangeOnRecord], run: Run | None = None) -> tuple[EventLines, ...]:
    """Return the lines of applied plans with an end, by plan, oldest first.

    A device without any line of the plan in the `run`, after the last change of the plan, has none left; lines that a
    waiver accepts do not count.
    """
    found: dict[str, list[ChangeOnRecord]] = {}
    for change in changes:
        reached = change.left or change.status in ("applied", "partly", "rolled_back")
        if change.until is not None and reached and not (change.rolls_back or change.removes):
            found.setdefault(change.plan, []).append(change)
    counted = _counted(run) if found else {}
    return tuple(_lines(plan, own, changes, run, counted) for plan, own in found.items())


def _counted(run: Run | None) -> Mapping[tuple[str, str], int]:
    """Return the number of lines as set, by plan and device, in a run; none for waived lines."""
    if run is None:
        return {}
    measured = (one for one in run.observations(_HAVING) if one.fact == _FACT and one.measured)
    rows = ((one.device, row) for one in measured for row in one.rows)
    waived = (one for one in run.open_findings(_HAVING) if one.check == _FACT and one.status == "waived")
    return {
        **{(str(row.get("plan")), device): int(str(row.get("present", 1))) for device, row in rows},
        **{(one.subject, one.device): 0 for one in waived},
    }


def _lines(
    plan: str,
    own: Sequence[ChangeOnRecord],
    changes: Sequence[ChangeOnRecord],
    run: Run | None,
    counted: Mapping[tuple[str, str], int],
) -> EventLines:
    until, names = own[0].until, {change.id for change in own}
    if until is None:
        raise ValueError(plan)
    ways = {one.id for one in changes if one.rolls_back in names or (plan and one.removes == plan)}
    touched = [one.done_at for one in changes if one.id in names | ways or one.rolls_back in ways]
    ran = moment_of(run.header.moment) if run else None
    fresh = counted if ran and ran >= max(touched) else {}
    on_record = sorted({device for change in own for device in change.left}, key=natural)
    left = tuple(device for device in on_record if fresh.get((plan, device), 1))
    gone = None if left else ran if on_record else max(touched)
    measured = tuple(device for device in left if (plan, device) in fresh)
    return EventLines(plan, own[0].intents, until, left, gone, measured)


def configuration_ends(
    changes: Sequence[ChangeOnRecord], event: Event, moment: datetime, run: Run | None = None
) -> Iterator[Deadline]:
    """Yield the deadline of the lines of each plan."""
    calendar = Calendar.of(event)
    for lines in event_lines(changes, run):
        due = lines.until.moment
        latest, warn = due + GRACE, ahead(due, calendar)
        title = message("clauses:deadline.configuration", plan=lines.plan, intents=list(lines.intents))
        devices = few(list(lines.left), _NAMED)
        note = message("clauses:deadline.configuration_note", devices=devices, latest=at(latest), plan=lines.plan)
        status = status_at(due, latest, warn, moment, lines.gone_at)
        shown = None if lines.gone_at else note
        yield Deadline(f"configuration-{lines.plan}", "configuration", title, due, latest, warn, status, shown)
