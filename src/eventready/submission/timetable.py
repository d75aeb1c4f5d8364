"""Due jobs of the scheduler at a moment: a pure function of event, deadlines, deliveries and finished jobs.

A job is named after its occurrence (`audit-2033-07-25`) and is done once. After a pause the last audit, the report of
the week and the present reminders are made up for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias, get_args

from eventready.clauses.deadlines import Deadline, DeadlineStatus
from eventready.core.messages import Message, Text, message
from eventready.core.timezone import local_time, moment_at
from eventready.delivery.mail.delivery_log import Delivery
from eventready.workspace.settings.event import Event

JobKind: TypeAlias = Literal["audit", "draft", "remind", "notify", "send"]

#: Kinds in the order of execution.
JOB_KINDS: tuple[JobKind, ...] = get_args(JobKind)

#: Statuses of a deadline with a reminder, each once.
_REMINDED: tuple[DeadlineStatus, ...] = ("near", "due", "late", "in_force")
_DAY = timedelta(days=1)
#: What is due at a moment is overdue right after it.
_SOON = timedelta(seconds=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class ScheduledJob:
    """A job and its occurrences. `due`: Monday of a draft; `texts`: reminders.

    `channel`: outbox of a notification, address of a delivery.
    """

    kind: JobKind
    covers: tuple[str, ...]
    due: date | None = None
    texts: tuple[Text, ...] = ()
    channel: str = ""

    @property
    def id(self) -> str:
        """Name of the job."""
        return self.covers[0]

    @property
    def log_text(self) -> Message:
        """Reminders of the log."""
        return message("delivery:job.reminders", texts=self.texts)


def jobs(
    event: Event,
    deadlines: Sequence[Deadline],
    deliveries: Sequence[Delivery],
    done: Collection[str],
    moment: datetime,
    *,
    channels: Sequence[str] = (),
) -> tuple[ScheduledJob, ...]:
    """Return the due jobs in order: the audit, the drafts based on the audit, reminders, a notification per channel."""
    audits = tuple(name for name in _audits(event, moment) if name not in done)
    found = [ScheduledJob("audit", audits)] if audits else []
    found += [job for job in _drafts(event, deadlines, moment) if job.id not in done]
    reminders = (*_reminders(deadlines), *_mail_reminders(deliveries))
    found += [job for job in reminders if job.id not in done]
    found += _notifications(reminders, channels, done)
    return tuple(found)


def _audits(event: Event, moment: datetime) -> Iterator[str]:
    """Yield the last daily audit, and the audit of a test without a daily audit."""
    local = local_time(moment)
    today = moment_at(local.date(), event.schedule.audit)
    last = today if today <= moment else moment_at(local.date() - _DAY, event.schedule.audit)
    yield f"audit-{last:%Y-%m-%d}"
    for trial in event.tests:
        if (
            trial.proved_by == "audit"
            and trial.start <= moment <= event.owed(trial.due)
            and not _daily_in(event, trial.start, moment)
        ):
            yield f"audit-for-{trial.id}"


def _daily_in(event: Event, start: datetime, moment: datetime) -> bool:
    """True when a daily audit was due from `start` to `moment`."""
    day = local_time(start).date()
    first = moment_at(day, event.schedule.audit)
    first = first if first >= start else moment_at(day + _DAY, event.schedule.audit)
    return first <= moment


def _drafts(event: Event, deadlines: Sequence[Deadline], moment: datetime) -> Iterator[ScheduledJob]:
    """The weekly report at its hour; the day before a day off already, for whoever will not be there."""
    for deadline in deadlines:
        if deadline.kind != "weekly_report" or deadline.status in ("done", "done_late", "over"):
            continue
        day = local_time(deadline.was or deadline.due).date()
        hour = moment_at(day, event.schedule.weekly)
        if deadline.note is not None and deadline.warn <= moment < hour:
            yield ScheduledJob("draft", (f"draft-{day}-early",), day)
        if hour <= moment < max(moment_at(day + _WEEK, event.schedule.weekly), deadline.latest):
            yield ScheduledJob("draft", (f"draft-{day}",), day)


def _reminders(deadlines: Sequence[Deadline]) -> Iterator[ScheduledJob]:
    for deadline in deadlines:
        if deadline.status in _REMINDED:
            note = message("delivery:reminder_note", note=deadline.note) if deadline.note else ""
            reminder = message(
                "delivery:reminder", status=deadline.status, due=deadline.due, title=deadline.title, note=note
            )
            yield ScheduledJob("remind", (f"remind-{deadline.id}-{deadline.status}",), texts=(reminder,))


def _mail_reminders(deliveries: Sequence[Delivery]) -> Iterator[ScheduledJob]:
    for delivery in deliveries:
        if delivery.state == "queued" and delivery.attempts:
            msgid = "delivery:mail_waiting"
        elif delivery.state == "uncertain":
            msgid = "delivery:mail_uncertain"
        elif delivery.state in ("refused", "partly_refused"):
            msgid = "delivery:mail_refused"
        else:
            continue
        reminder = message(msgid, mail=delivery.id, subject=delivery.subject)
        yield ScheduledJob("remind", (f"remind-{delivery.id}-{delivery.state}-{delivery.attempts}",), texts=(reminder,))


def _notifications(
    reminders: Sequence[ScheduledJob], channels: Sequence[str], done: Collection[str]
) -> Iterator[ScheduledJob]:
    """Yield a notification per channel, with the reminders new to the channel."""
    for channel in channels:
        pending = [(f"{channel}:{job.id}", job) for job in reminders if f"{channel}:{job.id}" not in done]
        if pending:
            texts = tuple(text for _, job in pending for text in job.texts)
            yield ScheduledJob("notify", tuple(name for name, _ in pending), texts=texts, channel=channel)


def next_moment(event: Event, deadlines: Sequence[Deadline], moment: datetime) -> datetime:
    """Earliest moment of a further job, by present knowledge."""
    local = local_time(moment)
    days = [local.date() + timedelta(days=ahead) for ahead in range(2)]
    hours = [moment_at(day, hour) for day in days for hour in (event.schedule.audit, event.schedule.weekly)]
    turns = [turn for d in deadlines for turn in (d.warn, d.due, d.due + _SOON, d.latest + _SOON)]
    return min(turn for turn in (*hours, *turns, *(trial.start for trial in event.tests)) if turn > moment)
