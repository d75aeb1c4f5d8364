"""Limits of a client: rate, form and size of its requests; its acts."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from eventready.core.clock import Clock
from eventready.core.records import Stream
from eventready.store.event_journal import Dated, DatedShape, EventJournal
from eventready.store.store import Store
from eventready.watch.web.access.cookie import SessionCookie
from eventready.watch.web.access.keys import AccessKey
from eventready.watch.web.page import model_of, viewer_of
from eventready.watch.web.shares import client_of, network_of

#: Requests per second and at once of a client; clients remembered; bytes of a body.
RATE, BURST, CLIENTS, BODY = 20.0, 200, 10_000, 65_536
#: Requests per second above the rate whose session is looked up: after a restart no session is known.
LOOKUPS = 50


class Bucket:
    """Token bucket per key: `rate` tokens per second, `burst` of them at most; the oldest keys are forgotten."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> bool:
        """Take a token; False without any left."""
        now = self._clock()
        left, at = self._left.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        self._left[key] = (left - 1 if left >= 1 else left), now
        if len(self._left) > CLIENTS:
            self._left.popitem(last=False)
        return left >= 1


class RequestLimits:
    """Middleware: 429 above the rate, 413 for a large body, 400 for a request of two meanings.

    `known`: key of a client, as last found by its secret; None for others. Each person has a rate of its own, whatever
    others do from the same address.
    """

    def __init__(self, app: ASGIApp, known: Callable[[Scope], AccessKey | None], cookie: SessionCookie) -> None:
        self._app, self._known, self._cookie = app, known, cookie
        self._bucket, self._lookups = Bucket(RATE, BURST), Bucket(LOOKUPS, LOOKUPS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        person = self._known(scope)
        client = " ".join(person.person) if person else network_of(client_of(scope))
        headers = Headers(scope=scope)
        if not (self._bucket.take(client) or (self._cookie.sent(HTTPConnection(scope))[0] and self._lookups.take(""))):
            await PlainTextResponse("too many requests\n", 429, {"Retry-After": "5"})(scope, receive, send)
        elif "\0" in scope["path"] or ("content-length" in headers and "transfer-encoding" in headers):
            await PlainTextResponse("invalid request\n", 400, {"Connection": "close"})(scope, receive, send)
        elif _too_large(headers):
            await PlainTextResponse("too large\n", 413)(scope, receive, send)
        else:
            await self._app(scope, _bounded(receive), send)


def _too_large(headers: Headers) -> bool:
    length = headers.get("content-length", "0")
    return not length.isdecimal() or int(length) > BODY


def _bounded(receive: Receive) -> Receive:
    """Body without a declared length: 413 after BODY bytes. Raises HTTPException."""
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > BODY:
            raise HTTPException(413)
        return message

    return bounded


@dataclass(frozen=True)
class PageAct:
    """Act of a user from an address. `source`, `subject`: of a login; `person`: of a looked up telephone number."""

    act: str
    user: str
    address: str
    source: str = ""
    subject: str = ""
    person: str = ""


STREAM: Stream[Dated[PageAct]] = Stream("page", DatedShape(PageAct))


def record_act(request: Request, act: str, *, user: str = "", **details: str) -> None:
    """Record an act of a request, of its viewer or of `user`. Raises StoreError."""
    model = model_of(request)
    made = PageAct(act, user or viewer_of(request).name, client_of(request.scope), **details)
    EventJournal(model.store, STREAM, model.workspace.event.id, model.clock).add([(made.user or "-", made)])


def acts(store: Store, event: str, clock: Clock) -> Iterator[PageAct]:
    """Return the recorded acts, oldest first. Raises StoreError."""
    return (entry.body.record for entry in EventJournal(store, STREAM, event, clock).entries())
