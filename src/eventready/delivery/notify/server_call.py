"""Calls of the servers of alerts.yaml: the URL of a reference, and alerts for an Alertmanager by its v2 API."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, UsageError
from eventready.core.messages import message
from eventready.delivery.mail.letter import marked_subject
from eventready.delivery.notify.channel import secret_url
from eventready.workspace.settings.alerts import AlertmanagerFile

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


#: An alert is in force for so long without a further post.
LIVES = timedelta(minutes=5)


@dataclass(frozen=True)
class PostedAlert:
    """Alert in force from its begin until `lives` from now; `begin` is the event's time. Labels without a value are
    left out.
    """

    labels: Mapping[str, str]
    summary: str
    begin: datetime
    lives: timedelta = LIVES


def post_alerts(file: AlertmanagerFile, folder: Path, alerts: Iterable[PostedAlert], clock: Clock) -> None:
    """Post alerts, in real time. Raises EventreadyError without the Alertmanager.

    A begin of the future, before a clock set back, would be refused. Alerts of a rehearsal are marked.
    """
    now, real, rehearsal = clock.now(), clock.real(), clock.rehearsal
    mark = {"rehearsal": "true"} if rehearsal else {}
    documents = [
        {
            "labels": {name: one for name, one in alert.labels.items() if one} | mark,
            "annotations": {"summary": marked_subject(alert.summary, file.lang) if rehearsal else alert.summary},
            "startsAt": (min(alert.begin, now) + (real - now)).isoformat(),
            "endsAt": (real + alert.lives).isoformat(),
        }
        for alert in alerts
    ]
    call_server(file.alertmanager, folder, "/api/v2/alerts", json.dumps(documents).encode())
