"""Posts of alerts to an Alertmanager: at each change and every minute, also without an alert."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf

from eventready.core.clock import Clock
from eventready.core.messages import Lang
from eventready.delivery.notify.alertmanager import LIVES, PostedAlert, post_alerts
from eventready.watch.alerts.alert import Alert
from eventready.watch.alerts.dispatcher import Situation
from eventready.watch.alerts.messages import sentence_of
from eventready.workspace.settings.alerts import AlertmanagerFile
from eventready.workspace.workspace import Workspace

#: Seconds between two posts without a change, and those of failures after which the Alertmanager is not reached.
_POST_S, _UNREACHED_S = 60.0, 30.0


@dataclass
class AlertmanagerPosts:
    """Alerts of a workspace at its Alertmanager."""

    workspace: Workspace
    clock: Clock
    _posted: dict[str, Alert] = field(default_factory=dict)
    _posted_at: float = -inf
    _failing_since: float | None = None

    @property
    def unreached(self) -> bool:
        """True after failures, or a call without an end."""
        since = self._failing_since
        return since is not None and time.monotonic() - since >= _UNREACHED_S

    def post(self, file: AlertmanagerFile, situation: Situation) -> None:
        """Post the alerts in force and those just ended, where due. Raises EventreadyError without the Alertmanager."""
        present = {one.fingerprint: one for one in situation.alerts}
        calling = {name: one for name, one in present.items() if name in self._posted or name not in situation.muted}
        states = {name: one.status for name, one in calling.items()}
        same = states == {name: one.status for name, one in self._posted.items()}
        if same and self._failing_since is None and time.monotonic() - self._posted_at < _POST_S:
            return
        ended = [one for name, one in self._posted.items() if name not in present]
        alerts = [posted(one, file.lang) for one in calling.values()]
        alerts += [posted(one, file.lang, lives=timedelta()) for one in ended]
        # Before the call: one without an end is a failure too.
        self._failing_since = self._failing_since or time.monotonic()
        post_alerts(file, self.workspace.path, alerts, self.clock)
        self._posted, self._posted_at, self._failing_since = calling, time.monotonic(), None


def posted(alert: Alert, lang: Lang, lives: timedelta = LIVES) -> PostedAlert:
    """Return an alert for the API, in force for `lives` without a further post."""
    return PostedAlert({"alertname": alert.key.check, **alert.labels}, sentence_of(alert, lang), alert.since, lives)
