"""Keys of the pages: personal links, sessions of browsers and tokens of programs, kept as hashes in the store."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Literal, TypeAlias
from unicodedata import normalize
from urllib.parse import urlsplit

from eventready.core.clock import Clock
from eventready.core.errors import StoreError, UsageError
from eventready.core.messages import message
from eventready.core.records import Moment, Stream
from eventready.store.store import Store
from eventready.watch.web.page import Role
from eventready.workspace.settings.event import Event

#: A link until it is opened, a session after the end of the event, one without use of an operator, and one of an
#: identity provider, which is asked for the role again.
LINK, AFTERWARDS, UNUSED, PROVIDED = timedelta(days=1), timedelta(hours=12), timedelta(hours=24), timedelta(hours=1)
#: Sessions of a person; a further one ends the oldest.
OF_A_PERSON = 8
_NAME = re.compile(r"[^\W_](?:[\w .@-]{0,62}[\w.])?")
#: Seconds until a key is looked up again, and until its use is written again.
_AGAIN_S, _WRITTEN = 1.0, timedelta(minutes=5)

KeyKind: TypeAlias = Literal["link", "session", "token"]


@dataclass(frozen=True)
class AccessKey:
    """Key on record, under the hash of its secret.

    `source`: `link`, `token`, or the issuer of an identity provider with `subject`. `until`: its end; None for a token.
    `used`, `address`: of the last use; of a link, when and from where it was opened.
    """

    kind: KeyKind
    name: str
    role: Role
    source: str
    since: Moment
    until: Moment | None = None
    used: Moment | None = None
    address: str = ""
    subject: str = ""

    @property
    def person(self) -> tuple[str, str]:
        """Identity: source and subject of a provider, the name of others."""
        return (self.source, self.subject) if self.subject else ("", self.name)

    @property
    def shown(self) -> str:
        """Name; of a provider's person with its host in brackets, which no name of a link has."""
        return f"{self.name} ({urlsplit(self.source).hostname or self.source})" if self.subject else self.name

    def valid(self, now: datetime) -> bool:
        """True before its end, for a link not opened yet, and for an operator's session in use."""
        rested = now - (self.used or self.since)
        idle = self.kind == "session" and self.role == "operator" and rested > UNUSED
        return not idle and (self.until is None or now < self.until) and not (self.kind == "link" and self.used)


KEYS = Stream("access_key", AccessKey)


@dataclass(frozen=True)
class Served:
    """Address of the pages in the newest start of `eventready serve`, which links of persons begin with."""

    url: str


SERVED = Stream("served", Served)


class AccessKeys:
    """Keys of a store. Safe for several threads and processes."""

    def __init__(self, store: Store, event: Event) -> None:
        self._current, self._event = store.current(KEYS), event
        self._known: dict[str, tuple[AccessKey | None, float]] = {}
        self._alone = True, float("-inf")

    def alone(self) -> bool:
        """True without a valid key of a person or program, as of the last second with a readable store."""
        found, at = self._alone
        if time.monotonic() - at >= _AGAIN_S:
            with suppress(StoreError):
                found = not any(key.valid(_now()) for key in self._current.all().values())
            self._alone = found, time.monotonic()
        return found

    def invite(self, name: str, role: Role) -> str:
        """Return the secret of a new link for a person. Raises UsageError for an invalid name, StoreError."""
        return self._add(AccessKey("link", _named(name), role, "link", _now(), _now() + LINK))

    def issue(self, name: str, role: Role) -> str:
        """Return the secret of a new token for a program. Raises UsageError for an invalid name, StoreError."""
        return self._add(AccessKey("token", _named(name), role, "token", _now()))

    def exchange(self, secret: str, address: str) -> tuple[AccessKey | None, str]:
        """Return a link, and the secret of the session opened by the link; empty for an ended and an opened link."""
        link = self._current.get(hashed(secret))
        if link is None or link.kind != "link":
            return None, ""
        opened = replace(link, used=_now(), address=address)
        if not link.valid(_now()) or not self._current.exchange(hashed(secret), link, opened):
            return self._current.get(hashed(secret)), ""
        return link, self.open(link.name, link.role, address)

    def open(self, name: str, role: Role, address: str, *, source: str = "link", subject: str = "") -> str:
        """Return the secret of a new session; ended keys and sessions above the bound go. Raises StoreError."""
        now = _now()
        until = now + PROVIDED if subject else max(now + AFTERWARDS, _end(self._event, now))
        made = AccessKey("session", name, role, source, now, until, now, address, subject)
        sessions = {place: one for place, one in self._current.all().items() if one.kind == "session"}
        own = sorted((one.since, place) for place, one in sessions.items() if one.person == made.person)
        too_many = [place for _since, place in own[: max(0, len(own) - OF_A_PERSON + 1)]]
        self._end(*too_many, *(place for place, one in sessions.items() if not one.valid(now)))
        return self._add(made)

    def find(self, secret: str, kind: KeyKind, address: str = "", *, now: bool = False) -> AccessKey | None:
        """Return the valid key of a secret, as of the last second or of `now`; None if absent. Raises StoreError."""
        place = hashed(secret)
        key, at = self._known.get(place, (None, float("-inf")))
        if now or key is None or time.monotonic() - at >= _AGAIN_S:
            key = self._current.get(place)
            self._known.pop(place, None)
        if key is None or key.kind != kind or not key.valid(_now()):
            return None
        self._known.setdefault(place, (key, time.monotonic()))
        if key.used is None or _now() - key.used > _WRITTEN:
            with suppress(StoreError):  # a last use that cannot be written locks nobody out
                self._current.put(place, replace(key, used=_now(), address=address or key.address))
        return key

    def known(self, secret: str) -> AccessKey | None:
        """Return a key as last found, without the store; None for an unknown and an ended key."""
        key, _at = self._known.get(hashed(secret), (None, 0.0))
        return key if key and key.valid(_now()) else None

    def all(self) -> Mapping[str, AccessKey]:
        """Return the keys by hash, ended ones too. Raises StoreError."""
        return self._current.all()

    def revoke(self, name: str) -> int:
        """End all keys of a name. Return their number. Raises UsageError for an unknown name."""
        found = [place for place, key in self._current.all().items() if key.shown == normalize("NFC", name)]
        if not found:
            raise UsageError(message("web:key.unknown", name=name))
        self._end(*found)
        return len(found)

    def close(self, secret: str) -> None:
        """End a key. Raises StoreError."""
        self._end(hashed(secret))

    def _add(self, key: AccessKey) -> str:
        secret = secrets.token_urlsafe(32)
        self._current.put(hashed(secret), key)
        return secret

    def _end(self, *places: str) -> None:
        self._current.remove(*places)
        for place in places:
            self._known.pop(place, None)


def hashed(secret: str) -> str:
    """Return the hash under which a secret is kept: 256 random bits need no slow hash."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def _named(name: str) -> str:
    composed = normalize("NFC", name)
    if not _NAME.fullmatch(composed):
        raise UsageError(message("web:key.name", name=repr(name[:80])))
    return composed


def _now() -> datetime:
    return Clock.real().replace(microsecond=0)


def _end(event: Event, now: datetime) -> datetime:
    return max((window.end for window in event.windows if window.kind == "event"), default=now.astimezone(UTC))
