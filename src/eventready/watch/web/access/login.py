"""Login, logout and chosen language. Every login opens a session under a new token, and ends the former."""

from __future__ import annotations

import re
from unicodedata import normalize

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from eventready.core.messages import LANGS, Lang
from eventready.watch.web.access.limits import Bucket, network_of, record_act
from eventready.watch.web.access.sessions import AGE, COOKIE, Sessions
from eventready.watch.web.access.users import PageUsers
from eventready.watch.web.page import Role, html, model_of, viewer_of

_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9/?&=+:@!$'()*,;%._~-]*")
_COOKIE, _YEAR_S = "eventready_lang", 365 * 86_400
#: Wrong attempts at once, and per second afterwards: of an address, and on a name.
_OF_ADDRESS, _ON_NAME = (10, 1 / 30), (50, 1 / 10)
#: Characters of a name.
_LONGEST_NAME = 64


class Attempts:
    """Limits of the wrong attempts to log in; right passwords of a shift come from a single address."""

    def __init__(self) -> None:
        self._address = Bucket(_OF_ADDRESS[1], _OF_ADDRESS[0])
        self._name = Bucket(_ON_NAME[1], _ON_NAME[0])

    def allowed(self, request: Request, name: str) -> bool:
        """True for an attempt within the limits."""
        return self._address.take(network_of(request.scope)) and self._name.take(name)

    def passed(self, request: Request, name: str) -> None:
        """Take an attempt as none, after a right password."""
        self._address.give(network_of(request.scope))
        self._name.give(name)


async def form(request: Request) -> Response:
    """Form of the login."""
    return _form(request, local_path(request.query_params.get("back", "/")))


def _form(request: Request, back: str, failed: str = "", status: int = 200) -> Response:
    sign_in = request.app.state.sign_in is not None
    return html(request, "login.html", status, back=back, failed=failed, sign_in=sign_in)


async def login(request: Request) -> Response:
    """Log in by name and password."""
    sent = await request.form()
    name, password = normalize("NFC", str(sent.get("name", ""))[:_LONGEST_NAME].strip()), str(sent.get("password", ""))
    back = local_path(str(sent.get("back", "/")))
    attempts: Attempts = request.app.state.attempts
    if not attempts.allowed(request, name):
        return _form(request, back, "limit", 429)
    role = await run_in_threadpool(PageUsers(model_of(request).store).verify, name, password)
    if role is None:
        await run_in_threadpool(record_act, request, "login refused", user=name)
        return _form(request, back, "password", 401)
    attempts.passed(request, name)
    return await run_in_threadpool(begin, request, name, role, "password", back)


def begin(request: Request, name: str, role: Role, source: str, back: str, **details: str) -> Response:
    """Open a session for a user, with details for the log, and go to a page. Raises StoreError."""
    sessions: Sessions = request.app.state.sessions
    sessions.close(request.cookies.get(COOKIE, ""))
    token = sessions.open(name, role, source)
    record_act(request, "login", user=name, source=source, **details)
    response = RedirectResponse(back, 303)
    response.set_cookie(
        COOKIE, token, max_age=int(AGE.total_seconds()), httponly=True, samesite="lax",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return response


def logout(request: Request) -> Response:
    """End the session."""
    sessions: Sessions = request.app.state.sessions
    sessions.close(request.cookies.get(COOKIE, ""))
    if viewer_of(request).name:
        record_act(request, "logout")
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE)
    return response


async def choose(request: Request) -> Response:
    """Keep the language of a form, and go back to its page."""
    form = await request.form()
    lang, back = str(form.get("lang", "")), str(form.get("back", "/"))
    response = RedirectResponse(local_path(back), 303)
    if lang in LANGS:
        response.set_cookie(_COOKIE, lang, max_age=_YEAR_S, httponly=True, samesite="lax")
    return response


def local_path(path: str) -> str:
    """Return a path of this server; the wall for any other address."""
    return path if _PATH.fullmatch(path) else "/"


def language_of(request: Request, default: Lang | None) -> Lang:
    """Return the language of a viewer: as chosen, else `default`, else of the browser, else Vietnamese."""
    chosen = request.cookies.get(_COOKIE) or default
    if chosen in LANGS:
        return chosen
    wanted = request.headers.get("accept-language", "").lower()
    places = {lang: wanted.find(lang) for lang in LANGS if lang in wanted}
    return min(places, key=lambda lang: places[lang], default="vi")
