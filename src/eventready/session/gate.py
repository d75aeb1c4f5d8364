"""A gate per endpoint: devices behind one controller share the number of sessions that it bears."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition, Lock
from time import monotonic

from eventready.session.reply import Unreachable


@dataclass
class _Door:
    """Who is inside, and a bell for those who wait."""

    inside: int = 0
    bell: Condition = field(default_factory=Condition)


class Gate:
    """Counts sessions per endpoint over all threads of the process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._doors: dict[str, _Door] = {}

    @contextmanager
    def slot(self, endpoint: str, limit: int, wait_s: float = 600.0) -> Iterator[None]:
        """Hold one of `limit` sessions of the endpoint. Raises Unreachable after `wait_s` seconds of waiting."""
        self.enter(endpoint, limit, wait_s)
        try:
            yield
        finally:
            self.leave(endpoint)

    def enter(self, endpoint: str, limit: int, wait_s: float = 600.0) -> None:
        """Take a place. Raises Unreachable after `wait_s` seconds of waiting; every success needs one `leave`."""
        door, deadline = self._door(endpoint), monotonic() + wait_s
        with door.bell:
            while door.inside >= limit:
                left = deadline - monotonic()
                if left <= 0 or not door.bell.wait(left):
                    raise Unreachable(
                        f"{endpoint} bears {limit} sessions at once and none came free within {wait_s:g} s",
                        do="Close other sessions on it, or audit fewer devices behind it at once.",
                    )
            door.inside += 1

    def leave(self, endpoint: str) -> None:
        """Give the place back."""
        door = self._door(endpoint)
        with door.bell:
            door.inside -= 1
            door.bell.notify()

    def inside(self, endpoint: str) -> int:
        """Sessions that are open now."""
        return self._door(endpoint).inside

    def _door(self, endpoint: str) -> _Door:
        with self._lock:
            return self._doors.setdefault(endpoint, _Door())


#: The gate that the whole process shares.
gate = Gate()
