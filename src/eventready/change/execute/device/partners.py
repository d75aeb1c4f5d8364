"""Partners of changed devices: devices only read, over sessions shared by the comparisons of a wave.

A reading serves all requests made before its begin, and no later one: no answer is older than its request.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from threading import Lock

from eventready.core.messages import Message
from eventready.facts.platform import Platform
from eventready.session.connect import Session, open_session
from eventready.session.reply import Reply, ReplyStatus, SessionError
from eventready.session.target import Target


@dataclass
class _Reading:
    """Replies to a sending of the commands. `reached`: the session was open; `failed`: the error of the session."""

    replies: Sequence[Reply] = ()
    failed: SessionError | None = None
    reached: bool = False
    over: bool = False


class SharedSession:
    """Session for a sequence of commands, opened when needed and closed with its last user."""

    def __init__(self, commands: tuple[str, ...]) -> None:
        self._commands = commands
        self._state, self._turn = Lock(), Lock()
        self._users, self._next = set[int](), _Reading()
        self._session: Session | None = None
        self._old_at = 0.0

    def read(self, user: int, target: Target, platform: Platform) -> _Reading:
        """Return a reading begun after this call, the same for all calls before its begin."""
        with self._state:
            self._users.add(user)
            reading = self._next
        with self._turn:
            if not reading.over:
                with self._state:
                    self._next = _Reading()
                self._carry_out(reading, target, platform)
        return reading

    def _carry_out(self, reading: _Reading, target: Target, platform: Platform) -> None:
        try:
            session = self._opened(target, platform)
            reading.reached = True
            reading.replies = session.send_commands(self._commands)
        except SessionError as error:
            reading.failed = error
        reading.over = True

    def _opened(self, target: Target, platform: Platform) -> Session:
        """Return a session with at least half of the time of a device left."""
        if self._session is None or self._session.over or time.monotonic() > self._old_at:
            self._close()
            self._session = open_session(target, platform.spec)
            self._old_at = time.monotonic() + target.device_timeout_s / 2
        return self._session

    def leave(self, user: int) -> None:
        """Close the session after its last user; idempotent."""
        with self._state:
            self._users.discard(user)
            if self._users:
                return
        with self._turn, self._state:
            if not self._users:
                self._close()

    def _close(self) -> None:
        if self._session is not None:
            with suppress(Exception):
                self._session.close()
        self._session = None


class SharedSessions:
    """Sessions with a device, separate for each sequence of commands: a sequence never waits for others."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sessions: dict[tuple[str, ...], SharedSession] = {}

    def of(self, commands: Sequence[str]) -> SharedSession:
        """Return the session for these commands."""
        key = tuple(commands)
        with self._lock:
            return self._sessions.setdefault(key, SharedSession(key))

    def leave(self, user: int) -> None:
        """Close the sessions without another user; idempotent."""
        with self._lock:
            sessions = [*self._sessions.values()]
        for session in sessions:
            session.leave(user)


@dataclass
class Partner:
    """Device read only for the comparison with a changed device.

    A device that was never reached is not tried again: nothing was measured that could be worse.
    """

    target: Target
    platform: Platform
    sessions: SharedSessions = field(default_factory=SharedSessions)
    unreachable: Message | None = None
    reached: bool = False

    def for_at_least(self, seconds: float) -> Partner:
        """Return the same device with sessions of at least so many seconds, as a soak needs them."""
        return replace(self, target=replace(self.target, device_timeout_s=max(self.target.device_timeout_s, seconds)))

    def send(self, commands: Sequence[str]) -> Sequence[Reply]:
        """Send read-only commands; an unreachable device answers none."""
        why = self.unreachable
        if why is None:
            reading = self.sessions.of(commands).read(id(self), self.target, self.platform)
            self.reached = self.reached or reading.reached
            if reading.failed is None:
                return reading.replies
            why = reading.failed.whole
            self.unreachable = None if self.reached else why
        return [Reply.failed(command, ReplyStatus.DROPPED, why) for command in commands]

    def close(self) -> None:
        """Leave the sessions; idempotent."""
        self.sessions.leave(id(self))
