"""What is due when: the weekly reports, the duty list, the freeze, tests, clauses, and notices of incidents."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, TypeAlias

from eventready.clock import TZ
from eventready.duty.applies import applying
from eventready.duty.calendar import Calendar
from eventready.duty.incident import ADDRESSEE_WORDS, STAGE_WORDS, Incident
from eventready.duty.sent import SentDocument
from eventready.duty.words import NOTHING, Words, at, day, short
from eventready.workspace.duties import Duty
from eventready.workspace.event import Event, Trial

DeadlineKind: TypeAlias = Literal["weekly_report", "duty_list", "freeze", "test", "clause", "incident"]
#: `near`: it is time to begin; `due`: it should be there by now; `late`: it must have been there.
DeadlineStanding: TypeAlias = Literal["open", "near", "due", "late", "done", "done_late", "in_force", "over"]

#: Working days ahead from which a deadline is near; a weekly report is near from the last working day before it.
WARN_DAYS = 3
_MORNING = time(8, 0)

STANDING_WORDS: dict[DeadlineStanding, Words] = {
    "open": Words("chưa đến hạn", "open"),
    "near": Words("sắp đến hạn", "near"),
    "due": Words("đến hạn", "due"),
    "late": Words("QUÁ HẠN", "LATE"),
    "done": Words("đã xong", "done"),
    "done_late": Words("đã xong, trễ hạn", "done late"),
    "in_force": Words("đang áp dụng", "in force"),
    "over": Words("đã kết thúc", "over"),
}


@dataclass(frozen=True)
class Deadline:
    """`due`: when it should be there; after `latest` it is late; from `warn` on people are told. Local time."""

    id: str
    kind: DeadlineKind
    title: Words
    due: datetime
    latest: datetime
    warn: datetime
    standing: DeadlineStanding
    note: Words = NOTHING
    owner: str = ""

    @property
    def late(self) -> bool:
        """True when it was missed and is still not there."""
        return self.standing == "late"


def deadlines(
    event: Event,
    duties: Iterable[Duty],
    sent: Sequence[SentDocument],
    moment: datetime,
    *,
    done: Collection[str] = (),
    audits: Sequence[datetime] = (),
    incidents: Sequence[Incident] = (),
) -> tuple[Deadline, ...]:
    """Everything that is due, by time. `done` are the clauses that are, `audits` the moments of finished runs."""
    calendar = Calendar(event.days_off)
    found = [
        *weekly(event, sent, moment),
        *_duty_list(event, calendar, sent, moment),
        *_freezes(event, calendar, moment),
        *(_trial(trial, calendar, moment, done, audits) for trial in event.tests),
        *(_clause(duty, duty.due, calendar, moment, done) for duty in applying(duties, event.operator) if duty.due),
        *(notice for incident in incidents for notice in _notices(incident, event, moment)),
    ]
    return tuple(sorted(found, key=lambda deadline: (deadline.due, deadline.latest, deadline.id)))


def weekly(event: Event, sent: Sequence[SentDocument], moment: datetime) -> tuple[Deadline, ...]:
    """The weekly reports. One whose day is off is announced, and to be ready, on the last working day before."""
    plan = event.weekly_report
    if plan is None:
        return ()
    calendar = Calendar(event.days_off)
    reports = {paper.due or _reported(paper.at): paper for paper in _latest_first(sent, "weekly-report")}
    found = []
    for due in plan.deadlines():
        latest = datetime.combine(due.date(), plan.latest, TZ)
        warn = datetime.combine(calendar.working_day_before(due.date()), _MORNING, TZ)
        paper = reports.get(due.date())
        title = Words(f"Báo cáo tuần, thứ Hai {day(due)}", f"Weekly report of {day(due)}")
        if due.weekday() != 0:
            title = Words(f"Báo cáo tuần, ngày {day(due)}", title.en)
        standing = _standing(due, max(latest, due), warn, moment, paper.at if paper else None)
        note = _holiday(due, warn, calendar)
        found.append(
            Deadline(f"weekly-{due:%Y-%m-%d}", "weekly_report", title, due, max(latest, due), warn, standing, note)
        )
    return tuple(found)


def _latest_first(sent: Iterable[SentDocument], kind: str) -> list[SentDocument]:
    """By time from the latest, so that a mapping made of it keeps the first that went out."""
    return sorted((paper for paper in sent if paper.kind == kind), key=lambda paper: paper.at, reverse=True)


def _reported(moment: datetime) -> date:
    """The Monday that a report without a day is for: from Friday on the coming one, else the week's own."""
    today = moment.astimezone(TZ).date()
    monday = today - timedelta(days=today.weekday())
    return monday + timedelta(days=7) if today.weekday() >= 4 else monday


