"""Programs such as Prometheus: name and password with every request (HTTP Basic), verified again after a minute."""

from __future__ import annotations

import binascii
import time
from base64 import b64decode
from hashlib import sha256

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from eventready.core.errors import StoreError
from eventready.watch.web.access.login import Attempts
from eventready.watch.web.access.users import PageUsers
from eventready.watch.web.page import Role, model_of

_AGAIN_S, _KNOWN = 60.0, 100


class Programs:
    """Users of programs as last verified, by the hash of name and password."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[tuple[str, Role], float]] = {}

    async def user(self, request: Request, header: str) -> tuple[str, Role] | None:
        """Return name and role of a user; None for another scheme, a wrong password, or too many attempts."""
        name, password = _named(header)
        key = sha256(header.encode("utf-8", "replace")).digest()
        user, at = self._known.get(key, (None, 0.0))
        if not name or (user and time.monotonic() - at < _AGAIN_S):
            return user
        self._known.pop(key, None)
        attempts: Attempts = request.app.state.attempts
        if not attempts.allowed(request, name):
            return None
        try:
            role = await run_in_threadpool(PageUsers(model_of(request).store).verify, name, password)
        except StoreError:
            return None
        if role is None:
            return None
        attempts.passed(request, name)
        if len(self._known) < _KNOWN:
            self._known[key] = (name, role), time.monotonic()
        return name, role


def _named(header: str) -> tuple[str, str]:
    """Return name and password of a header; empty for another scheme."""
    scheme, _, coded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, password = b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password
