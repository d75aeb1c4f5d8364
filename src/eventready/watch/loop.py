"""Loop of a watch: readings by bounded threads, in the order of their due times; changes and beats are recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from math import inf
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Protocol

from eventready.checks.finding import Finding
from eventready.core.clock import Clock
from eventready.facts.observation import Observation
from eventready.store.watch_log import BEAT_S, Beat
from eventready.watch.schedule import DueReading, Schedule
from eventready.watch.states import StateChange
from eventready.watch.watcher import Watcher

#: Longest pause between two rounds, in seconds: stale answers and pauses are noticed within it.
_ROUND_S = 1.0
#: A reading of so many seconds hangs, and leaves its place to others: up to so many readings per place.
_HANGS_S, _HANGING = 5.0, 16
#: Seconds without a round, of a stopped process or a slow disk, after which nobody has asked the devices.
_STILL_S = 10.0


class AnswerSource(Protocol):
    """Source of observations, called from several threads; for the questions of a device beside its other facts."""

    def read(self, device: str, facts: Sequence[str]) -> Sequence[Observation]:
        """Return an observation per fact; without facts, end the session of a device at rest."""


class Log(Protocol):
    """Record of a watch."""

    def beat(self, beat: Beat) -> None:
        """Record a beat."""

    def changes(self, changes: Sequence[StateChange]) -> None:
        """Record changes of state."""


class Figures(Protocol):
    """Record of the key figures. `now`: monotonic time."""

    def take(self, device: str, observations: Sequence[Observation], now: float, real: datetime) -> None:
        """Take the answers of a reading."""

    def flush(self, now: float, real: datetime) -> None:
        """Store the waiting figures."""


class ReaderThreads:
    """Threads of a reader; they end with the process, whatever a device still does."""

    def __init__(self, reader: AnswerSource, workers: int) -> None:
        self._reader, self._workers, self._threads = reader, workers, 0
        self._waiting: SimpleQueue[DueReading | None] = SimpleQueue()
        self._ended: SimpleQueue[tuple[DueReading, Sequence[Observation] | Exception]] = SimpleQueue()
        self._running: dict[tuple[str, str], float] = {}

    @property
    def free(self) -> bool:
        """True with a place for a further reading."""
        hung = time.monotonic() - _HANGS_S
        hanging = sum(1 for _ in takewhile(lambda begun: begun < hung, self._running.values()))
        return len(self._running) - min(hanging, _HANGING * self._workers) < self._workers

    def start(self, reading: DueReading) -> None:
        """Start a reading."""
        self._running[reading.device, reading.beside] = time.monotonic()
        if self._threads < len(self._running):
            self._threads += 1
            Thread(target=self._work, daemon=True, name="watch").start()
        self._waiting.put(reading)

    def ended(self, patience_s: float) -> list[tuple[DueReading, Sequence[Observation]]]:
        """Wait for an answer, and return the ended readings. Raises the exception of a reader."""
        found: list[tuple[DueReading, Sequence[Observation]]] = []
        while True:
            try:
                reading, outcome = self._ended.get(timeout=0 if found else max(patience_s, 0))
            except Empty:
                return found
            del self._running[reading.device, reading.beside]
            if isinstance(outcome, Exception):
                raise outcome
            found.append((reading, outcome))

    def close(self) -> None:
        """End the threads after their readings."""
        for _ in range(self._threads):
            self._waiting.put(None)

    def _work(self) -> None:
        while (reading := self._waiting.get()) is not None:
            try:
                self._ended.put((reading, self._reader.read(reading.device, reading.facts)))
            except Exception as error:
                self._ended.put((reading, error))


@dataclass
class WatchLoop:
    """Loop over a schedule. `resting`: devices left alone now, because of a pause or a change in progress.

    `on_round` is called after every round with its changes, `own_findings` with every beat.
    """

    watcher: Watcher
    schedule: Schedule
    reader: AnswerSource
    log: Log
    figures: Figures
    clock: Clock
    resting: Callable[[], Collection[str]]
    on_round: Callable[[Sequence[StateChange]], None]
    own_findings: Callable[[], Sequence[Finding]] = tuple
    workers: int = 32
    _readings: int = 0
    _lag_s: float = 0.0
    _round_at: float = inf

    def run(self, until: float) -> None:
        """Watch until a monotonic time. Raises StoreError when nothing can be recorded."""
        self.schedule.start(time.monotonic())
        with closing(ReaderThreads(self.reader, self.workers)) as threads:
            self._rounds(threads, until)
        self.figures.flush(time.monotonic(), self.clock.real())

    def _rounds(self, threads: ReaderThreads, until: float) -> None:
        beat_at = time.monotonic()
        while (now := time.monotonic()) < until:
            resting = self.resting()
            self._begin(threads, now, resting)
            due = self.schedule.next_at() if threads.free else None
            ended = threads.ended(min(_ROUND_S, until - now, _ROUND_S if due is None else due - now))
            changes = self._taken(ended, resting)
            beats = time.monotonic() >= beat_at
            changes += self.watcher.read_own(self.own_findings(), self.clock.now()) if beats else []
            if changes:
                self.log.changes(changes)
            self.on_round(changes)
            if beats:
                self.watcher.beat = self._beat(resting)
                self.log.beat(self.watcher.beat)
                beat_at = time.monotonic() + BEAT_S

    def _begin(self, threads: ReaderThreads, now: float, resting: Collection[str]) -> None:
        """Start the due readings, while a thread is free."""
        while threads.free and (reading := self.schedule.take(now)) is not None:
            if reading.device in resting:
                self._rest(threads, reading)
                continue
            self._lag_s = max(self._lag_s, reading.late_s)
            threads.start(reading)

    def _rest(self, threads: ReaderThreads, reading: DueReading) -> None:
        """Leave a device alone: its held session is ended, its questions and files have none."""
        if reading.beside:
            self.schedule.done(reading.device, reading.beside)
        else:
            threads.start(replace(reading, facts=()))

    def _taken(
        self, ended: Sequence[tuple[DueReading, Sequence[Observation]]], resting: Collection[str]
    ) -> list[StateChange]:
        before, self._round_at = self._round_at, time.monotonic()
        if self._round_at - before > _STILL_S:
            self.watcher.stood_still(self._round_at, self.clock.now())
        changes: list[StateChange] = []
        for reading, observations in ended:
            if not reading.facts or reading.device in resting:
                self.schedule.done(reading.device, reading.beside)
                continue
            self._readings += 1
            self.figures.take(reading.device, observations, time.monotonic(), self.clock.real())
            changes += self.watcher.read(reading.device, observations, time.monotonic(), self.clock.now())
            self.schedule.done(reading.device, reading.beside)
        changes += self.watcher.tick(time.monotonic(), self.clock.now(), resting)
        for device, facts in self.watcher.returned().items():
            self.schedule.again(device, facts, time.monotonic())
        return changes

    def _beat(self, resting: Collection[str]) -> Beat:
        devices, now = self.schedule.facts, time.monotonic()
        answering = sum(self.watcher.age(name, now) is not None for name in devices if name not in resting)
        beat = Beat(len(devices), answering, self._readings, round(self._lag_s, 1))
        self._readings, self._lag_s = 0, 0.0
        return beat
