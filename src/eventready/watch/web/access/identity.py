"""Viewer of every request, by the session, and access to the pages."""

from __future__ import annotations

import inspect
import logging
import traceback
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from eventready.core.errors import EventreadyError, StoreError
from eventready.core.messages import Lang
from eventready.core.redaction.redaction import redactor
from eventready.watch.web.access.choices import language_of
from eventready.watch.web.access.programs import Programs
from eventready.watch.web.access.sessions import COOKIE, Sessions
from eventready.watch.web.page import Viewer, WebPage, address_of, viewer_of

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
