"""What the scheduler has done, on disk: begun, done or failed, by occurrence. A rehearsal keeps a diary of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from eventready.clock import Clock
from eventready.delivery.timetable import Job
from eventready.store.store import Store

STREAM = "schedule"

#: A job that failed is tried again after a while, but not for ever.
TRIES = 3
PAUSE = timedelta(minutes=10)


class Diary:
    """The entries of one store, those of rehearsals or the others, as the clock is."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._journal = store.journal(STREAM)
        self._clock = clock

    def closed(self) -> frozenset[str]:
        """The occurrences that are done, have failed too often, or failed a moment ago. What was cut off is open."""
        done: set[str] = set()
        failed: Counter[str] = Counter()
        for body in self._bodies():
            if body["kind"] == "done":
                done.update(body["covers"])
            elif body["kind"] == "failed":
                failed.update(body["covers"])
                if self._clock.now() - datetime.fromisoformat(body["at"]) < PAUSE:
                    done.update(body["covers"])
        return frozenset(done | {name for name, times in failed.items() if times >= TRIES})

    def cut_off(self, job: Job) -> bool:
        """True when it was begun before and never ended."""
        mine = [body["kind"] for body in self._bodies() if job.id in body["covers"]]
        return bool(mine) and mine[-1] == "begun"

    def begun(self, job: Job) -> None:
        """Somebody starts on it."""
        self._enter("begun", job)

    def done(self, job: Job, note: str = "") -> None:
        """It is done; `note` says what came of it."""
        self._enter("done", job, note)

    def failed(self, job: Job, why: str) -> None:
        """It could not be done."""
        self._enter("failed", job, why)

    def _enter(self, kind: str, job: Job, note: str = "") -> None:
        body = {
            "kind": kind,
            "covers": list(job.covers),
            "at": self._clock.now().isoformat(timespec="seconds"),
            "rehearsal": self._clock.rehearsal,
            "note": note,
        }
        self._journal.append(lambda _entries: (job.id, body), self._clock.real())

    def _bodies(self) -> list[Mapping[str, Any]]:
        return [entry.body for entry in self._journal.entries() if entry.body["rehearsal"] == self._clock.rehearsal]
