"""Deadlines: the weekly reports, the duty list, the freeze, tests, clauses, and notices of incidents."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, TypeAlias

from eventready.clauses.calendar import Calendar
from eventready.core.messages import Bilingual, Text, in_both, message
from eventready.core.strings.texts import short
from eventready.core.timezone import local_time, moment_at
from eventready.delivery.mail.delivery_log import SentDocument, first_sent
from eventready.incidents.incident import Incident, addressee_name
from eventready.workspace.settings.duties import Duty
from eventready.workspace.settings.event import Event, Operator, ScheduledTest


def applies(duty: Duty, operator: Operator) -> bool:
    """Return True when the clause addresses this operator. The Department's own clauses address no operator."""
    if duty.applies_to == "all":
        return True
    return duty.applies_to == operator or (operator == "both" and duty.applies_to in ("telecom", "postal"))


def applying(duties: Iterable[Duty], operator: Operator) -> tuple[Duty, ...]:
    """Return the clauses addressed to this operator, in their order."""
    return tuple(duty for duty in duties if applies(duty, operator))


#: Days before its deadline from which a delivery counts as that of the coming report.
_EARLY_DAYS = 3
DeadlineKind: TypeAlias = Literal[
    "weekly_report", "duty_list", "freeze", "test", "clause", "incident", "works", "configuration", "waiver"
]
#: `near`: within the warning time; `due`: the time is reached; `late`: the last moment has passed.
DeadlineStatus: TypeAlias = Literal["open", "near", "due", "late", "done", "done_late", "in_force", "over"]

#: Working days ahead from which a deadline is near; a weekly report is near from the last working day before it.
WARN_DAYS = 3
_MORNING = time(8, 0)


@dataclass(frozen=True)
class Deadline:
    """Deadline in local time: expected at `due`, late after `latest`, with reminders from `warn` on.

    `venues`: identifiers of the venues of a freeze at some venues only; empty for all. `was`: time before the
    preparation of the workspace, for a moved deadline.
    """

    id: str
    kind: DeadlineKind
    title: Text
    due: datetime
    latest: datetime
    warn: datetime
    status: DeadlineStatus
    note: Text | None = None
    owner: str = ""
    venues: tuple[str, ...] = ()
    was: datetime | None = None

    @property
    def late(self) -> bool:
        """Return True for a past deadline with a missing item."""
        return self.status == "late"

    def to_dict(self) -> dict[str, Any]:
        """Return the deadline as plain JSON types."""
        return {
            "id": self.id,
            "kind": self.kind,
            "status": self.status,
            "due": self.due.isoformat(timespec="minutes"),
            "latest": self.latest.isoformat(timespec="seconds"),
            "warn": self.warn.isoformat(timespec="minutes"),
            "was": self.was.isoformat(timespec="minutes") if self.was else None,
            "title": in_both(self.title),
            "note": in_both(self.note) if self.note else None,
            "owner": self.owner,
            "venues": [*self.venues],
        }


def deadlines(
    event: Event,
    duties: Iterable[Duty],
    sent: Sequence[SentDocument],
    moment: datetime,
    *,
    done: Collection[str] = (),
    audits: Sequence[datetime] = (),
    incidents: Sequence[Incident] = (),
    more: Iterable[Deadline] = (),
) -> tuple[Deadline, ...]:
    """All deadlines by time, and `more`. `done` are ids of fulfilled clauses, `audits` the moments of finished runs."""
    calendar = Calendar.of(event)
    found = [
        *more,
        *weekly(event, sent, moment),
        *_duty_list(event, calendar, sent, moment),
        *_freezes(event, calendar, moment),
        *(_trial(trial, event, moment, done=done, audits=audits) for trial in event.tests),
        *(_clause(duty, duty.due, event, moment, done) for duty in applying(duties, event.operator) if duty.due),
        *(notice for incident in incidents for notice in _notices(incident, event, moment)),
    ]
    return tuple(sorted(found, key=lambda deadline: (deadline.due, deadline.latest, deadline.id)))


def weekly(event: Event, sent: Sequence[SentDocument], moment: datetime) -> tuple[Deadline, ...]:
    """Return the weekly reports. A report due on a day off is announced, and to be ready, on the last working day
    before.

    Of those due before the preparation of the workspace, the last is moved unless another one comes before the end of
    the event; the others are over.
    """
    plan = event.weekly_report
    if plan is None:
        return ()
    calendar = Calendar.of(event)
    papers = [paper for paper in sent if paper.kind == "weekly-report"]
    papers.sort(key=lambda paper: paper.at, reverse=True)
    # The first delivery of a report is the last here, and stays.
    reports = {paper.due or _reported(paper.at, plan.weekday): paper for paper in papers}
    found: list[Deadline] = []
    for due in plan.deadlines():
        latest = max(moment_at(due.date(), plan.latest), due)
        warn = moment_at(calendar.working_day_before(due.date()), _MORNING)
        paper = reports.get(due.date())
        title = message("clauses:deadline.weekly_report", weekday=str(due.weekday()), day=due.date())
        note = _holiday(due, warn, calendar)
        one = Deadline(f"weekly-{due:%Y-%m-%d}", "weekly_report", title, due, latest, warn, "open", note)
        found.append(judged(one, event, moment, paper.at if paper else None))
    owed = any(one.was is None and (event.end is None or one.due <= event.end) for one in found)
    moved = [one for one in found if one.was and one.status not in ("done", "done_late")]
    covered = moved if owed else moved[:-1]
    return tuple(replace(one, status="over", due=one.was or one.due) if one in covered else one for one in found)


