"""Calls of the servers of alerts.yaml: the URL of a reference, and alerts for an Alertmanager by its v2 API."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, UsageError
from eventready.core.messages import message
from eventready.delivery.mail.letter import marked_subject
from eventready.delivery.notify.channel import secret_url
from eventready.delivery.notify.limited_process import ProcessEnded
from eventready.delivery.notify.url_process import LIMIT_S, call_url
from eventready.workspace.settings.alerts import AlertmanagerFile


def call_server(reference: str, folder: Path, path: str = "", body: bytes | None = None) -> None:
    """Call a path below the URL of a reference. Raises EventreadyError without the server."""
    url = secret_url(reference, folder)
    call(url.rstrip("/") + path if path else url, reference, body)


def call(url: str, reference: str, body: bytes | None = None) -> None:
    """Call a URL, with a JSON body or none. Raises EventreadyError without the URL."""
    try:
        if urlsplit(url).scheme not in ("http", "https"):
            raise UsageError(message("delivery:call.url", reference=reference))
        reason = call_url(url, body)
    except ProcessEnded:
        raise EventreadyError(message("delivery:call.ended", reference=reference, limit=LIMIT_S)) from None
    except ValueError as error:
        reason = type(error).__name__
    if reason:
        raise EventreadyError(message("delivery:call.failed", reference=reference, reason=reason))


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
