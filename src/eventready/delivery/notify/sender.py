"""Sender of the outbox: each due delivery once, a single delivery at a time to an address."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread
from typing import Protocol

from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, StoreError
from eventready.core.messages import Lang, Message, in_english, message, text
from eventready.core.redaction.redaction import redactor
from eventready.delivery.mail.letter import marked_subject
from eventready.delivery.notify.channel import RefusedAddress, UncertainDelivery
from eventready.store.streams.notification_outbox import ClaimedDelivery, NotificationOutbox

#: Threads of a watch for messages, without those of hanging addresses: at work for so many seconds.
_MOST, _HANGS_S = 8, 20.0
#: A message about a state says as of when, if sent so long after.
_LATE = timedelta(minutes=1)


class Channel(Protocol):
    """Way to people, see `Channels`."""

    def send(self, address: str, subject: str, body: str, handed: Callable[[], None]) -> str | Message:
        """Send a message; return a sentence."""


@dataclass(frozen=True)
class Attempt:
    """Attempt of a delivery with its outcome, a sentence."""

    delivery: ClaimedDelivery
    outcome: str | Message
    failed: bool = False


class OutboxSender:
    """Sender of an outbox. Inside `outbox.sender()` only. Messages of a rehearsal are marked.

    `is_known`: False for an address that was removed after the message was made.
    """

    def __init__(
        self, outbox: NotificationOutbox, channel: Channel, clock: Clock,
        is_known: Callable[[ClaimedDelivery], bool] = lambda _claimed: True,
    ) -> None:  # fmt: skip
        self._outbox, self._channel, self._clock, self._is_known = outbox, channel, clock, is_known

    def send_due(self) -> Iterator[Attempt]:
        """Send the due deliveries in order. Raises StoreError."""
        while (claimed := self._outbox.claim(self._clock.now())) is not None:
            yield self.attempt(claimed)

    def attempt(self, claimed: ClaimedDelivery) -> Attempt:
        """Send a claimed delivery, and record the outcome. Raises StoreError."""
        if not self._is_known(claimed):
            removed = message("delivery:removed_address", address=claimed.address)
            self._outbox.failed(claimed, removed, self._clock.now(), for_good=True)
            return Attempt(claimed, removed, failed=True)
        words = claimed.body.others.get(claimed.address, claimed.body.words)
        subject = marked_subject(words.subject, words.lang) if self._clock.rehearsal else words.subject
        body = f"{words.text}{self._late(claimed, words.lang)}"
        try:
            outcome = self._channel.send(claimed.address, subject, body, lambda: self._handed(claimed))
        except StoreError:
            raise
        except UncertainDelivery as error:
            self._outbox.uncertain(claimed, str(error))
            return Attempt(claimed, error.whole, failed=True)
        except Exception as error:  # a defect of a channel must not stop the others
            reason = _reason(error)
            self._outbox.failed(claimed, reason, self._clock.now(), for_good=isinstance(error, RefusedAddress))
            return Attempt(claimed, reason, failed=True)
        self._outbox.sent(claimed, outcome)
        return Attempt(claimed, outcome)

    def _late(self, claimed: ClaimedDelivery, lang: Lang) -> str:
        """Return the line with the time (`at`) of a state sent much later; empty for any other message."""
        at = claimed.body.at
        if at is None or abs(self._clock.now() - at) < _LATE:
            return ""
        return text("delivery:late", lang, at=f"{at:%H:%M:%S}") + "\n"

    def _handed(self, claimed: ClaimedDelivery) -> None:
        if not self._outbox.handed(claimed):
            raise StoreError(message("store:outbox_lost", address=claimed.address))


def _reason(error: Exception) -> Message:
    if isinstance(error, EventreadyError):
        return error.whole
    return message("delivery:job.internal", error=redactor.redact(f"{type(error).__name__}: {error}"))


class SenderThreads:
    """Threads of a sender beside a watch: a hanging address delays no other. Threads end with the process."""

    def __init__(
        self, outbox: NotificationOutbox, sender: OutboxSender, clock: Clock, log: Callable[[str], None]
    ) -> None:
        self._outbox, self._sender, self._clock, self._log = outbox, sender, clock, log
        self._busy: dict[str, tuple[Thread, float]] = {}

    def run(self, end: Event) -> None:
        """Send until `end` is set."""
        while not end.wait(0.0 if self.round() else 1.0):
            pass

    def round(self) -> bool:
        """Begin a due delivery; False without any."""
        self._busy = {address: one for address, one in self._busy.items() if one[0].is_alive()}
        try:
            free = sum(time.monotonic() - begun < _HANGS_S for _, begun in self._busy.values()) < _MOST
            claimed = self._outbox.claim(self._clock.now(), self._busy.keys()) if free else None
        except StoreError as error:
            self._log(str(error))
            return False
        if claimed is not None:
            thread = Thread(target=self._attempt, args=(claimed,), daemon=True, name="notify")
            self._busy[claimed.address] = thread, time.monotonic()
            thread.start()
        return claimed is not None

    def _attempt(self, claimed: ClaimedDelivery) -> None:
        try:
            attempt = self._sender.attempt(claimed)
        except StoreError as error:
            self._log(str(error))
        else:
            if attempt.failed:
                self._log(in_english(attempt.outcome))
