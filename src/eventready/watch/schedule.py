"""Schedule of readings: facts of a device due together, in a fair order, a single reading of a device at a time.

The questions of a device to services may wait long for an answer, and so may files: they are read beside its other
facts.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from eventready.facts.catalogue import CATALOGUE
from eventready.facts.records import Answer
from eventready.watch.silence import shortened

#: Facts whose answers come from others than their device.
QUESTIONS = frozenset(fact for fact, kind in CATALOGUE.items() if issubclass(kind.record, Answer))
#: Facts of performance files.
FILES = frozenset(fact for fact, kind in CATALOGUE.items() if kind.of_files)
#: Facts read beside the session of a device: its questions, or its files.
Beside = Literal["", "questions", "files"]
_Place = tuple[str, Beside]
#: Facts due within this time are read with those due now, in seconds.
_TOGETHER_S = 1.0


@dataclass(frozen=True)
class DueReading:
    """Facts of a device to be read now, or those `beside` its session; `late_s`: seconds since the first was due."""

    device: str
    facts: tuple[str, ...]
    late_s: float
    beside: Beside = ""


@dataclass
class Schedule:
    """Due times of the facts of each device. Times are seconds of a monotonic clock.

    `interval_of` returns the interval of a fact, `protected` the devices with shorter intervals now. `together`:
    devices whose questions are read with their other facts, in their held session.
    """

    facts: Mapping[str, tuple[str, ...]]
    interval_of: Callable[[str], float]
    together: Collection[str] = ()
    protected: Callable[[], Collection[str]] = tuple
    _due: dict[_Place, dict[str, float]] = field(default_factory=dict)
    _queue: list[tuple[float, _Place]] = field(default_factory=list)
    _busy: set[_Place] = field(default_factory=set)

    def start(self, now: float) -> None:
        """Make all facts due, the devices in turn within the shortest interval."""
        for number, (device, facts) in enumerate(self.facts.items()):
            if facts:
                shift = min(self._interval(device, fact) for fact in facts) * number / len(self.facts)
                for fact in facts:
                    self._due.setdefault(self._place(device, fact), {})[fact] = now + shift
        for place in self._due:
            heapq.heappush(self._queue, (self._next(place), place))

    def take(self, now: float) -> DueReading | None:
        """Return the reading due longest, and mark its device as busy; None without a due reading."""
        while self._queue and self._queue[0][0] <= now:
            due, place = heapq.heappop(self._queue)
            if place in self._busy or due != self._next(place):
                continue
            facts = tuple(fact for fact, at in self._due[place].items() if at <= now + _TOGETHER_S)
            self._busy.add(place)
            for fact in facts:
                self._due[place][fact] = now + self._interval(place[0], fact)
            device, beside = place
            return DueReading(device, facts, now - due, beside)
        return None

    def done(self, device: str, beside: Beside = "") -> None:
        """End the reading of a device, or `beside` its session; facts due meanwhile are next."""
        place = device, beside
        self._busy.discard(place)
        heapq.heappush(self._queue, (self._next(place), place))

    def again(self, device: str, facts: Collection[str], now: float) -> None:
        """Make facts of a device due, after a gap of its answers."""
        for place in ((device, beside) for beside in get_args(Beside)):
            due = self._due.get(place, {})
            due.update((fact, min(now, due[fact])) for fact in facts if fact in due)
            if due and place not in self._busy:
                heapq.heappush(self._queue, (self._next(place), place))

    def next_at(self) -> float | None:
        """Return the time of the next reading; None while every device is busy."""
        return self._queue[0][0] if self._queue else None

    def _interval(self, device: str, fact: str) -> float:
        usual = self.interval_of(fact)
        return shortened(usual) if device in self.protected() else usual

    def _place(self, device: str, fact: str) -> _Place:
        if fact in FILES:
            return device, "files"
        return device, "questions" if fact in QUESTIONS and device not in self.together else ""

    def _next(self, place: _Place) -> float:
        return min(self._due[place].values())
