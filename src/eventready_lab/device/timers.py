"""Timers of a simulated device, on the device's own clock and independent of sessions."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(order=True)
class Timer:
    """A call at `due`, in seconds of the device's clock."""

    due: float
    number: int
    call: Callable[[], object] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Cancel the call."""
        self.cancelled = True


class Timers:
    """The timers of a device. `tick` fires the due ones in order."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._firing: float | None = None
        self._waiting: list[Timer] = []
        self._numbers = itertools.count()

    def __bool__(self) -> bool:
        """True while a timer is set."""
        return bool(self._waiting)

    @property
    def now(self) -> float:
        """Return the device's clock; while a timer fires, its due time."""
        return self._now() if self._firing is None else self._firing

    def after(self, seconds: float, call: Callable[[], object]) -> Timer:
        """Set a timer."""
        timer = Timer(self.now + seconds, next(self._numbers), call)
        heapq.heappush(self._waiting, timer)
        return timer

    def tick(self) -> None:
        """Fire every due timer."""
        if self._firing is not None:
            return
        while self._waiting and (self._waiting[0].cancelled or self._waiting[0].due <= self._now()):
            timer = heapq.heappop(self._waiting)
            if timer.cancelled:
                continue
            self._firing = timer.due
            try:
                timer.call()
            finally:
                self._firing = None

    def clear(self) -> None:
        """Drop all timers, as a restart does."""
        self._waiting.clear()
