"""Viewer of a request: a session, a program with a token, the printed link of the wall, or an unknown person."""

from __future__ import annotations

import inspect
import logging
import traceback
from collections.abc import Awaitable, Callable
from secrets import compare_digest

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from eventready.core.errors import EventreadyError, StoreError
from eventready.core.messages import Lang
from eventready.core.redaction.redaction import redactor
from eventready.watch.web.access.cookie import SessionCookie, cookie_of
from eventready.watch.web.access.keys import AccessKeys
from eventready.watch.web.access.login import language_of
from eventready.watch.web.page import Viewer, WebPage, viewer_of
from eventready.watch.web.shares import client_of

_LOG = logging.getLogger("uvicorn.error")


class Viewers:
    """Middleware: the viewer (`request.state.viewer`), and the viewer of later (`viewer_again`), for streams.

    `lang`: language of viewers without a choice; `own`: language of the event, after that of the browser.
    `look`: secret of the printed link, by which a wall without persons is looked at; empty for none.
    """

    def __init__(
        self, app: ASGIApp, keys: AccessKeys, cookie: SessionCookie, *, lang: Lang | None, own: Lang, look: str
    ) -> None:
        self._app, self._keys, self._cookie, self._look = app, keys, cookie, look
        self._lang, self._own = lang, own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            request.state.viewer, request.state.viewer_again = await self._viewer(request), self._viewer
        await self._app(scope, receive, send)

    async def _viewer(self, request: Request) -> Viewer:
        lang, kiosk = language_of(request, self._lang, self._own), "kiosk" in request.query_params
        secret, kind = self._cookie.sent(request)
        if not secret:
            return Viewer(lang=lang, kiosk=kiosk)
        if self._look and compare_digest(secret.encode("utf-8", "replace"), self._look.encode()):
            alone = await run_in_threadpool(self._keys.alone)
            return Viewer(role="viewer" if alone else None, lang=lang, kiosk=kiosk)
        acts, address = request.method not in ("GET", "HEAD"), client_of(request.scope)
        try:
            key = await run_in_threadpool(self._keys.find, secret, kind, address, now=acts)
        except StoreError:
            # Without the database the wall is red, for those with a session of before.
            key = self._keys.known(secret)
        return Viewer(key.shown, key.role, lang, kiosk) if key else Viewer(lang=lang, kiosk=kiosk)


def guarded(page: WebPage) -> Callable[[Request], Awaitable[Response]]:
    """Return the handler of a page, behind its access."""

    async def handle(request: Request) -> Response:
        viewer = viewer_of(request)
        if page.access != "open" and viewer.role is None:
            if "text/html" in request.headers.get("accept", "") and request.method == "GET":
                again = request.app.state.sign_in is not None and cookie_of(request).of(request)
                return RedirectResponse("/oidc" if again else "/enter", 303)
            raise HTTPException(401)
        if page.access == "operator" and not viewer.operates:
            raise HTTPException(403)
        try:
            if inspect.iscoroutinefunction(page.handler):
                response: Response = await page.handler(request)
                return response
            async with request.app.state.shares.threads(request):
                return await run_in_threadpool(page.handler, request)  # type: ignore[arg-type]  # the guard above narrows coroutines only
        except (HTTPException, EventreadyError):
            raise
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:  # a defect of a page: a sentence for the viewer, a line in the log
            place = traceback.extract_tb(error.__traceback__)[-1]
            words = f"{type(error).__name__}: {error} ({place.name}, line {place.lineno})"
            _LOG.log(logging.ERROR, "%s: %r", page.path, redactor.redact(words))
            raise HTTPException(500) from None

    return handle
