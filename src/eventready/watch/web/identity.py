"""Viewer of every request, and access to the pages."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from eventready.core.messages import Lang
from eventready.watch.web.choices import language_of
from eventready.watch.web.page import Viewer, WebPage, viewer_of


class Viewers:
    """Middleware: the viewer (`request.state.viewer`)."""

    def __init__(self, app: ASGIApp, lang: Lang | None) -> None:
        self._app, self._lang = app, lang

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            kiosk = "kiosk" in request.query_params
            request.state.viewer = Viewer(role="viewer", lang=language_of(request, self._lang), kiosk=kiosk)
        await self._app(scope, receive, send)


def guarded(page: WebPage) -> Callable[[Request], Awaitable[Response]]:
    """Return the handler of a page, behind its access."""

    async def handle(request: Request) -> Response:
        viewer = viewer_of(request)
        if page.access != "open" and viewer.role is None:
            raise HTTPException(401)
        if page.access == "operator" and not viewer.operates:
            raise HTTPException(403)
        if inspect.iscoroutinefunction(page.handler):
            response: Response = await page.handler(request)
            return response
        return await run_in_threadpool(page.handler, request)  # type: ignore[arg-type]  # no coroutine

    return handle
