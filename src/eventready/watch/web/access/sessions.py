"""Sessions of logged-in users in the store, under the hash of their token."""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from eventready.core.errors import StoreError
from eventready.store.records import Moment, Stream
from eventready.store.store import Store
from eventready.watch.web.access.users import PageUsers
from eventready.watch.web.page import Role

COOKIE = "eventready_session"
#: Greatest age of a session, sessions of a user; further ones end the oldest.
AGE, OF_A_USER = timedelta(hours=12), 8
#: A session and the existence of users are looked up again after so many seconds.
_AGAIN_S = 5.0


@dataclass(frozen=True)
class UserSession:
    """Session: user and role; `key` is the hash of its token."""

    key: str
    user: str
    role: Role


@dataclass(frozen=True)
class OpenSession:
    """Session on record. `source` of the login: `password`, or a sign-in service; `credential` of `PageUsers`."""

    user: str
    role: Role
    source: str
    since: Moment
    credential: str = ""

    @property
    def fresh(self) -> bool:
        """True within the greatest age of a session."""
        return datetime.now(UTC) - self.since < AGE


SESSIONS = Stream("session", OpenSession)


class Sessions:
    """Sessions of a store. Safe for several threads. `required`: the pages need a login also without users."""

    def __init__(self, store: Store, *, required: bool = False) -> None:
        self._required = required
        self._current, self._users = store.current(SESSIONS), PageUsers(store)
        self._known: dict[str, tuple[UserSession | None, float]] = {}
        self._needed: tuple[bool, float] = (True, float("-inf"))

    @property
    def needed(self) -> bool:
        """True with users in the store: the pages need a login. Without the database, as last known."""
        if time.monotonic() - self._needed[1] >= _AGAIN_S:
            with suppress(StoreError):
                self._needed = bool(self._users.all()), time.monotonic()
        return self._required or self._needed[0]

    def open(self, user: str, role: Role, source: str = "password") -> str:
        """Open a session under a new token, and end those too old or too many. Return the token. Raises StoreError."""
        token, now = secrets.token_urlsafe(32), datetime.now(UTC)
        others = self._current.all()
        own = sorted((one.since, key) for key, one in others.items() if one.user == user)
        too_many = [key for _since, key in own[: max(0, len(own) - OF_A_USER + 1)]]
        self._end(*too_many, *(key for key, one in others.items() if not one.fresh))
        self._current.put(_key(token), OpenSession(user, role, source, now, self._users.credential(user)))
        self._known[_key(token)] = UserSession(_key(token), user, role), time.monotonic()
        return token

    def known(self, token: str) -> UserSession | None:
        """Return a session as last looked up; without the store."""
        session, at = self._known.get(_key(token), (None, float("-inf")))
        return session if time.monotonic() - at < AGE.total_seconds() else None

    def find(self, token: str) -> UserSession | None:
        """Return the session of a token; None for an unknown or ended session. Raises StoreError."""
        key = _key(token)
        session, at = self._known.get(key, (None, float("-inf")))
        if session and time.monotonic() - at < _AGAIN_S:
            return session
        session = self._read(key)
        self._known.pop(key, None)
        if session:
            self._known[key] = session, time.monotonic()
        return session

    def close(self, token: str) -> None:
        """End a session. Raises StoreError."""
        self._end(_key(token))

    def _read(self, key: str) -> UserSession | None:
        found = self._current.get(key)
        if found is None or not found.fresh:
            return None
        role: Role | None = found.role
        if found.source == "password":
            current = found.credential == self._users.credential(found.user)
            role = self._users.role(found.user) if current else None
        return UserSession(key, found.user, role) if role else None

    def _end(self, *keys: str) -> None:
        self._current.remove(*keys)
        for key in keys:
            self._known.pop(key, None)


def _key(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()
