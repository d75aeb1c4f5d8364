"""Record of deliveries in the store: append-only, and never the same version twice to a recipient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from eventready.core.clock import Clock
from eventready.core.errors import RefusedError, UsageError
from eventready.core.messages import Message, in_english, message
from eventready.core.records import Kinds, Moment, Stream, Words
from eventready.delivery.mail.letter import PaperReference
from eventready.delivery.mail.mail import Enclosed, Mail
from eventready.delivery.mail.smtp import SubmitResult
from eventready.store.store import Store
from eventready.store.streams.journal import OPENING, JournalEntry, unfit

#: `trying` and `handed` are those of an attempt that has not ended; what they mean depends on whether it still runs.
RecipientStatus: TypeAlias = Literal["waiting", "trying", "handed", "accepted", "refused", "uncertain"]
StepKind: TypeAlias = Literal["attempt", "handed", "ended", "settled"]
State: TypeAlias = Literal["queued", "under_way", "sent", "partly_refused", "refused", "uncertain"]


@dataclass(frozen=True)
class RecipientState:
    """State for a recipient, and the reason. `at` is the event's time of the last change."""

    fate: RecipientStatus
    why: str | Message
    at: datetime


@dataclass(frozen=True)
class Queued:
    """Entry of a queued mail. `fingerprint` is the version (subject, text, files); `sha256` names the bytes to send,
    stored in the outbox.

    `at` is the event's time; `again` why a version goes out a second time.
    """

    fingerprint: str
    sha256: str
    size: int
    subject: str
    sender: str
    message_id: str
    paper: PaperReference
    enclosed: tuple[Enclosed, ...]
    recipients: tuple[str, ...]
    at: Moment
    rehearsal: bool = False
    again: str = ""


@dataclass(frozen=True)
class DeliveryStep:
    """Later entry: the new states of some recipients with the reasons. `answer`: the server's to a complete mail."""

    step: StepKind
    at: Moment
    legs: Mapping[RecipientStatus, Mapping[str, Words]]
    answer: str = ""
    server: str = ""


#: Entries are keyed by the name of the delivery.
STREAM: Stream[Queued | DeliveryStep] = Stream("delivery", Kinds("kind", {"queued": Queued, "step": DeliveryStep}))


@dataclass(frozen=True, kw_only=True)
class Delivery(Queued):
    """Delivery of a mail. `recorded` is the real time in UTC of the queueing; `answer` the server's last word."""

    id: str
    recorded: datetime
    legs: Mapping[str, RecipientState] = field(default_factory=dict)
    answer: str = ""
    attempts: int = 0

    def of(self, *fates: RecipientStatus) -> tuple[str, ...]:
        """Return the recipients in any of these states."""
        return tuple(recipient for recipient, leg in self.legs.items() if leg.fate in fates)

    @property
    def state(self) -> State:
        """Return the state of the whole delivery: states for a person's attention first."""
        if self.of("uncertain"):
            return "uncertain"
        if self.of("trying", "handed"):
            return "under_way"
        if self.of("waiting"):
            return "queued"
        if self.of("refused"):
            return "partly_refused" if self.of("accepted") else "refused"
        return "sent"

    def to_dict(self) -> dict[str, Any]:
        """Return the delivery as plain JSON types."""
        hidden = ("sender", "paper", "enclosed", "recipients", "legs")
        return {
            "id": self.id,
            **{name: value for name, value in vars(self).items() if name not in hidden},
            "state": self.state,
            "kind": self.paper.kind,
            "due": str(self.paper.due) if self.paper.due else None,
            "version": self.paper.version,
            "files": [asdict(file) for file in self.enclosed],
            "at": self.at.isoformat(timespec="seconds"),
            "recorded": self.recorded.isoformat(timespec="seconds"),
            "recipients": [
                {
                    "address": address,
                    "state": leg.fate,
                    "why": in_english(leg.why),
                    "at": leg.at.isoformat(timespec="seconds"),
                }
                for address, leg in self.legs.items()
            ],
        }


