"""Posts about alerts: messages to receivers over the outbox, and the API of an Alertmanager."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from math import inf
from typing import Any, Literal

from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, UnreadableStore
from eventready.core.language import Language
from eventready.core.messages import Lang, Message, Text, message, text
from eventready.core.records import Shape, ShapeError
from eventready.core.strings.texts import short
from eventready.delivery.notify.channel import addressees, written
from eventready.delivery.notify.server_call import LIVES, PostedAlert, post_alerts
from eventready.roster.reading.load import workspace_roster
from eventready.roster.roster import Roster
from eventready.store.streams.notification_outbox import NotificationOutbox, OutboxNotice, OutgoingMessage, Wording
from eventready.watch.alerts.alert import Alert
from eventready.watch.alerts.dispatcher import Dispatcher, Notification, Situation
from eventready.workspace.settings.alerts import AlertmanagerFile, AlertsFile
from eventready.workspace.workspace import Workspace

#: Alerts named in a message, and most characters of the sentence of each.
_NAMED, _LONGEST = 20, 300


@dataclass(frozen=True)
class NamedAlerts:
    """Alerts of a message in the outbox; see `Notification`."""

    group: str
    number: int
    firing: tuple[Alert, ...]
    ended: tuple[Alert, ...]
    kept: tuple[Alert, ...]
    silent: bool


_ALERTS = Shape(NamedAlerts)


def alerts_of(one: Notification) -> dict[str, Any]:
    """Return the alerts of a message as a record."""
    alerts = tuple(one.firing), tuple(one.ended), tuple(one.kept)
    return _ALERTS.plain(NamedAlerts(one.group, one.number, *alerts, one.silent))


def message_of(one: Notification, lang: Lang, *, ends: bool = True) -> tuple[str, str]:
    """Return subject and text of a message. `ends`: name also ended alerts."""
    head = "ended" if not one.firing else "escalated" if one.escalated else "firing"
    first = (*one.firing, *one.ended)[0]
    subject = text(f"watch:call.{head}", lang, n=len(one.firing) or len(one.ended), finding=first.key.place)
    lines = [f"{alert.since:%H:%M:%S} {sentence_of(alert, lang)}" for alert in one.firing]
    over = [text("watch:call.over", lang, sentence=sentence_of(alert, lang)) for alert in one.ended if ends]
    ended = [f"{alert.since:%H:%M:%S} {words}" for alert, words in zip(one.ended, over, strict=ends)]
    shown = [*lines[:_NAMED], *ended[:_NAMED]]
    more = len(lines) + len(ended) - len(shown)
    rest = [text("watch:wall.more", lang, n=more)] if more else []
    return subject, "\n".join([*shown, *rest, ""])


def sentence_of(alert: Alert, lang: Lang) -> str:
    """Return an alert as a line."""
    language = Language(lang)
    found = language.sentence(alert.sentence) if alert.sentence else text("watch:device.lost", lang)
    often = alert.sentence.often if alert.sentence else None
    damped = f" ({text('watch:line.damped', lang)})" if alert.damped and not often else ""
    return f"{language.status(alert.status)}: {alert.key.place}: {short(found, _LONGEST)}{damped}"


def notification_of(made: OutgoingMessage) -> Notification:
    """Return the notification of a message in the outbox. Raises StoreError for a damaged message."""
    try:
        one = _ALERTS.read_plain(made.body.alerts or {})
    except ShapeError as error:
        raise UnreadableStore(message("store:record.field", place=f"{made.id} alerts", reason=error.sentence)) from None
    return Notification(
        one.group, made.body.receiver, made.made, one.number, one.firing, one.ended, one.kept, silent=one.silent
    )


#: A call of a change is older than this when nobody rings for it any more.
_RINGS = timedelta(hours=1)


def called(one: OutgoingMessage) -> str:
    """Return the name of the message to people about a call."""
    return f"{one.id} called"


def calls_of_changes(outbox: NotificationOutbox, clock: Clock) -> list[tuple[OutgoingMessage, Message]]:
    """Return the calls of changes without a message to people, each with its sentence. Raises StoreError."""
    messages, now = outbox.messages(), clock.now()
    known = {one.id for one in messages}
    return [
        (one, sentence)
        for one in messages
        if (sentence := one.body.sentence) and called(one) not in known and abs(now - one.made) < _RINGS
    ]


def _both(sentence: Message, lang: Lang) -> tuple[str, str]:
    shown = sentence.render(lang)
    return shown, f"{shown}\n"


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

    def ring(self, file: AlertmanagerFile, outbox: NotificationOutbox) -> None:
        """Post the calls of changes, each once. Raises EventreadyError without the Alertmanager."""
        for one, sentence in calls_of_changes(outbox, self.clock):
            alert = PostedAlert({"alertname": "change", "call": one.id}, sentence.render(file.lang), one.made)
            post_alerts(file, self.workspace.path, [alert], self.clock)
            shown = _both(sentence, file.lang)
            outbox.add(called(one), OutboxNotice("change", Wording(*shown, file.lang)), (), self.clock.now())


def posted(alert: Alert, lang: Lang, lives: timedelta = LIVES) -> PostedAlert:
    """Return an alert for the API, in force for `lives` without a further post."""
    return PostedAlert({"alertname": alert.key.check, **alert.labels}, sentence_of(alert, lang), alert.since, lives)


@dataclass
class ReceiverCalls:
    """Calls of a workspace to its receivers. `report` gets sentences about messages.

    Without `really` nothing is sent: messages are only reported.
    """

    workspace: Workspace
    outbox: NotificationOutbox
    clock: Clock
    report: Callable[[str | Text], None]
    really: bool = False
    unreached: bool = False
    _dry: list[Notification] = field(default_factory=list)
    _log: dict[str, Notification] = field(default_factory=dict)
    _roster: Roster | None = None
    _rung: set[str] = field(default_factory=set)

    def dispatch(self, dispatcher: Dispatcher, situation: Situation) -> None:
        """Put the due messages into the outbox. Raises StoreError."""
        log = self.log()
        self.unreached = next((one.failed for one in reversed(log) if not one.silent), False)
        for one in dispatcher.due(situation, log):
            self._put(one, dispatcher.settings)

    def log(self) -> list[Notification]:
        """Return the messages made so far. Raises StoreError."""
        for one in (messages := [one for one in self.outbox.messages() if one.body.kind == "alert"]):
            known = self._log.get(one.id) or notification_of(one)
            self._log[one.id] = replace(known, failed=one.undelivered and not known.silent)
        return [*(self._log[one.id] for one in messages), *self._dry]

    def ring(self, settings: AlertsFile) -> None:
        """Give the calls of changes to the receiver of the first route. Raises StoreError."""
        for one, sentence in calls_of_changes(self.outbox, self.clock):
            if one.id not in self._rung:
                self._rung.add(one.id)
                self._send(called(one), settings.route.receiver, settings, partial(_both, sentence), kind="change")

    def test(self, receiver: str, settings: AlertsFile) -> None:
        """Put a test message to a receiver into the outbox. Raises StoreError."""

        def write(lang: Lang) -> tuple[str, str]:
            subject = text("watch:call.test", lang, event=self.workspace.event.title)
            return subject, subject

        self._send(f"test-{self.clock.now():%Y%m%dT%H%M%S%f}", receiver, settings, write)

    def _put(self, one: Notification, settings: AlertsFile) -> None:
        ends = settings.receiver(one.receiver).send_resolved
        if not self.really:
            self._dry.append(one)
        self._send(one.id, one.receiver, settings, lambda lang: message_of(one, lang, ends=ends), one)

    def _send(
        self, name: str, receiver: str, settings: AlertsFile, write: Callable[[Lang], tuple[str, str]],
        of: Notification | None = None, *, kind: Literal["change", "test"] = "test",
    ) -> None:  # fmt: skip
        now, whom, silent = self.clock.now(), settings.receiver(receiver), of is not None and of.silent
        people = () if silent else addressees(settings, whom, self.roster(), now)
        addresses = [entry.address for entry in people if entry.address]
        words, others = written(people, write, whom.lang or settings.lang)
        if not self.really:
            self.report(message("watch:call.dry", subject=words.subject, addresses=addresses or ["-"]))
            return
        names = tuple(entry.person for entry in people if entry.person)
        if not (addresses or silent):
            self.report(message("watch:call.no_address", receiver=receiver, people=names))
        body = OutboxNotice(kind, words, others, receiver=receiver, people=names)
        if of is not None:
            body = replace(body, kind="alert", at=of.at, alerts=alerts_of(of))
        self.outbox.add(name, body, addresses, now)

    def roster(self) -> Roster | None:
        """Return the roster, as last read while the file is wrong."""
        try:
            _, self._roster = workspace_roster(self.workspace)
        except EventreadyError as error:
            self.report(str(error))
        return self._roster
