"""Close connections at their deadlines from a thread of its own, whatever the calling thread is blocked in."""

from __future__ import annotations

import heapq
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Thread
from time import monotonic


class Watch:
    """Deadline of a connection. `expired` is set before `close` is called."""

    def __init__(self, close: Callable[[], None]) -> None:
        self.close: Callable[[], None] | None = close
        self.expired = False

    def cancel(self) -> None:
        """Forget the deadline; idempotent."""
        self.close = None


class Watchdog:
    """The deadlines of the process. The thread starts with the first deadline, again after a fork."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._heap: list[tuple[float, int, Watch]] = []
        self._numbers = itertools.count()
        self._process = 0

    def watch(self, deadline: float, close: Callable[[], None]) -> Watch:
        """Call `close` in a thread of its own at the monotonic time `deadline`, unless cancelled."""
        watch = Watch(close)
        with self._changed:
            if self._process != os.getpid():
                self._heap, self._process = [], os.getpid()
                Thread(target=self._run, name="watchdog", daemon=True).start()
            heapq.heappush(self._heap, (deadline, next(self._numbers), watch))
            if self._heap[0][2] is watch:
                self._changed.notify()
        return watch

    @contextmanager
    def limit(self, deadline: float, close: Callable[[], None]) -> Iterator[Watch]:
        """Watch a block."""
        watch = self.watch(deadline, close)
        try:
            yield watch
        finally:
            watch.cancel()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._heap or self._heap[0][0] > monotonic():
                    self._changed.wait(self._heap[0][0] - monotonic() if self._heap else None)
                watch = heapq.heappop(self._heap)[2]
            close = watch.close
            if close is not None:
                watch.expired = True
                Thread(target=close, name="watchdog close", daemon=True).start()  # closing may block


#: The watchdog of the process.
watchdog = Watchdog()
