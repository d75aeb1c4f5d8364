"""Calls to the receivers of alerts.yaml: due messages of the dispatcher, put into the outbox once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError
from eventready.core.messages import Lang, Text, message, text
from eventready.delivery.notify.receivers import addressees, written
from eventready.roster.reading.load import workspace_roster
from eventready.roster.roster import Roster
from eventready.store.streams.notification_outbox import NotificationOutbox, OutboxNotice
from eventready.watch.alerts.dispatcher import Dispatcher, Notification, Situation
from eventready.watch.alerts.messages import alerts_of, message_of, notification_of
from eventready.workspace.settings.alerts import AlertsFile
from eventready.workspace.workspace import Workspace


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
        of: Notification | None = None,
    ) -> None:  # fmt: skip
        now, whom, silent = self.clock.now(), settings.receiver(receiver), of is not None and of.silent
        people = () if silent else addressees(settings, whom, self.roster(), now)
        addresses = [entry.address for entry in people if entry.address]
        words, others = written(people, write)
        if not self.really:
            self.report(message("watch:call.dry", subject=words.subject, addresses=addresses or ["-"]))
            return
        names = tuple(entry.person for entry in people if entry.person)
        if not (addresses or silent):
            self.report(message("watch:call.no_address", receiver=receiver, people=names))
        body = OutboxNotice("test", words, others, receiver=receiver, people=names)
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
