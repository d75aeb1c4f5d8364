"""What a device does by itself after a while, whether anybody is logged in or not."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(order=True)
class Timer:
    """Something that will happen at `due` (seconds of the device's own clock)."""

    due: float
    number: int
    call: Callable[[], object] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Never let it happen."""
        self.cancelled = True


class Timers:
    """The timers of one device. They fire in the order in which they are due, when `tick` is called."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._firing: float | None = None
        self._waiting: list[Timer] = []
        self._numbers = itertools.count()

    def __bool__(self) -> bool:
        """True while something waits."""
        return bool(self._waiting)

    @property
    def now(self) -> float:
        """The device's clock; while a timer fires, the moment at which it was due."""
        return self._now() if self._firing is None else self._firing

    def after(self, seconds: float, call: Callable[[], object]) -> Timer:
        """Call in so many seconds."""
        timer = Timer(self.now + seconds, next(self._numbers), call)
        heapq.heappush(self._waiting, timer)
        return timer

    def tick(self) -> None:
        """Let everything happen that is due."""
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
        """Forget everything, as a restart does."""
        self._waiting.clear()
