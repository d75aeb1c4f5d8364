"""Limits of connections: sessions per endpoint, attempts with pauses, deadlines."""

from __future__ import annotations

import heapq
import itertools
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from threading import Condition, Lock, Thread
from time import monotonic, sleep
from typing import TypeVar

from eventready.core.messages import message
from eventready.session.reply import SessionError, Unreachable


@dataclass
class _Endpoint:
    """Open sessions of an endpoint; `released` wakes waiting threads."""

    active: int = 0
    released: Condition = field(default_factory=Condition)


class SessionLimit:
    """Count sessions per endpoint over all threads of the process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._endpoints: dict[str, _Endpoint] = {}

    def acquire(self, endpoint: str, limit: int, wait_s: float = 600.0) -> None:
        """Take a slot; every success needs a `release`. Raises Unreachable after `wait_s` seconds of waiting."""
        state, deadline = self._endpoint(endpoint), monotonic() + wait_s
        with state.released:
            while state.active >= limit:
                left = deadline - monotonic()
                if left <= 0 or not state.released.wait(left):
                    raise Unreachable(message("session:all_in_use", limit=limit, endpoint=endpoint, seconds=wait_s))
            state.active += 1

    def release(self, endpoint: str) -> None:
        """Give a slot back."""
        state = self._endpoint(endpoint)
        with state.released:
            state.active -= 1
            state.released.notify()

    def active(self, endpoint: str) -> int:
        """Return the number of open sessions."""
        return self._endpoint(endpoint).active

    def _endpoint(self, endpoint: str) -> _Endpoint:
        with self._lock:
            return self._endpoints.setdefault(endpoint, _Endpoint())


#: The limit that the whole process shares.
session_limit = SessionLimit()


T = TypeVar("T")

_BACKOFF_S = 0.5


def with_retries(attempt: Callable[[], T], attempts: int, deadline: float = inf) -> T:
    """Return the result of `attempt`, repeated after retryable errors with exponential backoff and jitter.

    No pause reaches the monotonic time `deadline`. Raises the SessionError of the last attempt.
    """
    for number in range(1, attempts):
        try:
            return attempt()
        except SessionError as error:
            pause = _BACKOFF_S * 2 ** (number - 1) * random.uniform(0.5, 1.5)  # noqa: S311  jitter, no secret
            if not error.retryable or monotonic() + pause >= deadline:
                raise
        sleep(pause)
    return attempt()


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
        """Watch a block, until the monotonic time `deadline`."""
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
