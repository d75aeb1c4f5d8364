"""The record of deliveries in the store: append-only, and the rule that no version goes to anybody twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from eventready.clock import Clock
from eventready.delivery.delivery import STREAM, Delivery, Fate, name, replay
from eventready.delivery.mail import Mail
from eventready.delivery.smtp import Outcome
from eventready.duty.sent import SentDocument
from eventready.errors import RefusedError, UsageError
from eventready.store.journal import JournalEntry
from eventready.store.store import Store

_LOCK = "sending"


class Record:
    """The deliveries of one store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._journal = store.journal(STREAM)
        self._mine = False

    @contextmanager
    def sending(self) -> Iterator[None]:
        """The block in which this process, and no other, sends. Raises RefusedError when another one does."""
        with self._store.alone(_LOCK) as mine:
            if not mine:
                raise RefusedError("another eventready is sending mail", do="Wait until it has finished.")
            self._mine = True
            try:
                yield
            finally:
                self._mine = False

    def deliveries(self) -> tuple[Delivery, ...]:
        """All of them, oldest first."""
        return _told(self._journal.entries(), running=self._someone_sends())

    def delivery(self, key: str) -> Delivery:
        """One by its name. Raises UsageError."""
        found = next((d for d in self.deliveries() if d.id.casefold() == key.casefold()), None)
        if found is None:
            raise UsageError(f"there is no delivery {key!r}", do="`eventready send --list` shows them.")
        return found

    def queue(self, mail: Mail, sha256: str, recipients: Sequence[str], again: str = "") -> Delivery:
        """Put a mail in the queue, or find it there. Raises RefusedError for a version that somebody has had.

        `again` is the reason for which it goes out all the same.
        """
        own = [d for d in self.deliveries() if d.fingerprint == mail.fingerprint and d.rehearsal == self._rehearsal]
        waiting = next((d for d in own if d.state == "queued" and _same(d.of("waiting"), recipients)), None)
        if waiting is not None:
            return waiting
        if not again:
            _never_twice(own, recipients)
        body = {
            "kind": "queued",
            "at": self._now(),
            "rehearsal": self._rehearsal,
            "again": again,
            "fingerprint": mail.fingerprint,
            "sha256": sha256,
            "size": len(mail.data),
            "subject": mail.subject,
            "sender": mail.sender,
            "message_id": mail.message_id,
            "paper": mail.paper.kind,
            "due": str(mail.paper.due) if mail.paper.due else "",
            "version": mail.paper.version,
            "files": [{"name": file.name, "sha256": file.sha256, "size": file.size} for file in mail.enclosed],
            "recipients": list(recipients),
        }
        entry = self._journal.append(lambda entries: (name(_queued(entries) + 1), body), self._clock.real())
        return self.delivery(entry.key)

    def attempt(self, delivery: Delivery, server: str) -> None:
        """An attempt for all that wait begins."""
        self._append(delivery, "attempt", {"trying": dict.fromkeys(delivery.of("waiting"), "")}, server=server)

    def handed(self, delivery: Delivery, recipients: Sequence[str]) -> None:
        """From here on the mail may be delivered to these."""
        self._append(delivery, "handed", {"handed": dict.fromkeys(recipients, "")})

    def ended(self, delivery: Delivery, outcome: Outcome) -> Delivery:
        """An attempt is over; the delivery as it stands then."""
        legs: dict[Fate, dict[str, str]] = {
            "accepted": dict.fromkeys(outcome.accepted, outcome.answer),
            "waiting": outcome.waiting,
            "refused": outcome.refused,
            "uncertain": outcome.uncertain,
        }
        self._append(delivery, "ended", legs, answer=outcome.answer)
        return self.delivery(delivery.id)

    def settle(self, key: str, *, arrived: bool, by: str, note: str) -> Delivery:
        """A person has asked whether an uncertain one arrived. Raises UsageError when it is not uncertain."""
        delivery = self.delivery(key)
        open_ = delivery.of("uncertain")
        if not open_:
            raise UsageError(f"the delivery {delivery.id} is not uncertain ({delivery.state})", do="Nothing is to do.")
        fate: Fate = "accepted" if arrived else "waiting"
        why = f"{by}: {note}"
        self._append(delivery, "settled", {fate: dict.fromkeys(open_, why)})
        return self.delivery(delivery.id)

    def sent(self, address: str) -> tuple[SentDocument, ...]:
        """The papers that reached an address, for clauses and deadlines. A rehearsal's count in rehearsals only."""
        told = _told(self._journal.entries(), running=True)
        return sent_documents(told, address, rehearsal=self._rehearsal)

    @property
    def _rehearsal(self) -> bool:
        return self._clock.rehearsal

    def _now(self) -> str:
        return self._clock.now().isoformat(timespec="seconds")

    def _append(self, delivery: Delivery, kind: str, legs: Mapping[Fate, Mapping[str, str]], **more: Any) -> None:
        told = {fate: dict(reasons) for fate, reasons in legs.items() if reasons}
        body = {"kind": kind, "at": self._now(), "legs": told, **more}
        self._journal.append(lambda _entries: (delivery.id, body), self._clock.real())

    def _someone_sends(self) -> bool:
        if self._mine:
            return False
        with self._store.alone(_LOCK) as free:
            return not free


def sent_documents(deliveries: Sequence[Delivery], address: str, *, rehearsal: bool) -> tuple[SentDocument, ...]:
    """The papers among deliveries that the server took for an address; `at` is when it did, on the event's clock."""
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


def sent_from(store: Store, clock: Clock, address: str) -> tuple[SentDocument, ...]:
    """The papers of a store that reached an address."""
    return Record(store, clock).sent(address)


def _told(entries: Sequence[JournalEntry], *, running: bool) -> tuple[Delivery, ...]:
    return replay(((entry.key, entry.recorded, entry.body) for entry in entries), running=running)


def _queued(entries: Sequence[JournalEntry]) -> int:
    return sum(entry.body["kind"] == "queued" for entry in entries)


def _same(one: Sequence[str], other: Sequence[str]) -> bool:
    return {address.casefold() for address in one} == {address.casefold() for address in other}


def _never_twice(earlier: Sequence[Delivery], recipients: Sequence[str]) -> None:
    """Raises RefusedError when one of them has had this version, will have it, or may have had it."""
    wanted = {recipient.casefold() for recipient in recipients}
    for delivery in earlier:
        for address, leg in delivery.legs.items():
            if address.casefold() not in wanted or leg.fate == "refused":
                continue
            when = f"{leg.at:%d/%m/%Y %H:%M}"
            if leg.fate == "accepted":
                raise RefusedError(
                    f"{address} has had this very version since {when} ({delivery.id}, {delivery.message_id})",
                    do='Nothing was sent. Leave the address out, or give the reason: --again "...".',
                )
            if leg.fate == "uncertain":
                raise RefusedError(
                    f"{address} may have had this very version ({delivery.id}, {when}): {leg.why}",
                    do=f"Ask there, then say `eventready send --arrived {delivery.id}` or `--lost {delivery.id}`.",
                )
            raise RefusedError(
                f"this very version waits for {address} already ({delivery.id})",
                do="Send what waits: `eventready send --queued --really`.",
            )
