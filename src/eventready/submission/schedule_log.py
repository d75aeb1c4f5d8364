"""Journal of the scheduler: jobs begun, done or failed, by occurrence. Rehearsals have entries of their own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

from eventready.core.clock import Clock
from eventready.core.records import Moment, Stream, Words
from eventready.store.store import Store
from eventready.submission.timetable import ScheduledJob

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

    def done(self, job: ScheduledJob, note: str = "") -> None:
        """Log the end of a job with its outcome."""
        self._enter("done", job, note)

    def failed(self, job: ScheduledJob, reason: str) -> None:
        """Log a failed job."""
        self._enter("failed", job, reason)

    def _enter(self, step: Step, job: ScheduledJob, note: str = "") -> None:
        entry = JobEntry(step, job.covers, self._clock.now(), self._clock.rehearsal, note)
        self._journal.append(lambda _entries: (job.id, entry), self._clock.real())

    def _entries(self) -> list[JobEntry]:
        return [entry.body for entry in self._journal.entries() if entry.body.rehearsal == self._clock.rehearsal]
