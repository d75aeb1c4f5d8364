"""Calls of a watch: subject and text of a message, through the dispatcher into the outbox, or to an Alertmanager."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from math import inf
from threading import Event, Thread
from typing import Any

from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, UsageError
from eventready.core.file_system.stamp import stamp_of
from eventready.core.language import Language
from eventready.core.messages import Lang, Text, message, text
from eventready.core.strings.phrases import short
from eventready.delivery.mail.letter import marked_subject
from eventready.delivery.notify.channel import secret_url
from eventready.delivery.notify.channels import Channels
from eventready.delivery.notify.heartbeat import call, report_death
from eventready.delivery.notify.receivers import addressees, written
from eventready.delivery.notify.sender import Attempt, Channel, OutboxSender, SenderThreads
from eventready.roster.reading.load import workspace_roster
from eventready.roster.roster import Roster
from eventready.store.store import Store
from eventready.store.streams.notification_outbox import ClaimedDelivery, OutgoingMessage
from eventready.watch.alerts.acts import Acts
from eventready.watch.alerts.alert import Alert, Alerts
from eventready.watch.alerts.dispatcher import Dispatcher, Notification, Situation
from eventready.watch.open_finding import OpenFinding
from eventready.watch.record import WatchRecord
from eventready.watch.states import StateChange
from eventready.workspace.settings.watching.alerts import FILE, AlertsFile, RouteNode, load_alerts
from eventready.workspace.workspace import Workspace

#: Seconds between two looks at what is due, between two posts to an Alertmanager without a change, two heartbeats.
_LOOK_S, _POST_S, _HEARTBEAT_S = 5.0, 60.0, 60.0
#: Seconds without the Alertmanager after which the watch sends by its own routes.
_ALONE_S = 60.0
#: A watch without a round for so long has no heartbeat, in seconds.
_STUCK_S = 30.0
#: Alerts named in a message, and most characters of the sentence of each.
_NAMED, _LONGEST = 20, 300
KIND = "alert"
#: Settings without alerts.yaml, or with a broken one from the begin: nobody is called until there is a good one.
NO_RECEIVERS = AlertsFile.model_construct(route=RouteNode())


@dataclass
class AlertCalls:
    """Calls about the alerts of a workspace. `report` gets sentences about messages and failures.

    Without `really` nothing is sent: messages are only reported.
    """

    workspace: Workspace
    settings: AlertsFile
    store: Store
    clock: Clock
    report: Callable[[str | Text], None]
    really: bool = False
    channel: Channel | None = None
    _dry: list[Notification] = field(default_factory=list)
    _log: dict[str, Notification] = field(default_factory=dict)
    _looked_at: float = -inf
    _lived_at: float = -inf
    _posted: dict[str, Alert] = field(default_factory=dict)
    _posted_at: float = -inf
    _read: tuple[int, int, int] | None = None
    _problem: str = ""
    _failing_since: float | None = None
    _alone: bool = False
    _unreached: bool = False
    _roster: Roster | None = None

    def __post_init__(self) -> None:
        event = self.workspace.event
        self._read = None if self.settings is NO_RECEIVERS else stamp_of(self.workspace.path / "inventory" / FILE)
        self.outbox = self.store.outbox(event.id, rehearsal=self.clock.rehearsal)
        self.dispatcher = Dispatcher(self.settings)
        self._acts = Acts(self.store, event.id, self.clock)
        self._now: Situation = Situation(self.clock.now(), ())

    def begin(self, devices: Collection[str], record: WatchRecord) -> None:
        """Take the alerts of earlier watches. Raises StoreError."""
        all_devices = {device.name: device for device in self.workspace.devices}
        self.alerts = Alerts(all_devices, all_devices.keys() - set(devices))
        self.alerts.replay(record.timeline())
        self.alerts.settle(record.states())

    def round(
        self, changes: Sequence[StateChange], resting: Collection[str], opened: Sequence[OpenFinding] | None = None
    ) -> None:
        """Take a round of the watch; make due messages now and then. `opened`: open findings on the wall.

        Raises StoreError.
        """
        self._lived_at = time.monotonic()
        self.alerts.take(changes, self.clock.now())
        if time.monotonic() - self._looked_at >= _LOOK_S:
            self._looked_at = time.monotonic()
            self._reread()
            if opened is not None:
                self.alerts.show(opened)
            self.dispatch(resting)

    def _reread(self) -> None:
        """Read a changed alerts.yaml; after a failed reading the last good content stays in force."""
        stamp = stamp_of(self.workspace.path / "inventory" / FILE)
        if stamp == self._read and not self._problem:
            return
        try:
            found = load_alerts(self.workspace.path)
            if found is None:
                raise UsageError(message("watch:call.no_file"))
        except EventreadyError as error:
            if str(error) != self._problem:
                self._problem = str(error)
                sentence = "watch:call.unused" if self.settings is NO_RECEIVERS else "watch:call.kept"
                self.report(message(sentence, reason=error.whole))
            return
        self._read, self._problem = stamp, ""
        self.settings, self.dispatcher = found, Dispatcher(found)
        self.report(message("watch:call.read"))

    def notes(self) -> list[str]:
        """Return the ids of sentences about missing calls and about routes beside alerts.yaml."""
        without = self.settings is NO_RECEIVERS
        found = {
            "nobody": without, "kept": self._problem and not without, "alone": self._alone,
            "dry_run": not self.really, "unreached": self._unreached,
        }  # fmt: skip
        return [f"watch:call.note_{name}" for name, holds in found.items() if holds]

    def situation(self, resting: Collection[str] = ()) -> Situation:
        """Return the alerts in force now, with the acts on them. Raises StoreError."""
        now = self.clock.now()
        return Situation(now, *self.alerts.active(now, resting), self._acts.active())

    def dispatch(self, resting: Collection[str] = ()) -> None:
        """Put the due messages into the outbox. Raises StoreError."""
        self._now = self.situation(resting)
        if self.settings is NO_RECEIVERS:
            return
        if self.settings.alertmanager and not self._without_alertmanager():
            return
        log = self.log()
        self._unreached = next((one.failed for one in reversed(log) if not one.silent), False)
        for one in self.dispatcher.due(self._now, log):
            self._put(one)

    def log(self) -> list[Notification]:
        """Return the messages made so far. Raises StoreError."""
        for one in (messages := [one for one in self.outbox.messages() if one.body.get("kind") == KIND]):
            known = self._log.get(one.id) or notification_of(one)
            self._log[one.id] = replace(known, failed=one.undelivered and not known.silent)
        return [*(self._log[one.id] for one in messages), *self._dry]

    def died(self) -> None:
        """Name the death of an earlier watch. Raises StoreError."""
        if self.really and self._lived_at == -inf and self.settings is not NO_RECEIVERS:
            report_death(self.workspace, self.settings, self.store, self.clock, at_once=True)

    def test(self, receiver: str) -> list[Attempt]:
        """Send a test message to a receiver, and the due messages; return the attempts. Raises StoreError."""

        def write(lang: Lang) -> dict[str, Any]:
            subject = text("watch:call.test", lang, event=self.workspace.event.title)
            return {"subject": subject, "text": subject}

        self._send(f"test-{self.clock.now():%Y%m%dT%H%M%S%f}", receiver, write)
        if not self.really:
            return []
        with self.outbox.sender():
            return list(self.sender().send_due())

    def sender(self) -> OutboxSender:
        """Return a sender of the outbox, with alerts for present addresses of alerts.yaml alone."""
        channel = self.channel or Channels(self.workspace.path, self.workspace.event, self.clock)
        return OutboxSender(self.outbox, channel, self.clock, self._is_known)

    def _is_known(self, claimed: ClaimedDelivery) -> bool:
        kept = claimed.body.get("kind") == "reminder" or self.settings is NO_RECEIVERS
        return kept or claimed.address in self.settings.addresses()

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Send messages, heartbeats and posts from threads during the block."""
        if not self.really:
            yield
            return
        end = Event()
        with self.outbox.sender():
            sender = SenderThreads(self.outbox, self.sender(), self.clock, self.report)
            works = {"heartbeat": self._heartbeat, "alertmanager": self._post}
            calling = (Thread(target=self._call_out, args=(end, *work), daemon=True) for work in works.items())
            for thread in (Thread(target=sender.run, args=(end,), daemon=True), *calling):
                thread.start()
            try:
                yield
            finally:
                end.set()

    def _call_out(self, end: Event, setting: str, work: Callable[[], float]) -> None:
        """Call the URL of a setting while the watch makes its rounds, until the end; name each failure once."""
        due, problem = 0.0, ""
        while not end.wait(1.0):
            lives = time.monotonic() - self._lived_at < _STUCK_S
            if lives and time.monotonic() >= due and getattr(self.settings, setting):
                try:
                    due, problem = time.monotonic() + work(), ""
                except EventreadyError as error:
                    if problem != (problem := str(error)):
                        self.report(problem)
                    due = time.monotonic() + _LOOK_S

    def _heartbeat(self) -> float:
        self._call(self.settings.heartbeat or "", "", None)
        return _HEARTBEAT_S

    def _post(self) -> float:
        """Post the alerts in force and those just ended; return the seconds to the next look."""
        now, situation = self.clock.now(), self._now
        shift = self.clock.real() - now
        present = {one.fingerprint: one for one in situation.alerts}
        calling = {name: one for name, one in present.items() if name in self._posted or name not in situation.muted}
        ended = {name: one for name, one in self._posted.items() if name not in present}
        changed = ended or any(name not in self._posted or self._posted[name].status != one.status
                               for name, one in calling.items())  # fmt: skip
        if changed or self._failing_since is not None or time.monotonic() - self._posted_at >= _POST_S:
            post = partial(posted, now=now, shift=shift, lang=self.settings.lang, rehearsal=self.clock.rehearsal)
            documents = [post(one, lives=timedelta(seconds=5 * _POST_S)) for one in calling.values()]
            documents += [post(one, lives=timedelta()) for one in ended.values()]
            if documents:
                self._post_documents(documents)
            self._posted, self._posted_at = calling, time.monotonic()
        return 1.0

    def _post_documents(self, documents: Sequence[Mapping[str, Any]]) -> None:
        # Before the call: one without an end is a failure too.
        self._failing_since = self._failing_since or time.monotonic()
        self._call(self.settings.alertmanager or "", "/api/v2/alerts", json.dumps(documents).encode())
        self._failing_since = None

    def _without_alertmanager(self) -> bool:
        """True after a minute without the Alertmanager; its begin and end are reported."""
        since = self._failing_since
        alone = since is not None and time.monotonic() - since >= _ALONE_S
        if alone is not self._alone:
            self._alone = alone
            self.report(message("watch:call.alone" if alone else "watch:call.not_alone"))
        return alone

    def _call(self, reference: str, path: str, body: bytes | None) -> None:
        url = secret_url(reference, self.workspace.path)
        call(url.rstrip("/") + path if path else url, reference, body)

    def _put(self, one: Notification) -> None:
        ends = self.settings.receiver(one.receiver).send_resolved
        if not self.really:
            self._dry.append(one)

        def write(lang: Lang) -> dict[str, Any]:
            at = one.at.isoformat(timespec="seconds")
            body = {**message_of(one, lang, ends=ends), "kind": KIND, "silent": one.silent, "at": at}
            if self._alone:
                body["text"] += text("watch:call.alone", lang) + "\n"
            return body

        self._send(one.id, one.receiver, write, silent=one.silent)

    def _send(self, name: str, receiver: str, write: Callable[[Lang], dict[str, Any]], *, silent: bool = False) -> None:
        now, whom = self.clock.now(), self.settings.receiver(receiver)
        people = () if silent else addressees(self.settings, whom, self.roster(), now)
        addresses = [entry.address for entry in people if entry.address]
        body = written(people, write)
        if not self.really:
            self.report(message("watch:call.dry", subject=str(body["subject"]), addresses=addresses or ["-"]))
            return
        names = [entry.person for entry in people if entry.person]
        if not (addresses or silent):
            self.report(message("watch:call.no_address", receiver=receiver, people=names))
        self.outbox.add(name, {**body, "receiver": receiver, "people": names}, addresses, now)

    def roster(self) -> Roster | None:
        """Return the roster, as last read while the file is wrong."""
        try:
            _, self._roster = workspace_roster(self.workspace)
        except EventreadyError as error:
            self.report(str(error))
        return self._roster


