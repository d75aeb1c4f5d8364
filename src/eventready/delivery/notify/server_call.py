"""Calls of the servers of alerts.yaml: the URL of a reference, with a JSON body or none."""

from __future__ import annotations

from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from eventready.core.errors import EventreadyError, UsageError
from eventready.core.messages import message
from eventready.delivery.notify.channel import secret_url

_PATIENCE_S = 10.0


class _NoRedirect(HTTPRedirectHandler):
    """Redirects are failures: the reviewed server alone is called."""

    def redirect_request(self, *_: object) -> None:
        """Follow no redirect."""


def call_server(reference: str, folder: Path, path: str = "", body: bytes | None = None) -> None:
    """Call a path below the URL of a reference. Raises EventreadyError without the server."""
    url = secret_url(reference, folder)
    call(url.rstrip("/") + path if path else url, reference, body)


def call(url: str, reference: str, body: bytes | None = None) -> None:
    """Call a URL, with a JSON body or none. Raises EventreadyError without the URL."""
    headers = {"Content-Type": "application/json"} if body is not None else {}
    try:
        if urlsplit(url).scheme not in ("http", "https"):
            raise UsageError(message("delivery:call.url", reference=reference))
        build_opener(_NoRedirect).open(Request(url, body, headers), timeout=_PATIENCE_S).close()  # noqa: S310  scheme seen above
    except (OSError, ValueError, HTTPException) as error:
        reason = error.reason if isinstance(error, URLError) else type(error).__name__
        raise EventreadyError(message("delivery:call.failed", reference=reference, reason=str(reason))) from None