def _reported(moment: datetime, weekday: int) -> date:
    """Return the day of a report without a day: the coming weekday within three days, else the latest."""
    today = local_time(moment).date()
    ahead = (weekday - today.weekday()) % 7
    return today + timedelta(days=ahead if ahead <= _EARLY_DAYS else ahead - 7)


def _holiday(due: datetime, warn: datetime, calendar: Calendar) -> Text | None:
    reason = calendar.off(due.date())
    if reason is None:
        return None
    return message("clauses:deadline.day_off", day=due.date(), reason=reason, ready=warn.date())


def _duty_list(
    event: Event, calendar: Calendar, sent: Iterable[SentDocument], moment: datetime
) -> tuple[Deadline, ...]:
    before = event.duty_list_before
    if before is None:
        return ()
    latest = before - timedelta(seconds=1)
    paper = first_sent(sent, "duty-list")
    title = message("clauses:deadline.duty_list", before=event.owed(before))
    one = Deadline("duty-list", "duty_list", title, latest, latest, ahead(latest, calendar), "open")
    return (judged(one, event, moment, paper.at if paper else None),)


def _freezes(event: Event, calendar: Calendar, moment: datetime) -> tuple[Deadline, ...]:
    found = []
    for number, window in enumerate((w for w in event.windows if w.kind == "freeze"), 1):
        warn = ahead(window.start, calendar)
        status: DeadlineStatus = "near" if moment >= warn else "open"
        if moment >= window.start:
            status = "in_force" if moment < window.end else "over"
        named = Bilingual(window.name_vi, window.name)
        title = named if window.name or window.name_vi else message("clauses:deadline.freeze")
        note = message("clauses:deadline.freeze_note", start=window.start, end=window.end)
        span = Deadline(f"freeze-{number}", "freeze", title, window.start, window.end, warn, status, note)
        found.append(replace(span, venues=window.venues))
    return tuple(found)


def _trial(
    trial: ScheduledTest, event: Event, moment: datetime, *, done: Collection[str], audits: Sequence[datetime]
) -> Deadline:
    made: datetime | None = None
    if trial.proved_by == "audit":
        made = min((audit for audit in audits if audit >= trial.start), default=None)
        proof = message("clauses:deadline.proved_by_audit")
    else:
        made = min(trial.due, moment) if trial.proved_by in done else None
        proof = message("clauses:deadline.proved_by_clause", clause=trial.proved_by)
    warn = min(max(trial.start, ahead(trial.due, Calendar.of(event))), trial.due)
    note = message("clauses:deadline.test_note", start=trial.start, due=trial.due, proof=proof)
    title = Bilingual(trial.name_vi, trial.name)
    one = Deadline(f"test-{trial.id}", "test", title, trial.due, trial.due, warn, "open", note)
    return judged(one, event, moment, made)


def _clause(duty: Duty, due: datetime, event: Event, moment: datetime, done: Collection[str]) -> Deadline:
    warn = ahead(due, Calendar.of(event))
    title = message("clauses:deadline.clause", clause=duty.id, what=Bilingual(short(duty.vi), short(duty.en)))
    one = Deadline(f"clause-{duty.id}", "clause", title, due, due, warn, "open", duty.period, duty.owner)
    return judged(one, event, moment, min(due, moment) if duty.id in done else None)


def _notices(incident: Incident, event: Event, moment: datetime) -> Iterable[Deadline]:
    for demand in incident.demands(event.notice_limits, moment):
        if demand.status not in ("waiting", "overdue"):
            continue
        addressee = addressee_name(demand.to, event)
        title = message("clauses:deadline.notice", incident=incident.id, stage=demand.stage, addressee=addressee)
        status = status_at(demand.due, demand.due, incident.noticed, moment, None)
        name = f"{incident.id}-{demand.stage}-{demand.to}"
        yield Deadline(name, "incident", title, demand.due, demand.due, incident.noticed, status)


def ahead(due: datetime, calendar: Calendar) -> datetime:
    """Morning some working days before."""
    first = calendar.working_day_before(local_time(due).date(), WARN_DAYS)
    return moment_at(first, _MORNING)


def judged(deadline: Deadline, event: Event, moment: datetime, made: datetime | None) -> Deadline:
    """Return a deadline with its status at a moment; moved when the workspace was prepared after its last moment.

    Over instead of late for an event that was over by then. `made`: time of the missing item.
    """
    latest = event.owed(deadline.latest)
    forgone = event.forgone(deadline.latest, moment)
    if latest == deadline.latest and not forgone:
        return replace(deadline, status=status_at(deadline.due, latest, deadline.warn, moment, made))
    was = message("clauses:deadline.was", was=deadline.due)
    note = message("terms:several", items=[was, deadline.note]) if deadline.note else was
    status = status_at(latest, latest, deadline.warn, moment, made)
    status = "over" if forgone and status == "late" else status
    due = deadline.due if forgone else latest
    return replace(deadline, due=due, latest=latest, status=status, note=note, was=deadline.due)


def status_at(
    due: datetime, latest: datetime, warn: datetime, moment: datetime, made: datetime | None
) -> DeadlineStatus:
    """Status at a moment; `made`: time of the missing item."""
    if made is not None:
        return "done" if made <= latest else "done_late"
    if moment > latest:
        return "late"
    if moment > due:
        return "due"
    return "near" if moment >= warn else "open"
