"""Viewer of a request: a session, a program with name and password, or an unknown person."""

from __future__ import annotations

import binascii
import inspect
import logging
import time
import traceback
from base64 import b64decode
from collections.abc import Awaitable, Callable
from hashlib import sha256
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from eventready.core.errors import EventreadyError, StoreError
from eventready.core.messages import Lang
from eventready.core.redaction.redaction import redactor
from eventready.watch.web.access.login import Attempts, language_of
from eventready.watch.web.access.sessions import COOKIE, Sessions
from eventready.watch.web.access.users import PageUsers
from eventready.watch.web.page import Role, Viewer, WebPage, address_of, model_of, viewer_of

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


_LOG = logging.getLogger("uvicorn.error")


class Viewers:
    """Middleware: the viewer (`request.state.viewer`), and the viewer of later (`viewer_again`), for streams.

    Without users in the store everybody on this machine is a viewer; what a proxy forwards needs a login.
    """

    def __init__(self, app: ASGIApp, sessions: Sessions, lang: Lang | None) -> None:
        self._app, self._sessions, self._lang = app, sessions, lang
        self._programs = Programs()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            request.state.viewer, request.state.viewer_again = await self._viewer(request), self._viewer
        await self._app(scope, receive, send)

    async def _viewer(self, request: Request) -> Viewer:
        lang, kiosk = language_of(request, self._lang), "kiosk" in request.query_params
        token = request.cookies.get(COOKIE)
        try:
            session = await run_in_threadpool(self._sessions.find, token) if token else None
        except StoreError:
            # Without the database the wall is red, for those with a session of before.
            session = self._sessions.known(token) if token else None
        if session:
            return Viewer(session.user, session.role, lang, kiosk)
        if (header := request.headers.get("authorization", "")) and (
            named := await self._programs.user(request, header)
        ):
            return Viewer(*named, lang, kiosk)
        needed = "x-forwarded-for" in request.headers or await run_in_threadpool(lambda: self._sessions.needed)
        return Viewer(role=None if needed else "viewer", lang=lang, kiosk=kiosk)


def guarded(page: WebPage) -> Callable[[Request], Awaitable[Response]]:
    """Return the handler of a page, behind its access."""

    async def handle(request: Request) -> Response:
        viewer = viewer_of(request)
        if page.access != "open" and viewer.role is None:
            if "text/html" in request.headers.get("accept", "") and request.method == "GET":
                return RedirectResponse(f"/login?{urlencode({'back': address_of(request)})}", 303)
            raise HTTPException(401)
        if page.access == "operator" and not viewer.operates:
            raise HTTPException(403)
        try:
            if inspect.iscoroutinefunction(page.handler):
                response: Response = await page.handler(request)
                return response
            return await run_in_threadpool(page.handler, request)  # type: ignore[arg-type]  # the guard above narrows coroutines only
        except (HTTPException, EventreadyError):
            raise
        except Exception as error:  # a defect of a page: a sentence for the viewer, a line in the log
            place = traceback.extract_tb(error.__traceback__)[-1]
            words = f"{type(error).__name__}: {error} ({place.name}, line {place.lineno})"
            _LOG.log(logging.ERROR, "%s: %r", page.path, redactor.redact(words))
            raise HTTPException(500) from None

    return handle