def replay(entries: Iterable[JournalEntry[Queued | DeliveryStep]], *, running: bool) -> tuple[Delivery, ...]:
    """Return the deliveries of the journal's entries, in their order.

    `running`: somebody is sending right now. If nobody is, an attempt without an end broke off: before the dot nothing
    was delivered and the mail waits; after it nobody knows. Raises StoreError for a step of an unknown delivery.
    """
    found: dict[str, Delivery] = {}
    for entry in entries:
        body = entry.body
        if isinstance(body, Queued):
            found[entry.key] = _from_queued(entry, body)
        elif entry.key in found:
            found[entry.key] = _after(found[entry.key], body)
        else:
            raise unfit(entry, OPENING)
    return tuple(delivery if running else _broken_off(delivery) for delivery in found.values())


def _from_queued(entry: JournalEntry[Queued | DeliveryStep], body: Queued) -> Delivery:
    legs = {address: RecipientState("waiting", "", body.at) for address in body.recipients}
    return Delivery(**vars(body), id=entry.key, recorded=datetime.fromisoformat(entry.recorded), legs=legs)


def _after(delivery: Delivery, step: DeliveryStep) -> Delivery:
    """Return the delivery after a later entry."""
    changed = {
        address: RecipientState(fate, why, step.at) for fate, legs in step.legs.items() for address, why in legs.items()
    }
    return replace(
        delivery,
        legs={**delivery.legs, **changed},
        answer=step.answer or delivery.answer,
        attempts=delivery.attempts + (step.step == "attempt"),
    )


def _broken_off(delivery: Delivery) -> Delivery:
    fates: dict[RecipientStatus, tuple[RecipientStatus, Message]] = {
        "trying": ("waiting", message("delivery:smtp.broken_before")),
        "handed": ("uncertain", message("delivery:smtp.broken_after")),
    }
    return replace(
        delivery,
        legs={
            address: RecipientState(*fates[leg.fate], leg.at) if leg.fate in fates else leg
            for address, leg in delivery.legs.items()
        },
    )


@dataclass(frozen=True)
class SentDocument:
    """`kind` is a document of duties.yaml (`weekly-report`, `duty-list`, ...); `at` on the event's clock.

    `due` is the day whose report it is (the Monday of a weekly report); `reference` a message id or a file.
    """

    kind: str
    at: datetime
    due: date | None = None
    version: str = ""
    recipients: tuple[str, ...] = ()
    reference: str = ""


def first_sent(sent: Iterable[SentDocument], kind: str) -> SentDocument | None:
    """Return the earliest delivery of a kind."""
    return min((paper for paper in sent if paper.kind == kind), key=lambda paper: paper.at, default=None)


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
        entry = self._journal.append(lambda entries: (f"D-{_queued(entries) + 1:04d}", body), self._clock.real())
        return self.delivery(entry.key)

    def attempt(self, delivery: Delivery, server: str) -> None:
        """Record the begin of an attempt for all waiting recipients."""
        self._append(delivery, "attempt", {"trying": dict.fromkeys(delivery.of("waiting"), "")}, server=server)

    def handed(self, delivery: Delivery, recipients: Sequence[str]) -> None:
        """Record the last moment before a possible delivery to `recipients`."""
        self._append(delivery, "handed", {"handed": dict.fromkeys(recipients, "")})

    def ended(self, delivery: Delivery, outcome: SubmitResult) -> Delivery:
        """Record the end of an attempt; return the delivery with the new states."""
        legs: dict[RecipientStatus, dict[str, str | Message]] = {
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
        legs: Mapping[RecipientStatus, Mapping[str, str | Message]],
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
        paper, accepted = delivery.paper, delivery.of("accepted")
        found.append(SentDocument(paper.kind, leg.at, paper.due, paper.version, accepted, delivery.message_id))
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
            msgid = {"accepted": "delivery:log.sent", "uncertain": "delivery:log.maybe"}.get(
                leg.fate, "delivery:log.waiting"
            )
            known = {"when": f"{leg.at:%d/%m/%Y %H:%M}", "message_id": delivery.message_id, "why": leg.why}
            raise RefusedError(message(msgid, address=address, delivery=delivery.id, **known))
