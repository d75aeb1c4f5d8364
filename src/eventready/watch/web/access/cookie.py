"""Cookie of a session, named by event and port: two walls on a machine have different cookies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

#: Seconds that a browser keeps a session; the store ends it before.
_LONGEST_S = 90 * 86_400


@dataclass(frozen=True)
class SessionCookie:
    """Cookie with a name of its own, bound to the host (`__Host-`) where the browser uses TLS."""

    name: str

    @classmethod
    def at(cls, event: str, port: int) -> SessionCookie:
        """Return the cookie of an event on a port. Events of other letters differ by their hash."""
        plain = re.sub(r"[^a-z0-9-]", "", event.lower())[:32]
        mark = "" if plain == event else f"{sha256(event.encode()).hexdigest()[:8]}_"
        return cls(f"eventready_{plain}_{mark}{port}")

    def of(self, request: HTTPConnection) -> str:
        """Return the secret of a request; empty if absent."""
        return request.cookies.get(self._name(request), "")

    def sent(self, request: HTTPConnection) -> tuple[str, Literal["session", "token"]]:
        """Return the secret of a request and its kind: a program's token, else the session; empty if absent."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return (token.strip(), "token") if scheme.lower() == "bearer" else (self.of(request), "session")

    def give(self, request: Request, response: Response, secret: str) -> None:
        """Give a secret to the browser."""
        secure = request.url.scheme == "https"
        response.set_cookie(
            self._name(request), secret, max_age=_LONGEST_S, httponly=True, samesite="lax", secure=secure
        )

    def take(self, request: Request, response: Response) -> None:
        """Take the secret from the browser."""
        response.delete_cookie(self._name(request), secure=request.url.scheme == "https", httponly=True, samesite="lax")

    def _name(self, request: HTTPConnection) -> str:
        return f"__Host-{self.name}" if request.url.scheme == "https" else self.name


def cookie_of(request: Request) -> SessionCookie:
    """Return the cookie of the application."""
    found: SessionCookie = request.app.state.cookie
    return found
