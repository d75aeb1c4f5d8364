"""Outbox of messages to people: a row per event and address, claimed by a conditional update, sent once.

A delivery is `waiting`, `claimed` by a sender, `handed` to the channel (the last moment before a possible delivery),
then `sent` or `failed`. The claim of a dead sender is free again; what it had handed is `uncertain` and not sent again.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias
from uuid import uuid4

from pydantic import JsonValue
from sqlalchemy import func, insert, select, update

from eventready.core.groups import group_by
from eventready.core.messages import Lang, Message, in_english
from eventready.core.records import Moment, Sentence, Stream
from eventready.store.database.connection import Database
from eventready.store.database.tables import DeliveryRow, NotificationRow
from eventready.store.process_lock import ProcessLocks

DeliveryState: TypeAlias = Literal["waiting", "claimed", "handed", "sent", "failed", "uncertain"]
#: Pauses after failed attempts in seconds, the last one again and again.
PAUSES_S = (30, 60, 120, 300, 600)

#: States without a further attempt.
_FINAL = ("sent", "failed", "uncertain")


@dataclass(frozen=True)
class Wording:
    """Subject and text in a language."""

    subject: str
    text: str
    lang: Lang


@dataclass(frozen=True)
class OutboxNotice:
    """Content of a message: `words`, and those of `others`, by address.

    `at`: time of the state that it tells; `covers`: occurrences of reminders; `people`: names of the `receiver` of
    alerts.yaml; `alerts`: record of the watch; `sentence`: of a change, for which the watch has the addresses.
    """

    kind: Literal["alert", "change", "death", "reminder", "test"]
    words: Wording
    others: Mapping[str, Wording] = field(default_factory=dict)
    at: Moment | None = None
    covers: tuple[str, ...] = ()
    receiver: str = ""
    people: tuple[str, ...] = ()
    alerts: Mapping[str, JsonValue] | None = None
    sentence: Sentence | None = None


NOTICE = Stream("notice", OutboxNotice)


@dataclass(frozen=True)
class AddressState:
    """State of the delivery to an address, number of attempts, and the last outcome."""

    state: str
    attempts: int = 0
    outcome: str = ""


@dataclass(frozen=True)
class OutgoingMessage:
    """Message with its deliveries by address. `made`: the event's time."""

    id: str
    made: datetime
    body: OutboxNotice
    deliveries: Mapping[str, AddressState] = field(default_factory=dict)

    @property
    def undelivered(self) -> bool:
        """True after failed or uncertain attempts for every address, and without any address."""
        tried = (one.attempts > 0 or one.state in ("failed", "uncertain") for one in self.deliveries.values())
        return all(tried) and all(one.state != "sent" for one in self.deliveries.values())


@dataclass(frozen=True)
class ClaimedDelivery:
    """Delivery in charge of this sender."""

    id: str
    address: str
    body: OutboxNotice
    attempts: int


