"""Delivery in the log: a version of a mail to some recipients, and the state for each recipient."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from eventready.core.clock import TZ
from eventready.core.messages import from_stored, rendered
from eventready.delivery.mail.letter import PaperReference
from eventready.delivery.mail.mail import Enclosed
from eventready.store.records.stream import Stream
from eventready.store.streams.journal import JournalEntry

STREAM: Stream[Any] = Stream("delivery", dict[str, Any])

#: `trying` and `handed` are those of an attempt that has not ended; what they mean depends on whether it still runs.
RecipientStatus: TypeAlias = Literal["waiting", "trying", "handed", "accepted", "refused", "uncertain"]
State: TypeAlias = Literal["queued", "under_way", "sent", "partly_refused", "refused", "uncertain"]


@dataclass(frozen=True)
class RecipientState:
    """State for a recipient, and the reason. `at` is the event's time of the last change."""

    fate: RecipientStatus
    why: str
    at: datetime


@dataclass(frozen=True)
class Delivery:
    """Delivery of a mail. `fingerprint` is the version (subject, text, files); `sha256` names the bytes to send, stored
    in the outbox.

    `at` is the event's time when it was queued, `recorded` the real one in UTC; `answer` the server's last word on a
    complete mail; `again` why a version goes out a second time.
    """

    id: str
    fingerprint: str
    sha256: str
    size: int
    subject: str
    sender: str
    message_id: str
    paper: PaperReference
    enclosed: tuple[Enclosed, ...]
    at: datetime
    recorded: datetime
    rehearsal: bool
    again: str
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
        hidden = ("sender", "paper", "enclosed", "legs")
        return {
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


def replay(entries: Iterable[JournalEntry[Any]], *, running: bool) -> tuple[Delivery, ...]:
    """Return the deliveries of the journal's entries, keyed by the name of a delivery, in their order.

    `running`: somebody is sending right now. If nobody is, an attempt without an end broke off: before the dot nothing
    was delivered and the mail waits; after it nobody knows.
    """
    found: dict[str, Delivery] = {}
    for entry in entries:
        if entry.body["kind"] == "queued":
            found[entry.key] = _queued(entry)
        else:
            found[entry.key] = _after(found[entry.key], entry.body)
    return tuple(delivery if running else _broken_off(delivery) for delivery in found.values())


def _queued(entry: JournalEntry[Any]) -> Delivery:
    body, at = entry.body, _moment(entry.body)
    return Delivery(
        id=entry.key,
        fingerprint=body["fingerprint"],
        sha256=body["sha256"],
        size=body["size"],
        subject=body["subject"],
        sender=body["sender"],
        message_id=body["message_id"],
        paper=PaperReference(body["paper"], date.fromisoformat(body["due"]) if body["due"] else None, body["version"]),
        enclosed=tuple(Enclosed(**file) for file in body["files"]),
        at=at,
        recorded=datetime.fromisoformat(entry.recorded),
        rehearsal=body["rehearsal"],
        again=body["again"],
        legs={address: RecipientState("waiting", "", at) for address in body["recipients"]},
    )


def _after(delivery: Delivery, body: Mapping[str, Any]) -> Delivery:
    """Return the delivery after a later entry with the new states of some recipients."""
    at = _moment(body)
    changed = {
        address: RecipientState(fate, from_stored(why), at)
        for fate, reasons in body["legs"].items()
        for address, why in reasons.items()
    }  # fmt: skip
    return replace(
        delivery,
        legs={**delivery.legs, **changed},
        answer=body.get("answer") or delivery.answer,
        attempts=delivery.attempts + (body["kind"] == "attempt"),
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


def _moment(body: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(body["at"]).astimezone(TZ)
