"""Starlette application of the night: pages of the list, static files, and the middleware around them."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from eventready.core.messages import Lang
from eventready.watch.web.headers import SecurityHeaders
from eventready.watch.web.identity import Viewers, guarded
from eventready.watch.web.page import STATIC, WebPage, html
from eventready.watch.web.read_model import ReadModel
from eventready.watch.web.routes import PAGES
from eventready.watch.web.wall import Feed


def application(model: ReadModel, lang: Lang | None = None, pages: Sequence[WebPage] = PAGES) -> Starlette:
    """Return the application for a read model. `lang`: language of viewers without a choice of their own."""
    app = Starlette(
        routes=[
            *(Route(page.path, guarded(page), methods=list(page.methods)) for page in pages),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(SecurityHeaders), Middleware(Viewers, lang=lang)],
        exception_handlers={HTTPException: _refused},
    )
    app.state.model, app.state.feed = model, Feed(model)
    return app


def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return html(request, "error.html", status, code=status)
