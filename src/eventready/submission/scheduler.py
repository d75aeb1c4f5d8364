"""Scheduler of a workspace: due jobs, each once, also after a kill at any moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from eventready.clauses.gather import gather
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, RefusedError
from eventready.core.messages import Rendered, message, rendered
from eventready.core.redaction.redaction import redactor
from eventready.delivery.mail.delivery_log import DeliveryLog
from eventready.delivery.notify.sender import Attempt
from eventready.store.store import Store
from eventready.submission.schedule_log import ScheduleLog
from eventready.submission.timetable import JOB_KINDS, ScheduledJob, jobs, next_moment
from eventready.workspace.workspace import Workspace, load_workspace

#: Longest pause between two rounds, in seconds: the first notice of an incident is due within minutes.
LONGEST_PAUSE_S = 60.0


class JobWorker(Protocol):
    """Executes jobs. Each method returns a sentence for the log."""

    @property
    def channels(self) -> Sequence[str]:
        """Return the outbox of reminders to people, if any."""

    def audit(self) -> str:
        """Audit every device."""

    def draft(self, due: date, name: str) -> str:
        """Draft the weekly report of a Monday in the folder `name`."""

    def notify(self, job: ScheduledJob) -> str:
        """Put the reminders of a job into the outbox."""

    def deliver(self) -> Iterator[Attempt]:
        """Send the due messages of the outbox."""


MakeWorker = Callable[[Workspace, Store], JobWorker]


@dataclass(frozen=True)
class JobResult:
    """Result of a job at the event's time. `resumed`: an earlier attempt was cut off."""

    at: datetime
    job: ScheduledJob
    outcome: str
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


def _work(job: ScheduledJob, worker: JobWorker) -> str:
    if job.kind == "notify":
        return worker.notify(job)
    return worker.draft(job.due, job.id) if job.due is not None else worker.audit()


def _reason(error: Exception) -> str:
    if isinstance(error, EventreadyError):
        return Rendered(error.whole)
    cause = error.__cause__
    root = f" ({cause})" if cause is not None else ""
    reason = redactor.redact(f"{type(error).__name__}: {error}{root}")
    return rendered("delivery:job.internal", error=reason)
