"""Waiting changes: announced for a later begin, in a stream of the store.

A change waits while its process holds its lock. Without the lock, after a restart of the machine or kill -9, its begin
is lost and never made up for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from sqlalchemy import select

from eventready.core.errors import RefusedError, UsageError
from eventready.core.groups import group_by
from eventready.core.messages import message
from eventready.core.records import Kinds, Moment, Stream, Words
from eventready.store.database.connection import Database, translate_errors
from eventready.store.database.tables import ChangeRow
from eventready.store.process_lock import ProcessLocks
from eventready.store.streams.journal import OPENING, Journal, JournalEntry, unfit


@dataclass(frozen=True)
class Announced:
    """First entry of a waiting change: event, plan and its hash, operator and host, begin (event time), and devices.

    `window`: name of the window in which the change begins; empty for a begin by a time alone.
    """

    event: str
    plan: str
    sha256: str
    by: str
    host: str
    at: Moment
    intents: tuple[str, ...]
    devices: tuple[str, ...]
    window: str = ""
    rehearsal: bool = False


@dataclass(frozen=True)
class Due:
    """The begin has come; a cancellation comes too late."""


@dataclass(frozen=True)
class Cancelled:
    """Cancelled by a person before its begin."""

    by: str
    host: str


@dataclass(frozen=True)
class NotBegun:
    """Refused at its begin, or ended before; no device was touched."""

    why: Words


WaitingStep: TypeAlias = Announced | Due | Cancelled | NotBegun
STEPS: Kinds[WaitingStep] = Kinds(
    "step", {"announced": Announced, "due": Due, "cancelled": Cancelled, "not_begun": NotBegun}
)
STREAM = Stream("waiting change", STEPS)
#: `waiting` for its begin, `due`: about to begin, `begun`: recorded as a change, `lost` with its process, `cancelled`,
#: `not_begun`: refused at its begin, or ended before.
WaitingState: TypeAlias = Literal["waiting", "due", "begun", "lost", "cancelled", "not_begun"]


@dataclass(frozen=True)
class WaitingChange:
    """Change announced for a later begin. `last`: its last entry; `recorded`: real time of the announcement in UTC."""

    id: str
    announced: Announced
    recorded: str
    last: WaitingStep
    state: WaitingState

    @property
    def pending(self) -> bool:
        """Return True for a waiting change, and for a lost change until its cancellation."""
        return self.state in ("waiting", "due", "lost")


class WaitingChanges:
    """Waiting changes of a store. Safe for several processes."""

    def __init__(self, database: Database, alive: ProcessLocks) -> None:
        self._database, self._alive = database, alive
        self._journal = Journal(database, STREAM)

    @contextmanager
    def waiting(self, change: str, announced: Announced) -> Iterator[None]:
        """Announce a change, and hold its lock for the block. Raises StoreError."""
        with ExitStack() as stack:
            with translate_errors(self._database.where):
                mine = stack.enter_context(self._alive.exclusive(_lock(change)))
            if not mine:
                raise RefusedError(message("store:running", change=change))
            self._add(change, announced)
            yield

    def due(self, change: str) -> None:
        """Record the begin of a waiting change.

        Raises RefusedError for a cancelled change, StoreError without its lock.
        """

        def decide(entries: Sequence[JournalEntry[WaitingStep]]) -> tuple[str, WaitingStep]:
            self._refuse_cancelled(change, _last(entries, change))
            return change, Due()

        with translate_errors(self._database.where):
            self._alive.confirm(_lock(change))
        self._journal.append(decide, datetime.now(UTC))

    def refuse_cancelled(self, change: str) -> None:
        """Raise RefusedError for a cancelled change."""
        self._refuse_cancelled(change, self._journal.entries(change)[-1].body)

    @staticmethod
    def _refuse_cancelled(change: str, last: WaitingStep) -> None:
        if isinstance(last, Cancelled):
            raise CancelledError(message("store:waiting.cancelled", change=change, by=last.by, host=last.host))

    def end(self, change: str, end: Cancelled | NotBegun) -> None:
        """Record the end of a change without a begin, by its own process. Raises StoreError."""
        self._add(change, end)

    def cancel(self, name: str, by: str, host: str) -> WaitingChange:
        """Cancel a waiting or lost change; from now on there is no begin.

        Raises UsageError for an unknown change, RefusedError for a change without a begin to come.
        """
        found = self.get(name)

        def decide(entries: Sequence[JournalEntry[WaitingStep]]) -> tuple[str, WaitingStep]:
            last = _last(entries, found.id)
            self._refuse_cancelled(found.id, last)
            if isinstance(last, NotBegun) or (isinstance(last, Due) and found.state != "lost"):
                over = "over" if isinstance(last, NotBegun) else "begun"
                raise RefusedError(message(f"store:waiting.{over}", change=found.id))
            return found.id, Cancelled(by, host)

        self._journal.append(decide, datetime.now(UTC))
        return found

    def begun(self, change: str) -> bool:
        """Return True for a change on record with its devices."""
        with self._database.reading() as session:
            return session.get(ChangeRow, change) is not None

    def all(self) -> tuple[WaitingChange, ...]:
        """Return all changes ever announced, oldest first. Raises StoreError."""
        by_change = group_by(self._journal.entries(), lambda entry: entry.key)
        if not by_change:
            return ()
        with self._database.reading() as session:
            begun = set(session.scalars(select(ChangeRow.id).where(ChangeRow.id.in_(by_change))))
        return tuple(self._change(entries, begun=change in begun) for change, entries in by_change.items())

    def pending(self) -> tuple[WaitingChange, ...]:
        """Return the waiting and the lost changes, by their begin. Raises StoreError."""
        return tuple(sorted((one for one in self.all() if one.pending), key=lambda one: one.announced.at))

    def get(self, name: str) -> WaitingChange:
        """Return the change called `latest`, or by its id, its plan, or a unique prefix.

        Raises UsageError, StoreError.
        """
        known = self.all()
        if name == "latest" and (pending := [one for one in known if one.pending]):
            return pending[-1]
        names = {one.id: (one.id, one.announced.plan) for one in known}
        exact = [one for one in known if name in names[one.id]]
        found = exact or [one for one in known if name and any(of.startswith(name) for of in names[one.id])]
        found = [one for one in found if one.pending] or found
        if len(found) > 1:
            raise UsageError(message("store:change.ambiguous", name=name, count=len(found)))
        if not found:
            raise UsageError(message("store:waiting.none" if name == "latest" else "store:waiting.unknown", name=name))
        return found[0]

    def _change(self, entries: Sequence[JournalEntry[WaitingStep]], *, begun: bool) -> WaitingChange:
        first, last = entries[0], entries[-1].body
        if not isinstance(first.body, Announced):
            raise unfit(first, OPENING)
        state = _state(last, begun=begun)
        if state in ("waiting", "due"):
            with translate_errors(self._database.where):
                held = self._alive.is_held(_lock(first.key))
            if not held:  # read again: its process has ended by now
                last = self._journal.entries(first.key)[-1].body
                state = _state(last, begun=self.begun(first.key))
                state = "lost" if state in ("waiting", "due") else state
        return WaitingChange(first.key, first.body, first.recorded, last, state)

    def _add(self, change: str, step: WaitingStep) -> None:
        self._journal.add([(change, step, datetime.now(UTC))])


class CancelledError(RefusedError):
    """Change cancelled before its begin."""


def _last(entries: Sequence[JournalEntry[WaitingStep]], change: str) -> WaitingStep:
    return next(entry.body for entry in reversed(entries) if entry.key == change)


def _state(last: WaitingStep, *, begun: bool) -> WaitingState:
    """Return the state by the last entry, with a live process."""
    if begun:
        return "begun"
    match last:
        case Cancelled():
            return "cancelled"
        case NotBegun():
            return "not_begun"
        case Due():
            return "due"
    return "waiting"


def _lock(change: str) -> str:
    return f"waiting-{change}"
