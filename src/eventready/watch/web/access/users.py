"""Users of the pages in the store: name, role and password, hashed by Argon2."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from threading import Semaphore
from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from eventready.core.clock import Clock
from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.store.records import Moment, Stream
from eventready.store.store import Store
from eventready.watch.web.page import Role

#: Least and greatest length of a password.
SHORTEST, LONGEST = 10, 200
_NAME = re.compile(r"[^\W_](?:[\w .@-]{0,62}[\w.])?")
#: Each verification takes 64 MB and a processor for a tenth of a second.
_VERIFYING = Semaphore(2)


@dataclass(frozen=True)
class PageUser:
    """User of the pages; `hash`: Argon2 hash of the password."""

    role: Role
    hash: str
    added: Moment


USERS = Stream("user", PageUser)


class PageUsers:
    """Users of a store. Names and passwords are composed (NFC): keyboards write letters with marks in two forms."""

    def __init__(self, store: Store) -> None:
        self._current, self._hasher = store.current(USERS), PasswordHasher()

    def add(self, name: str, password: str, role: Role, clock: Clock) -> None:
        """Add a user, or replace role and password; earlier logins end then.

        Raises UsageError for an invalid name or password.
        """
        name, password = normalize("NFC", name), normalize("NFC", password)
        if not _NAME.fullmatch(name):
            raise UsageError(message("web:user.name", name=name))
        if not SHORTEST <= len(password) <= LONGEST:
            raise UsageError(message("web:user.password", least=SHORTEST, most=LONGEST))
        self._current.put(name, PageUser(role, self._hasher.hash(password), clock.real().replace(microsecond=0)))

    def remove(self, name: str) -> None:
        """Remove a user; open sessions of the user end. Raises UsageError for an unknown name."""
        if self._current.get(name) is None:
            raise UsageError(message("web:user.unknown", name=name))
        self._current.remove(name)

    def all(self) -> Mapping[str, PageUser]:
        """Return the users by name. Raises StoreError."""
        return self._current.all()

    def role(self, name: str) -> Role | None:
        """Return the role of a user; None for an unknown name."""
        user = self._current.get(name)
        return user.role if user else None

    def credential(self, name: str) -> str:
        """Return an identifier of the present password of a user; empty for an unknown name."""
        user = self._current.get(name)
        return sha256(user.hash.encode()).hexdigest() if user else ""

    def verify(self, name: str, password: str) -> Role | None:
        """Return the role of a user with this password; an unknown name takes as long as a wrong password."""
        name, password = normalize("NFC", name), normalize("NFC", password)
        user = self._current.get(name)
        with _VERIFYING:
            try:
                self._hasher.verify(user.hash if user else self._no_user, password[:LONGEST])
            except (VerificationError, InvalidHashError):
                return None
        return user.role if user else None

    @cached_property
    def _no_user(self) -> str:
        return self._hasher.hash("")
