"""Deadlines of devices: the passed ones, without a pass over all devices."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from math import inf


class Deadlines:
    """Queue of deadlines, in seconds of a monotonic clock; the first of every device has passed."""

    def __init__(self, devices: Iterable[str]) -> None:
        self._devices = tuple(devices)
        self._places = {name: place for place, name in enumerate(self._devices)}
        self._queue: list[tuple[float, int]] = []
        self.begin()

    def begin(self) -> None:
        """Let the deadlines of all devices pass."""
        self._queue = [(-inf, place) for place in self._places.values()]

    def add(self, device: str, at: float = -inf) -> None:
        """Add a deadline of a device; no time is a passed deadline."""
        if at < inf:
            heapq.heappush(self._queue, (at, self._places[device]))

    def passed(self, now: float) -> list[str]:
        """Remove the passed deadlines, and return their devices, each once, in the order of all devices."""
        places = set[int]()
        while self._queue and self._queue[0][0] <= now:
            places.add(heapq.heappop(self._queue)[1])
        return [self._devices[place] for place in sorted(places)]
