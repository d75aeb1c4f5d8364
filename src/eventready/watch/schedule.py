"""Schedule of readings: facts of a device due together, in a fair order, a single reading of a device at a time."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

#: Facts due within this time are read with those due now, in seconds.
_TOGETHER_S = 1.0


@dataclass(frozen=True)
class DueReading:
    """Facts of a device to be read now; `late_s`: seconds since the first of them was due."""

    device: str
    facts: tuple[str, ...]
    late_s: float


@dataclass
class Schedule:
    """Due times of the facts of each device. Times are seconds of a monotonic clock.

    `interval_of` returns the current interval of a fact: shorter in protected time.
    """

    facts: Mapping[str, tuple[str, ...]]
    interval_of: Callable[[str], float]
    _due: dict[str, dict[str, float]] = field(default_factory=dict)
    _queue: list[tuple[float, str]] = field(default_factory=list)
    _busy: set[str] = field(default_factory=set)

    def start(self, now: float) -> None:
        """Make all facts due, the devices in turn within the shortest interval."""
        for number, (device, facts) in enumerate(self.facts.items()):
            if facts:
                shift = min(map(self.interval_of, facts)) * number / len(self.facts)
                self._due[device] = dict.fromkeys(facts, now + shift)
                heapq.heappush(self._queue, (now + shift, device))

    def take(self, now: float) -> DueReading | None:
        """Return the reading due longest, and mark its device as busy; None without a due reading."""
        while self._queue and self._queue[0][0] <= now:
            due, device = heapq.heappop(self._queue)
            if device in self._busy or due != self._next(device):
                continue
            facts = tuple(fact for fact, at in self._due[device].items() if at <= now + _TOGETHER_S)
            self._busy.add(device)
            for fact in facts:
                self._due[device][fact] = now + self.interval_of(fact)
            return DueReading(device, facts, now - due)
        return None

    def done(self, device: str) -> None:
        """End the reading of a device; facts due meanwhile are next."""
        self._busy.discard(device)
        heapq.heappush(self._queue, (self._next(device), device))

    def again(self, device: str, facts: Collection[str], now: float) -> None:
        """Make facts of a device due, after a gap of its answers."""
        due = self._due[device]
        due.update((fact, min(now, due[fact])) for fact in facts if fact in due)
        if device not in self._busy:
            heapq.heappush(self._queue, (self._next(device), device))

    def next_at(self) -> float | None:
        """Return the time of the next reading; None while every device is busy."""
        return self._queue[0][0] if self._queue else None

    def _next(self, device: str) -> float:
        return min(self._due[device].values())
