"""Delivery in the log: a version of a mail to some recipients, and the state for each recipient."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias

from eventready.core.messages import rendered
from eventready.core.records import Kinds, Moment, Stream, Words
from eventready.delivery.mail.letter import PaperReference
from eventready.delivery.mail.mail import Enclosed
from eventready.store.streams.journal import JournalEntry

#: `trying` and `handed` are those of an attempt that has not ended; what they mean depends on whether it still runs.
RecipientStatus: TypeAlias = Literal["waiting", "trying", "handed", "accepted", "refused", "uncertain"]
StepKind: TypeAlias = Literal["attempt", "handed", "ended", "settled"]
State: TypeAlias = Literal["queued", "under_way", "sent", "partly_refused", "refused", "uncertain"]


@dataclass(frozen=True)
class RecipientState:
    """State for a recipient, and the reason. `at` is the event's time of the last change."""

    fate: RecipientStatus
    why: str
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
                {"address": address, "state": leg.fate, "why": str(leg.why), "at": leg.at.isoformat(timespec="seconds")}
                for address, leg in self.legs.items()
            ],
        }


def name(number: int) -> str:
    """Return the name of the `number`th queued delivery."""
    return f"D-{number:04d}"


def replay(entries: Iterable[JournalEntry[Queued | DeliveryStep]], *, running: bool) -> tuple[Delivery, ...]:
    """Return the deliveries of the journal's entries, in their order.

    `running`: somebody is sending right now. If nobody is, an attempt without an end broke off: before the dot nothing
    was delivered and the mail waits; after it nobody knows.
    """
    found: dict[str, Delivery] = {}
    for entry in entries:
        body = entry.body
        found[entry.key] = _after(found[entry.key], body) if isinstance(body, DeliveryStep) else _queued(entry, body)
    return tuple(delivery if running else _broken_off(delivery) for delivery in found.values())


def _queued(entry: JournalEntry[Queued | DeliveryStep], body: Queued) -> Delivery:
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
    fates: dict[RecipientStatus, tuple[RecipientStatus, str]] = {
        "trying": ("waiting", rendered("delivery:smtp.broken_before")),
        "handed": ("uncertain", rendered("delivery:smtp.broken_after")),
    }
    return replace(
        delivery,
        legs={
            address: RecipientState(*fates[leg.fate], leg.at) if leg.fate in fates else leg
            for address, leg in delivery.legs.items()
        },
    )