def posted(
    alert: Alert, now: datetime, lives: timedelta, shift: timedelta, lang: Lang, *, rehearsal: bool
) -> dict[str, Any]:
    """Return an alert for the v2 API of Alertmanager, in force for `lives` without a further post.

    `shift`: from the event's time to real time. A begin of the future, before a clock set back, would be refused.
    """
    summary = sentence_of(alert, lang)
    labels = {"alertname": alert.key.check, **alert.labels, "rehearsal": "true" if rehearsal else ""}
    return {
        "labels": {name: one for name, one in labels.items() if one},
        "annotations": {"summary": marked_subject(summary, lang) if rehearsal else summary},
        "startsAt": (min(alert.since, now) + shift).isoformat(),
        "endsAt": (now + lives + shift).isoformat(),
    }


def message_of(one: Notification, lang: Lang, *, ends: bool = True) -> dict[str, Any]:
    """Return the body of a message in the outbox. `ends`: name also ended alerts."""
    head = "ended" if not one.firing else "escalated" if one.escalated else "firing"
    first = (*one.firing, *one.ended)[0]
    subject = text(f"watch:call.{head}", lang, n=len(one.firing) or len(one.ended), finding=first.key.place)
    lines = [f"{alert.since:%H:%M:%S} {sentence_of(alert, lang)}" for alert in one.firing]
    over = [text("watch:call.over", lang, sentence=sentence_of(alert, lang)) for alert in one.ended if ends]
    ended = [f"{alert.since:%H:%M:%S} {words}" for alert, words in zip(one.ended, over, strict=ends)]
    shown = [*lines[:_NAMED], *ended[:_NAMED]]
    more = len(lines) + len(ended) - len(shown)
    rest = [text("watch:wall.more", lang, n=more)] if more else []
    return {
        "group": one.group,
        "number": one.number,
        "firing": [alert.to_dict() for alert in one.firing],
        "ended": [alert.to_dict() for alert in one.ended],
        "kept": [alert.to_dict() for alert in one.kept],
        "subject": subject,
        "text": "\n".join([*shown, *rest, ""]),
    }


def sentence_of(alert: Alert, lang: Lang) -> str:
    """Return an alert as a line."""
    language = Language(lang)
    found = language.sentence(alert.sentence) if alert.sentence else text("watch:device.lost", lang)
    damped = f" ({text('watch:line.damped', lang)})" if alert.damped and "often" not in alert.sentence else ""
    return f"{language.status(alert.status)}: {alert.key.place}: {short(found, _LONGEST)}{damped}"


def notification_of(made: OutgoingMessage) -> Notification:
    """Return the notification of a message in the outbox."""
    body = made.body
    firing, ended, kept = ([Alert.load(one) for one in body[name]] for name in ("firing", "ended", "kept"))
    return Notification(body["group"], body["receiver"], made.made, body["number"], firing, ended, kept, body["silent"])
