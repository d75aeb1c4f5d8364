"""Journal of the scheduler: jobs begun, done or failed, by occurrence. Rehearsals have entries of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from eventready.core.clock import Clock
from eventready.core.messages import as_record
from eventready.store.records.stream import Stream
from eventready.store.store import Store
from eventready.submission.timetable import ScheduledJob

STREAM: Stream[Any] = Stream("schedule", dict[str, Any])

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
        for body in self._bodies():
            if body["kind"] == "done":
                done.update(body["covers"])
            elif body["kind"] == "failed":
                failed.update(body["covers"])
                if self._clock.now() - datetime.fromisoformat(body["at"]) < PAUSE:
                    done.update(body["covers"])
        return frozenset(done | {name for name, times in failed.items() if times >= TRIES and ":" not in name})

    def cut_off(self, job: ScheduledJob) -> bool:
        """Return True for a job begun and never ended."""
        mine = [body["kind"] for body in self._bodies() if job.id in body["covers"]]
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

    def _enter(self, kind: str, job: ScheduledJob, note: str = "") -> None:
        body = {
            "kind": kind,
            "covers": list(job.covers),
            "at": self._clock.now().isoformat(timespec="seconds"),
            "rehearsal": self._clock.rehearsal,
            **as_record("note", note),
        }
        self._journal.append(lambda _entries: (job.id, body), self._clock.real())

    def _bodies(self) -> list[Mapping[str, Any]]:
        return [entry.body for entry in self._journal.entries() if entry.body["rehearsal"] == self._clock.rehearsal]
