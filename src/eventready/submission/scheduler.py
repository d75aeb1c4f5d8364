"""Scheduler of a workspace: due jobs, each once, also after a kill at any moment."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from eventready.clauses.gather import gather
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, RefusedError
from eventready.core.messages import Message, message
from eventready.core.records import Moment, Stream, Words
from eventready.core.redaction.redaction import redactor
from eventready.delivery.mail.delivery_log import DeliveryLog
from eventready.delivery.notify.sender import Attempt
from eventready.store.store import Store
from eventready.submission.timetable import JOB_KINDS, ScheduledJob, jobs, next_moment
from eventready.workspace.workspace import Workspace, load_workspace

Step: TypeAlias = Literal["begun", "done", "failed"]


@dataclass(frozen=True)
class JobEntry:
    """Step of a job for the occurrences `covers`, with its outcome or the reason of its failure."""

    step: Step
    covers: tuple[str, ...]
    at: Moment
    rehearsal: bool = False
    note: Words = ""


#: Entries are keyed by the name of the job.
STREAM = Stream("schedule", JobEntry)

#: Attempts of a failing audit or draft, and the pause between attempts of any job.
TRIES = 3
PAUSE = timedelta(minutes=10)


class ScheduleLog:
    """Entries of a store: of rehearsals under a rehearsal's clock, else of real operation."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._journal = store.journal(STREAM)
        self._clock = clock

    def closed(self) -> frozenset[str]:
        """Return the occurrences done, failed TRIES times, or failed within PAUSE. Interrupted jobs are open.

        Notifications have no limit of attempts.
        """
        done: set[str] = set()
        failed: Counter[str] = Counter()
        for one in self._entries():
            if one.step == "done":
                done.update(one.covers)
            elif one.step == "failed":
                failed.update(one.covers)
                if self._clock.now() - one.at < PAUSE:
                    done.update(one.covers)
        return frozenset(done | {name for name, times in failed.items() if times >= TRIES and ":" not in name})

    def cut_off(self, job: ScheduledJob) -> bool:
        """Return True for a job begun and never ended."""
        mine = [one.step for one in self._entries() if job.id in one.covers]
        return bool(mine) and mine[-1] == "begun"

    def begun(self, job: ScheduledJob) -> None:
        """Log the begin of a job."""
        self._enter("begun", job)

    def done(self, job: ScheduledJob, note: str | Message = "") -> None:
        """Log the end of a job with its outcome."""
        self._enter("done", job, note)

    def failed(self, job: ScheduledJob, reason: str | Message) -> None:
        """Log a failed job."""
        self._enter("failed", job, reason)

    def _enter(self, step: Step, job: ScheduledJob, note: str | Message = "") -> None:
        entry = JobEntry(step, job.covers, self._clock.now(), self._clock.rehearsal, note)
        self._journal.append(lambda _entries: (job.id, entry), self._clock.real())

    def _entries(self) -> list[JobEntry]:
        return [entry.body for entry in self._journal.entries() if entry.body.rehearsal == self._clock.rehearsal]


#: Longest pause between two rounds, in seconds: the first notice of an incident is due within minutes.
LONGEST_PAUSE_S = 60.0


class JobWorker(Protocol):
    """Executes jobs. Each method returns a sentence for the log."""

    @property
    def channels(self) -> Sequence[str]:
        """Return the outbox of reminders to people, if any."""

    def audit(self) -> str | Message:
        """Audit every device."""

    def draft(self, due: date, name: str) -> str | Message:
        """Draft the weekly report of a Monday in the folder `name`."""

    def notify(self, job: ScheduledJob) -> str | Message:
        """Put the reminders of a job into the outbox."""

    def deliver(self) -> Iterator[Attempt]:
        """Send the due messages of the outbox."""


MakeWorker = Callable[[Workspace, Store], JobWorker]


@dataclass(frozen=True)
class JobResult:
    """Result of a job at the event's time. `resumed`: an earlier attempt was cut off."""

    at: datetime
    job: ScheduledJob
    outcome: str | Message
    failed: bool = False
    resumed: bool = False


