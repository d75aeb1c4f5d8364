"""One process that does what is due, when it is due, once: kill it at any moment, and the next one goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from eventready.clock import Clock
from eventready.delivery.diary import Diary
from eventready.delivery.record import Record, sent_from
from eventready.delivery.timetable import Job, jobs, next_moment
from eventready.duty.on_record import gather
from eventready.errors import EventreadyError, RefusedError
from eventready.session.redaction import redactor
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace, load_workspace

#: No longer than this between two looks: an incident's first notice is due within minutes.
LOOK_S = 60.0


class Worker(Protocol):
    """Does the work."""

    def audit(self) -> str:
        """Audit every device; what came of it."""

    def draft(self, due: date, name: str) -> str:
        """Draft the weekly report of a Monday in the folder `name`; what came of it."""


Hire = Callable[[Workspace, Store], Worker]


@dataclass(frozen=True)
class Told:
    """A job that was done, or what hindered it, at the event's time."""

    at: datetime
    job: Job
    said: str
    failed: bool = False
    again: bool = False


class Scheduler:
    """The scheduler of one workspace. `hire` gives who does the work, `sleep` waits for seconds."""

    def __init__(self, folder: Path, clock: Clock, hire: Hire, sleep: Callable[[float], None] = time.sleep) -> None:
        self._folder, self._clock, self._hire, self._sleep = folder, clock, hire, sleep
        self._next: datetime | None = None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """The block in which no other scheduler is at work here. Raises RefusedError."""
        with Store.of_workspace(self._folder) as store, store.alone("schedule") as mine:
            if not mine:
                raise RefusedError("another `eventready schedule` is at work here", do="Nothing is to do.")
            yield

    def once(self) -> Iterator[Told]:
        """Do what is due now; what came of each. Raises WorkspaceError, StoreError."""
        workspace = load_workspace(self._folder)
        with Store.of_workspace(self._folder) as store:
            diary, worker = Diary(store, self._clock), self._hire(workspace, store)
            closed = diary.closed()
            for kind in ("audit", "draft", "remind"):
                for job in self._due(workspace, store, closed):
                    if job.kind == kind:
                        yield from self._do(job, diary, worker)

    def forever(self) -> Iterator[Told | EventreadyError]:
        """`once`, again and again. What does not hold in the workspace is given as an error, and looked at again."""
        while True:
            try:
                yield from self.once()
            except EventreadyError as error:
                self._next = None
                yield error
            wait = (self._next - self._clock.now()).total_seconds() if self._next else LOOK_S
            self._sleep(min(LOOK_S, max(0.0, wait)))

    def _due(self, workspace: Workspace, store: Store, closed: frozenset[str]) -> tuple[Job, ...]:
        """What is due, seen anew for every kind of job: an audit changes what there is to remind of."""
        record, moment = Record(store, self._clock), self._clock.now()
        address = workspace.event.recipient.email
        on_record = gather(
            workspace, lambda known: sent_from(known, self._clock, address), rehearsal=self._clock.rehearsal
        )
        deadlines = on_record.deadlines(workspace, moment)
        self._next = next_moment(workspace.event, deadlines, moment)
        mine = [d for d in record.deliveries() if d.rehearsal == self._clock.rehearsal]
        return jobs(workspace.event, deadlines, mine, closed, moment)

    def _do(self, job: Job, diary: Diary, worker: Worker) -> Iterator[Told]:
        """A job from its beginning to its end. A reminder is done when it has been said, so not before the yield."""
        again = diary.cut_off(job)
        diary.begun(job)
        if job.kind == "remind":
            yield Told(self._clock.now(), job, job.words.vi, again=again)
            diary.done(job, job.words.vi)
            return
        try:
            said = worker.draft(job.due, job.id) if job.due is not None else worker.audit()
        except Exception as error:  # one job's defect must not keep the others from being done
            why = _why(error)
            diary.failed(job, why)
            yield Told(self._clock.now(), job, why, failed=True, again=again)
            return
        diary.done(job, said)
        yield Told(self._clock.now(), job, said, again=again)


def _why(error: Exception) -> str:
    if isinstance(error, EventreadyError):
        return str(error)
    cause = error.__cause__
    root = f" ({cause})" if cause is not None else ""
    return redactor.redact(f"internal error, {type(error).__name__}: {error}{root}")
