"""Entry by a personal link, end of a session, and chosen language."""

from __future__ import annotations

import re
from secrets import compare_digest

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from eventready.core.messages import LANGS, Lang
from eventready.watch.web.access.cookie import cookie_of
from eventready.watch.web.access.keys import AccessKey, AccessKeys
from eventready.watch.web.access.limits import record_act
from eventready.watch.web.page import html, viewer_of
from eventready.watch.web.shares import client_of

_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9/?&=+:@!$'()*,;%._~-]*")
_LANG, _YEAR_S = "eventready_lang", 365 * 86_400


def keys_of(request: Request) -> AccessKeys:
    """Return the keys of the application."""
    found: AccessKeys = request.app.state.keys
    return found


def form(request: Request) -> Response:
    """Form of a link with its secret from the fragment; without a link, the command to ask for."""
    return _form(request)


def _form(request: Request, link: AccessKey | None = None, failed: str = "", status: int = 200) -> Response:
    return html(
        request, "enter.html", status, link=link, failed=failed, sign_in=request.app.state.sign_in is not None
    )  # fmt: skip


async def enter(request: Request) -> Response:
    """Open the session of a link. The printed link of a wall without persons opens any number of browsers."""
    secret = str((await request.form()).get("secret", ""))
    look = request.app.state.look if await run_in_threadpool(keys_of(request).alone) else ""
    if look and compare_digest(secret.encode("utf-8", "replace"), look.encode()):
        response: Response = RedirectResponse("/", 303)
        cookie_of(request).give(request, response, secret)
        return response
    return await run_in_threadpool(_enter, request, secret)


def _enter(request: Request, secret: str) -> Response:
    link, session = keys_of(request).exchange(secret, client_of(request.scope))
    if link and session:
        return begun(request, session, link.name, "link")
    if link and link.used:  # its person learns of another browser, and so does who reads the acts
        record_act(request, "opened link", user=link.name)
        return _form(request, link, "opened", 401)
    return _form(request, link, "ended" if link else "unknown", 401)


def begun(request: Request, secret: str, name: str, source: str, **details: str) -> Response:
    """Record a login, end the former session of the browser, and go to the wall. Raises StoreError."""
    cookie = cookie_of(request)
    keys_of(request).close(cookie.of(request))
    record_act(request, "login", user=name, source=source, **details)
    response = RedirectResponse("/", 303)
    cookie.give(request, response, secret)
    return response


def logout(request: Request) -> Response:
    """End the session."""
    cookie = cookie_of(request)
    keys_of(request).close(cookie.of(request))
    if viewer_of(request).name:
        record_act(request, "logout")
    response = RedirectResponse("/enter", 303)
    cookie.take(request, response)
    return response


async def choose(request: Request) -> Response:
    """Keep the language of a form, and go back to its page."""
    form = await request.form()
    lang, back = str(form.get("lang", "")), str(form.get("back", "/"))
    response = RedirectResponse(local_path(back), 303)
    if lang in LANGS:
        response.set_cookie(_LANG, lang, max_age=_YEAR_S, httponly=True, samesite="lax")
    return response


def local_path(path: str) -> str:
    """Return a path of this server; the wall for any other address."""
    return path if _PATH.fullmatch(path) else "/"


def language_of(request: Request, default: Lang | None, own: Lang) -> Lang:
    """Return the language of a viewer: as chosen, else `default`, else of the browser, else `own` of the event."""
    chosen = request.cookies.get(_LANG) or default
    if chosen in LANGS:
        return chosen
    wanted = request.headers.get("accept-language", "").lower()
    places = {lang: wanted.find(lang) for lang in LANGS if lang in wanted}
    return min(places, key=lambda lang: places[lang], default=own)
