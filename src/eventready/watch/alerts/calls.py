"""Calls about the alerts of a watch: to the receivers of alerts.yaml, or to its Alertmanager."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from threading import Event, Thread

from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, StoreError, UsageError
from eventready.core.files import stamp_of
from eventready.core.messages import Text, message
from eventready.delivery.notify.channels import Channels
from eventready.delivery.notify.heartbeat import report_death
from eventready.delivery.notify.sender import Attempt, Channel, OutboxSender, SenderThreads
from eventready.delivery.notify.server_call import call_server
from eventready.store.store import Store
from eventready.store.streams.notification_outbox import ClaimedDelivery
from eventready.watch.alerts.accepted_works import AcceptedWorks
from eventready.watch.alerts.acts import Acts
from eventready.watch.alerts.alert import Alerts
from eventready.watch.alerts.dispatcher import Dispatcher, Situation
from eventready.watch.alerts.posts import AlertmanagerPosts, ReceiverCalls
from eventready.watch.open_finding import OpenFinding
from eventready.watch.record import WatchRecord
from eventready.watch.states import StateChange
from eventready.workspace.settings.alerts import (
    FILE,
    AlertmanagerFile,
    AlertsFile,
    AnyAlertsFile,
    load_alerts,
)
from eventready.workspace.workspace import Workspace

#: Seconds between two looks at what is due, between two heartbeats, and between two looks for a post.
_LOOK_S, _HEARTBEAT_S, _POST_LOOK_S = 5.0, 60.0, 1.0
#: A watch without a round for so long has no heartbeat, in seconds.
_STUCK_S = 30.0


@dataclass
class AlertCalls:
    """Calls about the alerts of a workspace. `report` gets sentences about messages and failures.

    `settings`: None without alerts.yaml, or with a broken one from the begin: nobody is called until there is a good
    one. Without `really` nothing is sent: messages are only reported.
    """

    workspace: Workspace
    settings: AnyAlertsFile | None
    store: Store
    clock: Clock
    report: Callable[[str | Text], None]
    really: bool = False
    channel: Channel | None = None
    _looked_at: float = -inf
    _lived_at: float = -inf
    _read: tuple[int, int, int] | None = None
    _problem: str = ""

    def __post_init__(self) -> None:
        event = self.workspace.event
        self._read = stamp_of(self._path) if self.settings else None
        self.outbox = self.store.outbox(event.id, rehearsal=self.clock.rehearsal)
        self.receivers = ReceiverCalls(self.workspace, self.outbox, self.clock, self.report, self.really)
        self.posts = AlertmanagerPosts(self.workspace, self.clock)
        self._acts = Acts(self.store, event.id, self.clock)
        self._accepted = AcceptedWorks(self.workspace, self.store, self.clock, self.report)
        self._now: Situation = Situation(self.clock.now(), ())
        self._use(self.settings)

    def _use(self, settings: AnyAlertsFile | None) -> None:
        """Let settings be in force. `dispatcher`: None without routes."""
        self.settings = settings
        self.dispatcher = Dispatcher(settings) if isinstance(settings, AlertsFile) else None

    @property
    def _path(self) -> Path:
        return self.workspace.path / "inventory" / FILE

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
        stamp = stamp_of(self._path)
        if stamp == self._read and not self._problem:
            return
        try:
            found = load_alerts(self.workspace.path)
            if found is None:
                raise UsageError(message("watch:call.no_file"))
        except EventreadyError as error:
            if str(error) != self._problem:
                self._problem = str(error)
                self.report(message("watch:call.kept" if self.settings else "watch:call.unused", reason=error.whole))
            return
        self._read, self._problem = stamp, ""
        self._use(found)
        self.report(message("watch:call.read"))

    def notes(self) -> list[str]:
        """Return the ids of sentences about failed calls, and about a file out of force."""
        routed = isinstance(self.settings, AlertsFile)
        found = {
            "nobody": not self.settings, "kept": self._problem and self.settings, "dry_run": not self.really,
            "unreached": routed and self.receivers.unreached, "unposted": not routed and self.posts.unreached,
        }  # fmt: skip
        return [f"watch:call.note_{name}" for name, holds in found.items() if holds]

    def situation(self, resting: Collection[str] = ()) -> Situation:
        """Return the alerts in force now, with the acts on them. Raises StoreError."""
        now = self.clock.now()
        acts = (*self._acts.active(), *self._accepted.acts(now))
        return Situation(now, *self.alerts.active(now, resting), acts)

    def dispatch(self, resting: Collection[str] = ()) -> None:
        """Put the due messages to receivers into the outbox. Raises StoreError."""
        self._now = self.situation(resting)
        if self.dispatcher:
            self.receivers.dispatch(self.dispatcher, self._now)
            self.receivers.ring(self.dispatcher.settings)

    def died(self) -> None:
        """Name the death of an earlier watch. Raises StoreError."""
        if self.really and self._lived_at == -inf and self.settings:
            try:
                report_death(self.workspace, self.settings, self.store, self.clock, at_once=True)
            except StoreError:
                raise
            except EventreadyError as error:
                self.report(error.whole)

    def send(self) -> list[Attempt]:
        """Send the due messages of the outbox, and return the attempts. Raises StoreError."""
        with self.outbox.sender():
            return list(self.sender().send_due())

    def sender(self) -> OutboxSender:
        """Return a sender of the outbox, with alerts for present addresses of alerts.yaml alone."""
        channel = self.channel or Channels(self.workspace.path, self.workspace.event, self.clock)
        return OutboxSender(self.outbox, channel, self.clock, self._is_known)

    def _is_known(self, claimed: ClaimedDelivery) -> bool:
        if claimed.body.kind == "reminder" or self.settings is None:
            return True
        return claimed.address in self.settings.addresses()

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Send messages, heartbeats and posts from threads during the block."""
        if not self.really:
            yield
            return
        end = Event()
        with self.outbox.sender():
            sender = SenderThreads(self.outbox, self.sender(), self.clock, self.report)
            calling = (Thread(target=self._call_out, args=(end, work)) for work in (self._heartbeat, self._post))
            for thread in (Thread(target=sender.run, args=(end,)), *calling):
                thread.daemon = True
                thread.start()
            try:
                yield
            finally:
                end.set()

    def _call_out(self, end: Event, work: Callable[[], float]) -> None:
        """Call a server while the watch makes its rounds, until the end; name each failure once."""
        due, problem = 0.0, ""
        while not end.wait(1.0):
            lives = time.monotonic() - self._lived_at < _STUCK_S
            if lives and time.monotonic() >= due:
                try:
                    due, problem = time.monotonic() + work(), ""
                except EventreadyError as error:
                    if problem != (problem := str(error)):
                        self.report(problem)
                    due = time.monotonic() + _LOOK_S

    def _heartbeat(self) -> float:
        """Call the URL of the heartbeat; return the seconds to the next call."""
        if not (self.settings and self.settings.heartbeat):
            return _LOOK_S
        call_server(self.settings.heartbeat, self.workspace.path)
        return _HEARTBEAT_S

    def _post(self) -> float:
        """Post to the Alertmanager, where due; return the seconds to the next look."""
        if isinstance(self.settings, AlertmanagerFile):
            self.posts.post(self.settings, self._now)
            outbox = self.store.outbox(self.workspace.event.id, rehearsal=self.clock.rehearsal)
            self.posts.ring(self.settings, outbox)
        return _POST_LOOK_S
