"""HTTP of an import: bounded requests, bytes and seconds, to the named server and to no other."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit

from eventready.core.errors import UsageError
from eventready.core.messages import Message, message
from eventready.core.strings.texts import lines_of

T = TypeVar("T")

#: Bounds of an import: requests (pages), bytes of all answers, seconds of the whole, seconds of silence.
MAX_REQUESTS, MAX_BYTES, MAX_SECONDS, SILENCE_S = 200, 64_000_000, 120.0, 30.0
_CHUNK = 65_536


@dataclass(frozen=True)
class ServerSource:
    """Server and mapping. `filters`: devices or groups to read; `roles`, `platforms`, `venues`: by the server's names.

    `venue_field`: field or tag with the venues of a device; `peaks`: read the trends of ports; `allow_http`: the token
    may be sent in clear text.
    """

    url: str
    token: str
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    platforms: Mapping[str, str] = field(default_factory=dict)
    venues: Mapping[str, str] = field(default_factory=dict)
    venue_field: str = "venues"
    peaks: bool = False
    allow_http: bool = False


class Bounds:
    """Bounds of an import from a server; each method raises UsageError beyond its bound."""

    def __init__(self, url: str, *, allow_http: bool) -> None:
        self._url, self._server = url, urlsplit(url)[:2]
        self._seen: set[str] = set()
        self._bytes = 0
        self._end = monotonic() + MAX_SECONDS
        if self._server[0] not in ("https", "http") or not self._server[1]:
            raise self._refused(message("workspace:web.no_url"))
        if self._server[0] == "http" and not allow_http:
            raise self._refused(message("workspace:web.clear_text"))

    def admit(self, url: str) -> None:
        """Admit a request: to the named server, once per address, within the number of requests."""
        if urlsplit(url)[:2] != self._server:
            raise self._refused(message("workspace:web.other_server", server="://".join(urlsplit(url)[:2])))
        if url in self._seen:
            raise self._refused(message("workspace:web.repeated", address=url))
        self._seen.add(url)
        if len(self._seen) > MAX_REQUESTS:
            raise self._refused(message("workspace:web.too_many", limit=MAX_REQUESTS))

    def read(self, response: Any) -> bytes:
        """Read the body of a streamed response of requests."""
        body = io.BytesIO()
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            self._bytes += len(chunk)
            body.write(chunk)
            if self._bytes > MAX_BYTES:
                raise self._refused(message("workspace:web.too_large", limit=MAX_BYTES // 1_000_000))
            if monotonic() > self._end:
                raise self.too_slow()
        return body.getvalue()

    def within(self, work: Callable[[], T]) -> T:
        """Return the result of `work` or raise its error, within the seconds of the import whatever the server does."""
        done: list[Callable[[], T]] = []

        def run() -> None:
            try:
                result = work()
            except BaseException as error:
                done.append(lambda error=error: _raise(error))  # type: ignore[misc]  # a lambda has no types
            else:
                done.append(lambda: result)

        thread = Thread(target=run, daemon=True)
        thread.start()
        thread.join(max(0.0, self._end - monotonic()))
        if not done:
            raise self.too_slow()
        return done[0]()

    def too_slow(self) -> UsageError:
        """Error of an import beyond its seconds."""
        return self._refused(message("workspace:web.too_slow", limit=round(MAX_SECONDS)))

    def _refused(self, cause: Message) -> UsageError:
        return UsageError(cause, where=self._url)


def _raise(error: BaseException) -> Any:
    raise error


def read_server(name: str, source: ServerSource, work: Callable[[Any], T]) -> T:
    """Return the result of `work` with a session. Raises UsageError, also beyond the bounds of an import."""
    bounds = Bounds(source.url, allow_http=source.allow_http)
    try:
        return bounds.within(lambda: work(_bounded_session(bounds)))
    except UsageError:
        raise
    except ImportError as error:
        raise UsageError(message("workspace:web.package", server=name, package=error.name or "")) from None
    except Exception as error:  # the packages raise their own types; a record may have any form
        lines = lines_of(f"{type(error).__name__}: {error}".strip())
        raise UsageError(
            message("workspace:web.unreadable", server=name, reason=lines[0][:200]), where=source.url
        ) from None


def _bounded_session(bounds: Bounds) -> Any:
    """Session of requests within the bounds and without redirects."""
    import requests  # noqa: PLC0415  comes with the packages of the sources, which are optional

    class Session(requests.Session):
        """Session with bounds for every request."""

        def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
            bounds.admit(str(request.url))
            kept = {**options, "timeout": SILENCE_S, "stream": True, "allow_redirects": False}
            response = super().send(request, **kept)
            response.raw = io.BytesIO(bounds.read(response))
            return response

    return Session()
