"""Process of the call of a URL: of a heartbeat or an Alertmanager."""

from __future__ import annotations

from http.client import HTTPException
from urllib.error import URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from eventready.delivery.notify.limited_process import run_in_process, serve_request

#: Seconds of a call, and of silence in a call.
LIMIT_S, _SILENCE_S = 15, 10.0


class _NoRedirect(HTTPRedirectHandler):
    """Redirects are failures: the reviewed server alone is called."""

    def redirect_request(self, *_: object) -> None:
        """Follow no redirect."""


def call_url(url: str, body: bytes | None) -> str:
    """Call a URL of http or https, with a JSON body or none. Return the reason of a failure, empty for none.

    Raises ProcessEnded.
    """
    request = {"url": url, "body": None if body is None else body.decode()}
    return str(run_in_process("eventready.delivery.notify.url_process", request, LIMIT_S))


def _call(url: str, body: str | None) -> str:
    headers = {"Content-Type": "application/json"} if body is not None else {}
    try:
        request = Request(url, body.encode() if body is not None else None, headers)  # noqa: S310  scheme seen by the parent
        build_opener(_NoRedirect).open(request, timeout=_SILENCE_S).close()
    except (OSError, ValueError, HTTPException) as error:
        return str(error.reason) if isinstance(error, URLError) else type(error).__name__
    return ""


if __name__ == "__main__":
    serve_request(_call, LIMIT_S)
