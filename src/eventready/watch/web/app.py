"""Starlette application of the night: pages of the list, static files, and the middleware around them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from eventready.core.errors import EventreadyError
from eventready.core.messages import Lang, text
from eventready.watch.web import api
from eventready.watch.web.access.browser import SameOrigin, SecurityHeaders
from eventready.watch.web.access.cookie import SessionCookie
from eventready.watch.web.access.identity import Viewers, guarded
from eventready.watch.web.access.keys import AccessKey, AccessKeys
from eventready.watch.web.access.limits import RequestLimits
from eventready.watch.web.access.login import choose, enter, form, logout
from eventready.watch.web.access.oidc import SignIn, back, leave
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
from eventready.watch.web.shares import Shares

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
    WebPage("/enter", form, "open"),
    WebPage("/enter", enter, "open", ("POST",)),
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
    port: int = 0,
    look: str = "",
    sign_in: SignIn | None = None,
    pages: Sequence[WebPage] = PAGES,
) -> Starlette:
    """Return the application for a read model.

    `lang`: language of viewers without a choice of their own. `names`: names of the server beside its addresses.
    `port` names the cookie. `look`: secret of the printed link, which opens the pages to look only; empty for none.
    `sign_in`: logins at an identity provider.
    """
    event = model.workspace.event
    keys, cookie = AccessKeys(model.store, event), SessionCookie.at(event.id, port)
    viewers = partial(Viewers, keys=keys, cookie=cookie, lang=lang, own=event.lang, look=look)
    app = Starlette(
        routes=[
            *(Route(page.path, guarded(page), methods=list(page.methods)) for page in pages),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(RequestLimits, known=partial(_known, keys, cookie), cookie=cookie),
            Middleware(SameOrigin, names=names),
            Middleware(viewers),
        ],
        exception_handlers={HTTPException: _refused, EventreadyError: _broken},
    )
    app.state.model, app.state.feed, app.state.shares = model, Feed(model), Shares()
    app.state.keys, app.state.cookie, app.state.look, app.state.sign_in = keys, cookie, look, sign_in
    return app


def _known(keys: AccessKeys, cookie: SessionCookie, scope: Scope) -> AccessKey | None:
    """Key of a client, by a secret found before."""
    secret, _kind = cookie.sent(HTTPConnection(scope))
    return keys.known(secret) if secret else None


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
