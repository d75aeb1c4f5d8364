"""Alerts for an Alertmanager, by its v2 API."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from eventready.core.clock import Clock
from eventready.delivery.mail.letter import marked_subject
from eventready.delivery.notify.server_call import call_server
from eventready.workspace.settings.alerts import AlertmanagerFile

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