class Scheduler:
    """Scheduler of a workspace. `make_worker` returns the worker, `sleep` waits for seconds."""

    def __init__(
        self, folder: Path, clock: Clock, make_worker: MakeWorker, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._folder, self._clock, self._make_worker, self._sleep = folder, clock, make_worker, sleep
        self._next: datetime | None = None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the workspace's lock of schedulers. Raises RefusedError while another scheduler holds the lock."""
        with Store.of_workspace(self._folder) as store, store.exclusive("schedule") as acquired:
            if not acquired:
                raise RefusedError(message("delivery:schedule.running"))
            yield

    def once(self) -> Iterator[JobResult]:
        """Execute the due jobs. Raises WorkspaceError, StoreError."""
        workspace = load_workspace(self._folder)
        with Store.of_workspace(self._folder) as store:
            log, worker = ScheduleLog(store, self._clock), self._make_worker(workspace, store)
            closed = log.closed()
            due = self._due(workspace, store, closed, worker.channels)
            for kind in JOB_KINDS:
                mine = [job for job in due if job.kind == kind]
                for job in mine:
                    yield from self._execute(job, log, worker)
                if mine:
                    due = self._due(workspace, store, closed, worker.channels)
            for sent in worker.deliver():
                job = ScheduledJob("send", (sent.delivery.id,), channel=sent.delivery.address)
                yield JobResult(self._clock.now(), job, sent.outcome, failed=sent.failed)

    def forever(self) -> Iterator[JobResult | EventreadyError]:
        """Repeat `once`. Yield the error of an invalid workspace, and try again."""
        while True:
            try:
                yield from self.once()
            except EventreadyError as error:
                self._next = None
                yield error
            wait = (self._next - self._clock.now()).total_seconds() if self._next else LONGEST_PAUSE_S
            self._sleep(min(LONGEST_PAUSE_S, max(0.0, wait)))

    def _due(
        self, workspace: Workspace, store: Store, closed: frozenset[str], channels: Sequence[str]
    ) -> tuple[ScheduledJob, ...]:
        """Due jobs; computed anew after the jobs of a kind, since an audit changes the reminders."""
        deliveries, moment = DeliveryLog(store, self._clock).deliveries(), self._clock.now()
        deadlines = gather(workspace, self._clock).deadlines(workspace, moment)
        self._next = next_moment(workspace.event, deadlines, moment)
        own = [delivery for delivery in deliveries if delivery.rehearsal == self._clock.rehearsal]
        return jobs(workspace.event, deadlines, own, closed, moment, channels=channels)

    def _execute(self, job: ScheduledJob, log: ScheduleLog, worker: JobWorker) -> Iterator[JobResult]:
        """Execute a job and log the begin and the end. A reminder ends after the consumer has printed the text."""
        resumed = log.cut_off(job)
        log.begun(job)
        if job.kind == "remind":
            yield JobResult(self._clock.now(), job, job.log_text, resumed=resumed)
            log.done(job, job.log_text)
            return
        try:
            outcome = _work(job, worker)
        except Exception as error:  # a defect in one job must not stop the others
            reason = _reason(error)
            log.failed(job, reason)
            yield JobResult(self._clock.now(), job, reason, failed=True, resumed=resumed)
            return
        log.done(job, outcome)
        yield JobResult(self._clock.now(), job, outcome, resumed=resumed)


def _work(job: ScheduledJob, worker: JobWorker) -> str | Message:
    if job.kind == "notify":
        return worker.notify(job)
    return worker.draft(job.due, job.id) if job.due is not None else worker.audit()


def _reason(error: Exception) -> Message:
    if isinstance(error, EventreadyError):
        return error.whole
    cause = error.__cause__
    root = f" ({cause})" if cause is not None else ""
    reason = redactor.redact(f"{type(error).__name__}: {error}{root}")
    return message("delivery:job.internal", error=reason)