class NotificationOutbox:
    """Messages of a scope. Safe for several processes and threads."""

    def __init__(self, database: Database, alive: ProcessLocks, scope: str) -> None:
        self._database, self._alive, self._scope = database, alive, scope
        self._owner = ""
        self._known: dict[str, OutgoingMessage] = {}
        self._settled: set[str] = set()
        self._last = 0

    def add(self, name: str, body: OutboxNotice, addresses: Collection[str], made: datetime) -> bool:
        """Add a message, due at `made`; False for a message made before. Raises StoreError."""
        own = NotificationRow.scope == self._scope
        with self._database.writing() as session:
            if session.scalars(select(NotificationRow.id).where(own, NotificationRow.id == name)).first():
                return False
            last = session.scalar(select(func.max(NotificationRow.position)).where(own))
            session.add(
                NotificationRow(
                    scope=self._scope,
                    id=name,
                    position=(last or 0) + 1,
                    made=made.isoformat(),
                    body=zlib.compress(NOTICE.encode(body)),
                )
            )
            head = {"scope": self._scope, "notification": name, "state": "waiting", "due": _stamp(made)}
            if addresses:
                session.execute(insert(DeliveryRow), [{**head, "address": address} for address in addresses])
        return True

    def messages(self) -> tuple[OutgoingMessage, ...]:
        """Return all messages, oldest first; a settled message is read once. Raises StoreError."""
        own = NotificationRow.scope == self._scope
        with self._database.reading() as session:
            made = session.scalars(select(NotificationRow).where(own, NotificationRow.position >= self._last)).all()
            for row in sorted(made, key=lambda row: row.position):
                self._last = row.position
                if row.id not in self._known:
                    body, made_at = NOTICE.unpack(row.body, row.id), datetime.fromisoformat(row.made)
                    self._known[row.id] = OutgoingMessage(row.id, made_at, body)
            unsettled = [name for name in self._known if name not in self._settled]
            here = (DeliveryRow.scope == self._scope, DeliveryRow.notification.in_(unsettled))
            rows = session.scalars(select(DeliveryRow).where(*here)).all() if unsettled else ()
        deliveries = group_by(rows, lambda row: row.notification)
        for name in unsettled:
            states = {
                row.address: AddressState(row.state, row.attempts, row.outcome) for row in deliveries.get(name, ())
            }
            self._known[name] = replace(self._known[name], deliveries=states)
            if all(one.state in _FINAL for one in states.values()):
                self._settled.add(name)
        return tuple(self._known.values())

    @contextmanager
    def sender(self) -> Iterator[None]:
        """Be a sender inside the block; its claims are free again after the end of the process. Raises StoreError."""
        self._owner = f"sender-{uuid4().hex}"
        self._alive.hold(self._owner)
        try:
            yield
        finally:
            self._alive.release(self._owner)

    def claim(self, now: datetime, busy: Collection[str] = ()) -> ClaimedDelivery | None:
        """Claim a due delivery to an address outside of `busy`, those at work; None without any. Raises StoreError.

        An older message to the address comes first, due or not, unless tried since.
        """
        self._free(busy)
        own = (DeliveryRow.scope == self._scope, DeliveryRow.state == "waiting")
        same = (NotificationRow.scope == DeliveryRow.scope) & (NotificationRow.id == DeliveryRow.notification)
        with self._database.reading() as session:
            found = select(DeliveryRow).join(NotificationRow, same).where(*own).order_by(NotificationRow.position)
            rows = [row for row in session.scalars(found) if row.address not in busy]
        # A due time beyond the longest pause is one before the clock was set back.
        latest = _stamp(now + timedelta(seconds=PAUSES_S[-1]))
        for due in sorted((row for row in rows if not _stamp(now) < row.due <= latest), key=lambda row: row.due):
            row = next(row for row in rows if row.address == due.address and (row is due or _last_try(row) < due.due))
            if self._move(row, "waiting", state="claimed", owner=self._owner):
                return ClaimedDelivery(row.notification, row.address, self._read(row.notification), row.attempts)
        return None

    def handed(self, claimed: ClaimedDelivery) -> bool:
        """Record the last moment before a possible delivery; False for a lost claim. Raises StoreError."""
        return self._end(claimed, "claimed", state="handed")

    def sent(self, claimed: ClaimedDelivery, outcome: str | Message = "") -> None:
        """Record a delivery. Raises StoreError."""
        self._end(claimed, "handed", state="sent", attempts=claimed.attempts + 1, outcome=in_english(outcome))

    def failed(self, claimed: ClaimedDelivery, reason: str | Message, now: datetime, *, for_good: bool = False) -> None:
        """Record a failed attempt; another follows after a pause. Raises StoreError."""
        due = now + timedelta(seconds=_pause_s(claimed.attempts))
        state = "failed" if for_good else "waiting"
        for before in ("claimed", "handed"):
            self._end(
                claimed, before, state=state, due=_stamp(due), attempts=claimed.attempts + 1, outcome=in_english(reason)
            )

    def uncertain(self, claimed: ClaimedDelivery, reason: str) -> None:
        """Record a message handed over without an answer. Raises StoreError."""
        self._end(claimed, "handed", state="uncertain", attempts=claimed.attempts + 1, outcome=in_english(reason))

    def _free(self, busy: Collection[str]) -> None:
        """Free the claims of dead senders, and own ones without an outcome, after a failure of the store."""
        taken = (DeliveryRow.scope == self._scope, DeliveryRow.state.in_(("claimed", "handed")))
        with self._database.reading() as session:
            rows = session.scalars(select(DeliveryRow).where(*taken)).all()
        others = {row.owner for row in rows} - {self._owner}
        dead = {owner for owner in others if self._alive.is_abandoned(owner)}
        for row in rows:
            if row.owner in dead or (row.owner == self._owner and row.address not in busy):
                self._move(row, row.state, state="waiting" if row.state == "claimed" else "uncertain")

    def _move(self, row: DeliveryRow, before: str, **values: Any) -> bool:
        return self._update(row.notification, row.address, row.owner, before, values)

    def _end(self, claimed: ClaimedDelivery, before: str, **values: Any) -> bool:
        return self._update(claimed.id, claimed.address, self._owner, before, values)

    def _update(self, name: str, address: str, owner: str, before: str, values: Mapping[str, object]) -> bool:
        """Move a delivery from a state to another; False for a delivery of another state or owner."""
        here = (DeliveryRow.scope == self._scope, DeliveryRow.notification == name, DeliveryRow.address == address)
        free = before == "waiting"
        now = (DeliveryRow.state == before, *(() if free else (DeliveryRow.owner == owner,)))
        with self._database.writing() as session:
            moved = update(DeliveryRow).where(*here, *now).values(**values).returning(DeliveryRow.address)
            return session.execute(moved).first() is not None

    def _read(self, name: str) -> OutboxNotice:
        own = (NotificationRow.scope == self._scope, NotificationRow.id == name)
        with self._database.reading() as session:
            return NOTICE.unpack(session.scalars(select(NotificationRow.body).where(*own)).one(), name)


def _last_try(row: DeliveryRow) -> str:
    """Time of the last attempt of a waiting delivery; empty before the first."""
    pause = timedelta(seconds=_pause_s(row.attempts - 1))
    return _stamp(datetime.fromisoformat(row.due) - pause) if row.attempts else ""


def _pause_s(attempts: int) -> int:
    return PAUSES_S[min(attempts, len(PAUSES_S) - 1)]


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
