"""What the scheduler has to do at a moment: pure, from the event, the deadlines, and what it has done already.

A job's name says which occurrence it is (`audit-2022-04-25`), so that nothing is done twice, however often one asks.
What was missed while nothing ran is made up for once: the last audit, the report of this week, what is due by now.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias

from eventready.clock import TZ
from eventready.delivery.delivery import Delivery
from eventready.duty.deadlines import STANDING_WORDS, Deadline, DeadlineStanding
from eventready.duty.words import NOTHING, Words, at
from eventready.workspace.event import Event

JobKind: TypeAlias = Literal["audit", "draft", "remind"]

#: What people are told of a deadline, each once.
_TOLD: tuple[DeadlineStanding, ...] = ("near", "due", "late", "in_force")
_DAY = timedelta(days=1)
#: What is due at a moment is overdue right after it.
_SOON = timedelta(seconds=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Job:
    """`covers` are the occurrences that it does at once; `due` is the Monday of a draft; `words` what is said."""

    kind: JobKind
    covers: tuple[str, ...]
    due: date | None = None
    words: Words = NOTHING

    @property
    def id(self) -> str:
        """Its name."""
        return self.covers[0]


def jobs(
    event: Event,
    deadlines: Sequence[Deadline],
    deliveries: Sequence[Delivery],
    done: Collection[str],
    moment: datetime,
) -> tuple[Job, ...]:
    """What is to be done now, in order: the audit, the drafts that rest on it, and what people must be told."""
    audits = tuple(name for name in _audits(event, moment) if name not in done)
    found = [Job("audit", audits)] if audits else []
    found += [job for job in _drafts(event, deadlines, moment) if job.id not in done]
    found += [job for job in (*_reminders(deadlines), *_post(deliveries)) if job.id not in done]
    return tuple(found)


def _audits(event: Event, moment: datetime) -> Iterator[str]:
    """The last daily audit, and that of a test which an audit proves and no daily one falls into."""
    local = moment.astimezone(TZ)
    today = datetime.combine(local.date(), event.schedule.audit, TZ)
    last = today if today <= moment else today - _DAY
    yield f"audit-{last:%Y-%m-%d}"
    for trial in event.tests:
        if (
            trial.proved_by == "audit"
            and trial.start <= moment <= trial.due
            and not _daily_in(event, trial.start, moment)
        ):
            yield f"audit-for-{trial.id}"


def _daily_in(event: Event, start: datetime, moment: datetime) -> bool:
    """True when a daily audit was due from `start` to `moment`."""
    first = datetime.combine(start.astimezone(TZ).date(), event.schedule.audit, TZ)
    first = first if first >= start else first + _DAY
    return first <= moment


def _drafts(event: Event, deadlines: Sequence[Deadline], moment: datetime) -> Iterator[Job]:
    """The weekly report at its hour; the day before a day off already, for whoever will not be there."""
    for deadline in deadlines:
        if deadline.kind != "weekly_report" or deadline.standing in ("done", "done_late"):
            continue
        day = deadline.due.astimezone(TZ).date()
        hour = datetime.combine(day, event.schedule.weekly, TZ)
        if deadline.note != NOTHING and deadline.warn <= moment < hour:
            yield Job("draft", (f"draft-{day}-early",), day)
        if hour <= moment < hour + _WEEK:
            yield Job("draft", (f"draft-{day}",), day)


def _reminders(deadlines: Sequence[Deadline]) -> Iterator[Job]:
    for deadline in deadlines:
        if deadline.standing in _TOLD:
            standing = STANDING_WORDS[deadline.standing]
            words = Words(
                _sentence(standing.vi, at(deadline.due), deadline.title.vi, deadline.note.vi),
                _sentence(standing.en, at(deadline.due), deadline.title.en, deadline.note.en),
            )
            yield Job("remind", (f"remind-{deadline.id}-{deadline.standing}",), words=words)


def _post(deliveries: Sequence[Delivery]) -> Iterator[Job]:
    """Mail that did not get through."""
    for delivery in deliveries:
        if delivery.state == "queued" and delivery.attempts:
            words = Words(f"Thư {delivery.id} chưa gửi được, đang chờ gửi lại", f"Mail {delivery.id} waits to be sent")
        elif delivery.state == "uncertain":
            words = Words(
                f"Thư {delivery.id}: chưa rõ đã đến hay chưa, cần hỏi lại", f"Mail {delivery.id} is uncertain"
            )
        elif delivery.state in ("refused", "partly_refused"):
            words = Words(f"Thư {delivery.id} bị từ chối", f"Mail {delivery.id} was refused")
        else:
            continue
        whole = Words(f"{words.vi}: {delivery.subject}", f"{words.en}: {delivery.subject}")
        yield Job("remind", (f"remind-{delivery.id}-{delivery.state}-{delivery.attempts}",), words=whole)


def _sentence(standing: str, when: str, title: str, note: str) -> str:
    return f"[{standing}] {when}: {title}" + (f" ({note})" if note else "")


def next_moment(event: Event, deadlines: Sequence[Deadline], moment: datetime) -> datetime:
    """When there may be something to do next, from what is known now."""
    local = moment.astimezone(TZ)
    days = [local.date() + timedelta(days=ahead) for ahead in range(2)]
    hours = [datetime.combine(day, hour, TZ) for day in days for hour in (event.schedule.audit, event.schedule.weekly)]
    turns = [turn for d in deadlines for turn in (d.warn, d.due, d.due + _SOON, d.latest + _SOON)]
    return min(turn for turn in (*hours, *turns, *(trial.start for trial in event.tests)) if turn > moment)
