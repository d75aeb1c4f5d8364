"""Limit concurrent sessions per endpoint: devices behind the same controller share its limit."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Condition, Lock
from time import monotonic

from eventready.core.messages import message
from eventready.session.reply import Unreachable


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
