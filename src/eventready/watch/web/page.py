"""Page: path, handler and access (least role); viewer and read model of a request, and HTML from a template."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from eventready.core.language import Language, clean
from eventready.core.messages import Lang, text
from eventready.core.timezone import zone
from eventready.watch.web.read_model import ReadModel

TEMPLATES, STATIC = (Path(__file__).parent / name for name in ("templates", "static"))

Role: TypeAlias = Literal["viewer", "operator"]
#: Least role for a page; `open` needs no login.
Access: TypeAlias = Literal["open", "viewer", "operator"]

Handler: TypeAlias = Callable[[Request], Awaitable[Response] | Response]


@dataclass(frozen=True)
class WebPage:
    """Page of the application. A plain function as handler runs in a thread."""

    path: str
    handler: Handler
    access: Access = "viewer"
    methods: tuple[str, ...] = ("GET",)


@dataclass(frozen=True)
class Viewer:
    """Person or screen behind a request. `name` is empty without a login, `role` where a login is missing.

    `kiosk`: a screen in a room, without personal data.
    """

    name: str = ""
    role: Role | None = None
    lang: Lang = "vi"
    kiosk: bool = False

    @property
    def operates(self) -> bool:
        """True for an operator."""
        return self.role == "operator"


def viewer_of(request: Request) -> Viewer:
    """Return the viewer of a request: name, role, language."""
    viewer: Viewer = request.state.viewer
    return viewer


def model_of(request: Request) -> ReadModel:
    """Return the read model of the application."""
    model: ReadModel = request.app.state.model
    return model


def html(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Return a page from a template; see `render` for its context."""
    clock = model_of(request).clock
    own = {"path": request.url.path, "here": address_of(request), "nonce": request.scope["nonce"]}
    context = {"moment": clock.now(), **context, **own, "rehearsal": clock.rehearsal}
    return HTMLResponse(render(template, viewer_of(request), **context), status)


def address_of(request: Request) -> str:
    """Return path and query of a request as in its line; the wall for a form."""
    query = request.scope["query_string"]
    sent = request.scope["raw_path"] + (b"?" + query if query else b"")
    return str(sent, "ascii", "replace") if request.method == "GET" else "/"


def render(template: str, viewer: Viewer, **context: Any) -> str:
    """Render a template with `t` (sentence by id), `word` (by family and key), `span`, `language` and `viewer`."""
    language = Language(viewer.lang)
    own = {"t": language.phrase, "language": language, "viewer": viewer, "span": partial(span, lang=viewer.lang)}
    return (
        environment()
        .get_template(template)
        .render(word=lambda family, key, **params: language.phrase(f"{family}.{key}", **params), **own, **context)
    )


def span(duration: timedelta | float, lang: Lang) -> str:
    """Return a duration in its two largest units: `45 s`, `3 min`, `2 h 05 min`, `3 d 04 h`."""
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
    whole = max(0, int(seconds))
    for unit, size, inner in (("day", 86_400, 3600), ("hour", 3600, 60), ("minute", 60, 1)):
        if whole >= size:
            return text(f"web:span.{unit}", lang, whole=whole // size, rest=f"{whole % size // inner:02}")
    return text("web:span.second", lang, whole=whole)


def hour(moment: datetime, now: datetime) -> str:
    """Return the hour of a moment, and its day on another day."""
    return f"{moment:%H:%M}" if moment.date() == now.date() else f"{moment:%d/%m %H:%M}"


def segment(name: str) -> str:
    """Return a name as a segment of a path."""
    return quote(name, safe="", errors="replace")


@cache
def environment() -> Environment:
    """Templates: everything is escaped, and a missing value is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.globals["zone"] = lambda: zone().key
    made.filters |= {"clean": clean, "printed": partial(clean, keep="\n\t"), "segment": segment, "hour": hour}
    return made
