"""Starlette application of the night: pages of the list, static files, and the middleware around them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from eventready.core.errors import EventreadyError
from eventready.core.messages import Lang, text
from eventready.watch.web import api
from eventready.watch.web.access.browser import SameOrigin, SecurityHeaders
from eventready.watch.web.access.identity import Viewers, guarded
from eventready.watch.web.access.limits import RequestLimits
from eventready.watch.web.access.login import Attempts, choose, form, login, logout
from eventready.watch.web.access.oidc import SignIn, back, leave
from eventready.watch.web.access.sessions import COOKIE, Sessions
from eventready.watch.web.api import PREFIX
from eventready.watch.web.metrics import healthz, metrics
from eventready.watch.web.page import STATIC, WebPage, html, viewer_of
from eventready.watch.web.pages.deeds import (
    act,
    end_silence,
    give_notice,
    handover,
    incident,
    new_incident,
    new_incident_again,
    number,
    open_new,
    posted,
)
from eventready.watch.web.pages.details import check, device, finding, venue
from eventready.watch.web.pages.network import network
from eventready.watch.web.pages.timeline import timeline
from eventready.watch.web.pages.wall import Feed, stream, wall
from eventready.watch.web.read_model import ReadModel

PAGES: tuple[WebPage, ...] = (
    WebPage("/", wall),
    WebPage("/wall/stream", stream),
    WebPage("/venue/{name:path}", venue),
    WebPage("/device/{name:path}", device),
    WebPage("/check/{name:path}", check),
    WebPage("/finding", finding),
    WebPage("/finding", posted(act), "operator", ("POST",)),
    WebPage("/silence/end", posted(end_silence), "operator", ("POST",)),
    WebPage("/incident/new", new_incident, "operator"),
    WebPage("/incident", posted(open_new, new_incident_again), "operator", ("POST",)),
    WebPage("/incident/{name}", incident),
    WebPage("/incident/{name}/notice", posted(give_notice), "operator", ("POST",)),
    WebPage("/map", network),
    WebPage("/timeline", timeline),
    WebPage("/handover", handover),
    WebPage("/choices", choose, "open", ("POST",)),
    WebPage("/duty/number", number, "viewer", ("POST",)),
    WebPage("/login", form, "open"),
    WebPage("/login", login, "open", ("POST",)),
    WebPage("/logout", logout, "open", ("POST",)),
    WebPage("/oidc", leave, "open"),
    WebPage("/oidc/back", back, "open"),
    WebPage("/healthz", healthz, "open"),
    WebPage("/metrics", metrics),
    WebPage("/api/v1/night", api.night),
    WebPage("/api/v1/findings", api.findings),
    WebPage("/api/v1/runbooks/{name:path}", api.steps),
    WebPage("/api/v1/timeline", api.history),
    WebPage("/api/v1/openapi.json", api.openapi),
)


def application(
    model: ReadModel,
    lang: Lang | None = None,
    *,
    names: Collection[str] = (),
    sign_in: SignIn | None = None,
    remote: bool = False,
    pages: Sequence[WebPage] = PAGES,
) -> Starlette:
    """Return the application for a read model.

    `lang`: language of viewers without a choice of their own. `names`: names of the server beside its addresses.
    `sign_in`: logins at an identity provider. With these, and with clients on other machines (`remote`), the pages need
    a login without users too.
    """
    sessions = Sessions(model.store, required=remote or sign_in is not None)
    app = Starlette(
        routes=[
            *(Route(page.path, guarded(page), methods=list(page.methods)) for page in pages),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(RequestLimits, known=partial(_known, sessions)),
            Middleware(SameOrigin, names=names),
            Middleware(Viewers, sessions=sessions, lang=lang),
        ],
        exception_handlers={HTTPException: _refused, EventreadyError: _broken},
    )
    app.state.model, app.state.feed = model, Feed(model)
    app.state.sessions, app.state.attempts, app.state.sign_in = sessions, Attempts(), sign_in
    return app


def _known(sessions: Sessions, scope: Scope) -> str:
    """Key of a logged-in client, by a session looked up before."""
    token = Request(scope).cookies.get(COOKIE)
    session = sessions.known(token) if token else None
    return session.key if session else ""


def _broken(request: Request, error: Exception) -> Response:
    """Answer without a readable store or file: no page of the past in place of the present."""
    reason = error.render(viewer_of(request).lang) if isinstance(error, EventreadyError) else ""
    if request.url.path.startswith(PREFIX):
        return JSONResponse({"error": reason}, 503)
    return html(request, "refused.html", 503, reason=reason)


def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if request.url.path.startswith(PREFIX):
        return JSONResponse({"error": text(f"web:error.{status}", viewer_of(request).lang)}, status)
    return html(request, "error.html", status, code=status)