def _holiday(due: datetime, warn: datetime, calendar: Calendar) -> Words:
    reason = calendar.off(due.date())
    if reason is None:
        return NOTHING
    return Words(
        f"{day(due)} là ngày nghỉ ({reason.vi}), vẫn phải báo cáo: hoàn thành trong ngày làm việc cuối {day(warn)}",
        f"{day(due)} is a day off ({reason.en}) and the report is due all the same: have it ready on the last working "
        f"day, {day(warn)}",
    )


def _duty_list(
    event: Event, calendar: Calendar, sent: Iterable[SentDocument], moment: datetime
) -> tuple[Deadline, ...]:
    before = event.duty_list_before
    if before is None:
        return ()
    latest = before - timedelta(seconds=1)
    papers = _latest_first(sent, "duty-list")
    warn = _ahead(latest, calendar)
    standing = _standing(latest, latest, warn, moment, papers[-1].at if papers else None)
    title = Words(f"Danh sách trực, trước {at(before)}", f"Duty list, before {at(before)}")
    return (Deadline("duty-list", "duty_list", title, latest, latest, warn, standing),)


def _freezes(event: Event, calendar: Calendar, moment: datetime) -> tuple[Deadline, ...]:
    found = []
    for number, window in enumerate((w for w in event.windows if w.kind == "freeze"), 1):
        warn = _ahead(window.start, calendar)
        standing: DeadlineStanding = "near" if moment >= warn else "open"
        if moment >= window.start:
            standing = "in_force" if moment < window.end else "over"
        title = Words(window.name_vi or window.name or "Đóng băng thay đổi", window.name or "Change freeze")
        note = Words(
            f"không thay đổi mạng từ {at(window.start)} đến {at(window.end)}, trừ trường hợp khẩn cấp được duyệt",
            f"no change from {at(window.start)} to {at(window.end)}, but an approved one in an emergency",
        )
        found.append(Deadline(f"freeze-{number}", "freeze", title, window.start, window.end, warn, standing, note))
    return tuple(found)


def _trial(
    trial: Trial, calendar: Calendar, moment: datetime, done: Collection[str], audits: Sequence[datetime]
) -> Deadline:
    made: datetime | None = None
    if trial.proved_by == "audit":
        made = min((audit for audit in audits if audit >= trial.start), default=None)
        proof = Words("chứng minh bằng một lần kiểm tra thiết bị", "proved by an audit")
    else:
        made = min(trial.due, moment) if trial.proved_by in done else None
        proof = Words(f"chứng minh bằng mục {trial.proved_by}", f"proved by clause {trial.proved_by}")
    warn = min(max(trial.start, _ahead(trial.due, calendar)), trial.due)
    span = Words(
        f"từ {at(trial.start)} đến {at(trial.due)}; {proof.vi}", f"{at(trial.start)} to {at(trial.due)}; {proof.en}"
    )
    standing = _standing(trial.due, trial.due, warn, moment, made)
    title = Words(trial.name_vi or trial.name, trial.name)
    return Deadline(f"test-{trial.id}", "test", title, trial.due, trial.due, warn, standing, span)


def _clause(duty: Duty, due: datetime, calendar: Calendar, moment: datetime, done: Collection[str]) -> Deadline:
    warn = _ahead(due, calendar)
    standing = _standing(due, due, warn, moment, min(due, moment) if duty.id in done else None)
    title = Words(f"Mục {duty.id}: {short(duty.vi)}", f"Clause {duty.id}: {short(duty.en)}")
    note = Words(duty.deadline, duty.deadline)
    return Deadline(f"clause-{duty.id}", "clause", title, due, due, warn, standing, note, duty.owner)


def _notices(incident: Incident, event: Event, moment: datetime) -> Iterable[Deadline]:
    for demand in incident.demands(event.notice_limits, moment):
        if demand.standing not in ("waiting", "overdue"):
            continue
        stage, to = STAGE_WORDS[demand.stage], ADDRESSEE_WORDS[demand.to]
        title = Words(f"{incident.id}: {stage.vi} cho {to.vi}", f"{incident.id}: {stage.en} to {to.en}")
        standing = _standing(demand.due, demand.due, incident.noticed, moment, None)
        name = f"{incident.id}-{demand.stage}-{demand.to}"
        yield Deadline(name, "incident", title, demand.due, demand.due, incident.noticed, standing)


def _ahead(due: datetime, calendar: Calendar) -> datetime:
    """The morning some working days before."""
    first = calendar.working_day_before(due.astimezone(TZ).date(), WARN_DAYS)
    return datetime.combine(first, _MORNING, TZ)


def _standing(
    due: datetime, latest: datetime, warn: datetime, moment: datetime, made: datetime | None
) -> DeadlineStanding:
    if made is not None:
        return "done" if made <= latest else "done_late"
    if moment > latest:
        return "late"
    if moment > due:
        return "due"
    return "near" if moment >= warn else "open"
