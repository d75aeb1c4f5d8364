"""Choice of the language by a viewer, kept in a cookie."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from eventready.core.messages import LANGS, Lang

_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9/?&=+:@!$'()*,;%._~-]*")
_COOKIE, _YEAR_S = "eventready_lang", 365 * 86_400


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
