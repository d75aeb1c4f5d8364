"""Record of deliveries in the store: append-only, and never the same version twice to a recipient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from eventready.core.clock import Clock
from eventready.core.errors import RefusedError, UsageError
from eventready.core.messages import message
from eventready.delivery.mail.delivery import (
    STREAM,
    Delivery,
    DeliveryStep,
    Queued,
    RecipientStatus,
    StepKind,
    name,
    replay,
)
from eventready.delivery.mail.mail import Mail
from eventready.delivery.mail.smtp import SubmitResult
from eventready.delivery.sent import SentDocument
from eventready.store.store import Store
from eventready.store.streams.journal import JournalEntry

_LOCK = "sending"


class DeliveryLog:
    """Deliveries of a store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._journal = store.journal(STREAM)
        self._mine = False

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Hold the exclusive right to send. Raises RefusedError while another process sends."""
        with self._store.exclusive(_LOCK) as mine:
            if not mine:
                raise RefusedError(message("delivery:log.busy"))
            self._mine = True
            try:
                yield
            finally:
                self._mine = False

    def deliveries(self) -> tuple[Delivery, ...]:
        """Return all deliveries, oldest first."""
        return replay(self._journal.entries(), running=self._someone_sends())

    def delivery(self, key: str) -> Delivery:
        """Return a delivery by name. Raises UsageError."""
        found = next((d for d in self.deliveries() if d.id.casefold() == key.casefold()), None)
        if found is None:
            raise UsageError(message("delivery:log.unknown", delivery=key))
        return found

    def queue(self, mail: Mail, sha256: str, recipients: Sequence[str], again: str = "") -> Delivery:
        """Queue a mail, or return the queued delivery. Raises RefusedError for a version sent to a recipient before.

        `again` is the reason for which it goes out all the same.
        """
        same = [delivery for delivery in self.deliveries() if delivery.fingerprint == mail.fingerprint]
        own = [delivery for delivery in same if delivery.rehearsal == self._clock.rehearsal]
        waiting = next((d for d in own if d.state == "queued" and _same(d.of("waiting"), recipients)), None)
        if waiting is not None:
            return waiting
        if not again:
            _never_twice(own, recipients)
        body = Queued(
            fingerprint=mail.fingerprint,
            sha256=sha256,
            size=len(mail.data),
            subject=mail.subject,
            sender=mail.sender,
            message_id=mail.message_id,
            paper=mail.paper,
            enclosed=mail.enclosed,
            recipients=tuple(recipients),
            at=self._clock.now(),
            rehearsal=self._clock.rehearsal,
            again=again,
        )
        entry = self._journal.append(lambda entries: (name(_queued(entries) + 1), body), self._clock.real())
        return self.delivery(entry.key)

    def attempt(self, delivery: Delivery, server: str) -> None:
        """Record the begin of an attempt for all waiting recipients."""
        self._append(delivery, "attempt", {"trying": dict.fromkeys(delivery.of("waiting"), "")}, server=server)

    def handed(self, delivery: Delivery, recipients: Sequence[str]) -> None:
        """Record the last moment before a possible delivery to `recipients`."""
        self._append(delivery, "handed", {"handed": dict.fromkeys(recipients, "")})

    def ended(self, delivery: Delivery, outcome: SubmitResult) -> Delivery:
        """Record the end of an attempt; return the delivery with the new states."""
        legs: dict[RecipientStatus, dict[str, str]] = {
            "accepted": dict.fromkeys(outcome.accepted, outcome.answer),
            "waiting": outcome.waiting,
            "refused": outcome.refused,
            "uncertain": outcome.uncertain,
        }
        self._append(delivery, "ended", legs, answer=outcome.answer)
        return self.delivery(delivery.id)

    def settle(self, key: str, *, arrived: bool, by: str, note: str) -> Delivery:
        """Record a person's answer about the arrival of an uncertain delivery. Raises UsageError for any other
        state."""
        delivery = self.delivery(key)
        open_ = delivery.of("uncertain")
        if not open_:
            raise UsageError(message("delivery:log.certain", delivery=delivery.id, state=delivery.state))
        fate: RecipientStatus = "accepted" if arrived else "waiting"
        why = f"{by}: {note}"
        self._append(delivery, "settled", {fate: dict.fromkeys(open_, why)})
        return self.delivery(delivery.id)

    def sent(self, address: str) -> tuple[SentDocument, ...]:
        """Return the papers delivered to an address, for clauses and deadlines. A rehearsal's papers count in
        rehearsals only."""
        known = replay(self._journal.entries(), running=True)
        return sent_documents(known, address, rehearsal=self._clock.rehearsal)

    def _append(
        self,
        delivery: Delivery,
        kind: StepKind,
        legs: Mapping[RecipientStatus, Mapping[str, str]],
        *,
        answer: str = "",
        server: str = "",
    ) -> None:
        named = {fate: reasons for fate, reasons in legs.items() if reasons}
        step = DeliveryStep(kind, self._clock.now(), named, answer, server)
        self._journal.append(lambda _entries: (delivery.id, step), self._clock.real())

    def _someone_sends(self) -> bool:
        if self._mine:
            return False
        with self._store.exclusive(_LOCK) as free:
            return not free


def sent_documents(deliveries: Sequence[Delivery], address: str, *, rehearsal: bool) -> tuple[SentDocument, ...]:
    """Return the papers accepted by the server for an address; `at` is the time of acceptance, on the event's clock."""
    found = []
    for delivery in deliveries:
        leg = next((leg for to, leg in delivery.legs.items() if to.casefold() == address.casefold()), None)
        if leg is None or leg.fate != "accepted" or not delivery.paper.kind or (delivery.rehearsal and not rehearsal):
            continue
        found.append(
            SentDocument(
                kind=delivery.paper.kind,
                at=leg.at,
                due=delivery.paper.due,
                version=delivery.paper.version,
                recipients=delivery.of("accepted"),
                reference=delivery.message_id,
            )
        )
    return tuple(found)


def _queued(entries: Sequence[JournalEntry[Queued | DeliveryStep]]) -> int:
    return sum(isinstance(entry.body, Queued) for entry in entries)


def _same(one: Sequence[str], other: Sequence[str]) -> bool:
    return {address.casefold() for address in one} == {address.casefold() for address in other}


def _never_twice(earlier: Sequence[Delivery], recipients: Sequence[str]) -> None:
    """Raise RefusedError if a recipient has received, will receive, or may have received this version."""
    wanted = {recipient.casefold() for recipient in recipients}
    for delivery in earlier:
        for address, leg in delivery.legs.items():
            if address.casefold() not in wanted or leg.fate == "refused":
                continue
            when = f"{leg.at:%d/%m/%Y %H:%M}"
            if leg.fate == "accepted":
                raise RefusedError(
                    message(
                        "delivery:log.sent",
                        address=address,
                        when=when,
                        delivery=delivery.id,
                        message_id=delivery.message_id,
                    )
                )
            if leg.fate == "uncertain":
                raise RefusedError(
                    message("delivery:log.maybe", address=address, delivery=delivery.id, when=when, why=leg.why)
                )
            raise RefusedError(message("delivery:log.waiting", address=address, delivery=delivery.id))
