"""Changes in the store: the plan, every step before its execution, and device locks.

Steps are in the journal's stream `change step`, so that alterations and omissions are detected. The state of a change
and its devices follows from them; the table of changes is a summary.
"""

from __future__ import annotations

import hashlib
import json
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, undefer

from eventready.core.clock import TZ
from eventready.core.errors import RefusedError, StoreError, UsageError
from eventready.core.messages import Message, message
from eventready.core.strings.json_text import canonical
from eventready.store.database.connection import Database
from eventready.store.database.storage_errors import translate_errors
from eventready.store.database.tables import ChangeRow, DeviceLock
from eventready.store.documents import compress, decompress
from eventready.store.evidence import EvidenceStore, PackedEvidence
from eventready.store.process_lock import ProcessLocks
from eventready.store.records.stream import Stream
from eventready.store.run_names import new_run_id
from eventready.store.streams.journal import Journal, undamaged

STREAM: Stream[Any] = Stream("change step", dict[str, Any])

#: Version of the journal's entries, recorded in a change's first step.
SCHEMA = "eventready.change/2"

#: The first and the last step of a change itself; all others are a device's.
BEGUN, ENDED = "begun", "ended"


@dataclass(frozen=True)
class Step:
    """`device` is empty for the change itself; `recorded` is the real time in UTC (ISO 8601)."""

    device: str
    step: str
    recorded: str
    body: Mapping[str, Any]

    @property
    def moment(self) -> datetime:
        """Return the time of recording, aware."""
        return datetime.fromisoformat(self.recorded)


@dataclass(frozen=True)
class StepEntry:
    """A step to record. `releases_lock`: the device's lock is released in the same transaction."""

    device: str
    step: str
    body: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[PackedEvidence, ...] = ()
    releases_lock: bool = False


@dataclass(frozen=True)
class LockHolder:
    """Holder of a device lock: id of the change, operator and host, and since when (real time, ISO 8601)."""

    device: str
    change: str
    by: str
    host: str
    since: str


@dataclass(frozen=True)
class ChangeHeader:
    """Statements about a change at its beginning: operator, host, plan (id), approvers and mode.

    `rolls_back` is the change that this one rolls back, or empty; `event_time` the event's time (ISO 8601), in a
    `rehearsal` not the real one. `emergency` and `applied` (the signature) are None where there is none.
    """

    by: str
    host: str
    plan: str = ""
    mode: str = "apply"
    approved_by: tuple[str, ...] = ()
    rolls_back: str = ""
    event_time: str = ""
    rehearsal: bool = False
    emergency: Mapping[str, str] | None = None
    applied: Mapping[str, str] | None = None

    @property
    def document(self) -> dict[str, Any]:
        """Return plain JSON types; `load` reads them."""
        return {
            "by": self.by,
            "host": self.host,
            "plan": self.plan,
            "mode": self.mode,
            "approved_by": list(self.approved_by),
            "rolls_back": self.rolls_back or None,
            "emergency": self.emergency,
            "clock": {"event": self.event_time, "rehearsal": self.rehearsal},
            **({"applied": self.applied} if self.applied else {}),
        }

    @classmethod
    def load(cls, document: Mapping[str, Any]) -> ChangeHeader:
        """Return the header of a recorded document."""
        clock = document.get("clock") or {}
        return cls(
            by=str(document.get("by", "")),
            host=str(document.get("host", "")),
            plan=str(document.get("plan", "")),
            mode=str(document.get("mode", "")),
            approved_by=tuple(map(str, document.get("approved_by", ()))),
            rolls_back=str(document.get("rolls_back") or ""),
            event_time=str(clock.get("event", "")),
            rehearsal=bool(clock.get("rehearsal")),
            emergency=document.get("emergency"),
            applied=document.get("applied"),
        )


@dataclass(frozen=True)
class ChangeEntry:
    """A line of the list of changes. `ended` is None while any device is unproven, or an atomic change is partial.

    `outcomes`: per device its outcome (new, old, untouched, unproven) when the change was last closed.
    """

    id: str
    event: str
    begun: str
    ended: str | None
    header: ChangeHeader
    outcomes: Mapping[str, str]


@dataclass(frozen=True)
class PlanSummary:
    """Summary of a recorded plan: id, hash, intents, waves of devices, its drill (or empty) and approvers."""

    id: str
    sha256: str
    intents: tuple[str, ...]
    waves: tuple[tuple[str, ...], ...]
    drill: str
    approvers: tuple[str, ...]

    @classmethod
    def load(cls, file: Mapping[str, Any]) -> PlanSummary:
        """Return the summary of a plan file: `{"plan": ..., "approvals": [...]}`."""
        plan = file.get("plan", {})
        return cls(
            id=str(plan.get("id", "")),
            sha256=str(plan.get("sha256", "")),
            intents=tuple(map(str, plan.get("intents", ()))),
            waves=tuple(tuple(map(str, wave)) for wave in plan.get("waves", ())),
            drill=str((plan.get("drill") or {}).get("name", "")),
            approvers=tuple(str(approval["by"]) for approval in file.get("approvals", ())),
        )


@dataclass(frozen=True)
class ChangeRecord:
    """Change with its plan file (`{"plan": ..., "approvals": [...]}`) and all its steps, oldest first."""

    entry: ChangeEntry
    plan: Mapping[str, Any]
    steps: tuple[Step, ...]

    @property
    def summary(self) -> PlanSummary:
        """Return the summary of the plan."""
        return PlanSummary.load(self.plan)

    def of(self, device: str) -> tuple[Step, ...]:
        """Return the steps of a device."""
        return tuple(step for step in self.steps if step.device == device)


class _Waiting:
    """Entries of a thread, waiting for a shared transaction."""

    def __init__(self, change: str, notes: Sequence[StepEntry], moment: datetime) -> None:
        self.change, self.notes, self.moment = change, notes, moment
        self.settled = False
        self.error: BaseException | None = None


class Changes:
    """Changes of a store. Safe for threads, which share transactions, and for processes."""

    def __init__(self, database: Database, alive: ProcessLocks) -> None:
        self._database, self._alive = database, alive
        self._journal = Journal(database, STREAM)
        self._door, self._writing = threading.Lock(), threading.Lock()
        self._waiting: list[_Waiting] = []

    # Writing

    def new_id(self, moment: datetime) -> str:
        """Return an unused id for a change begun at `moment` (event time), such as `c-20330725-070000-a3f2`.

        The ids of one second differ in 16 random bits, so the stored ones are compared.
        """
        with self._database.reading() as session:
            while session.get(ChangeRow, change := f"c-{new_run_id(moment)}") is not None:
                continue
        return change

    def begin(
        self,
        change: str,
        *,
        event: str,
        plan: Mapping[str, Any],
        devices: Iterable[str],
        header: ChangeHeader,
        admit: Callable[[Mapping[str, str]], None] = lambda _used: None,
    ) -> None:
        """Record a change and lock all its devices, or neither. A rollback inherits locks of its change.

        `admit` receives the used approvals of the plan (see `used_approvals`) in
        the transaction of the record, and raises to refuse the change. Raises RefusedError with the holder of a locked
        device, and StoreError.
        """
        now = datetime.now(UTC)
        since = now.isoformat(timespec="milliseconds")
        body = {"device": "", "step": BEGUN, "schema": SCHEMA, "plan": plan_digest(plan), "header": header.document}
        names = sorted(set(devices))
        with self._database.writing() as session:
            self._journal.write(session, [(change, body, now)])  # locks the head of the journal
            admit(_used_approvals(session, header.plan))
            if header.rolls_back:
                inherited = DeviceLock.change == header.rolls_back
                session.execute(delete(DeviceLock).where(inherited, DeviceLock.device.in_(names)))
            self._refuse_held(session, names)
            session.add(
                ChangeRow(id=change, event=event, begun=since, header=header.document, outcomes={}, plan=compress(plan))
            )
            session.add_all(
                DeviceLock(device=name, change=change, by=header.by, host=header.host, since=since) for name in names
            )

    def _refuse_held(self, session: Session, devices: Sequence[str]) -> None:
        wanted = set(devices)
        held = [_hold(row) for row in session.scalars(select(DeviceLock)) if row.device in wanted]
        if not held:
            return
        first = min(held, key=lambda hold: hold.device)
        more = len(held) - 1
        device = message("store:locked_more", device=first.device, more=more) if more else first.device
        holder = {"change": first.change, "by": first.by, "host": first.host, "since": _local(first.since)}
        raise RefusedError(message("store:locked", device=device, **holder))

    def record(self, change: str, *notes: StepEntry) -> None:
        """Record steps durably. Raises StoreError; then none of them is recorded."""
        waiting = _Waiting(change, notes, datetime.now(UTC))
        with self._door:
            self._waiting.append(waiting)
        with self._writing:
            if not waiting.settled:
                with self._door:
                    batch, self._waiting = self._waiting, []
                self._write(batch)
        if isinstance(waiting.error, StoreError):
            raise waiting.error.again() from waiting.error
        if waiting.error is not None:
            raise waiting.error

    def _write(self, batch: Sequence[_Waiting]) -> None:
        """Write all waiting entries in a single transaction, for all waiting threads."""
        error: BaseException | None = None
        try:
            with self._database.writing() as session:
                self._journal.write(
                    session,
                    [
                        (one.change, {**note.body, "device": note.device, "step": note.step}, one.moment)
                        for one in batch
                        for note in one.notes
                    ],
                )
                EvidenceStore.write_now(
                    session, (text for one in batch for note in one.notes for text in note.evidence)
                )
                for one in batch:
                    free = [note.device for note in one.notes if note.releases_lock]
                    if free:
                        mine = DeviceLock.change == one.change
                        session.execute(delete(DeviceLock).where(mine, DeviceLock.device.in_(free)))
        except BaseException as caught:  # raised again in each waiting thread
            error = caught
        for one in batch:
            one.error, one.settled = error, True

    def finish(self, change: str, outcomes: Mapping[str, str], body: Mapping[str, Any], *, ended: bool) -> None:
        """Record the state of a change without a process. `ended`: every device is proven, and no lock is left."""
        now = datetime.now(UTC)
        note = {**body, "device": "", "step": ENDED, "outcomes": dict(outcomes), "all_proven": ended}
        with self._database.writing() as session:
            self._journal.write(session, [(change, note, now)])
            row = session.get_one(ChangeRow, change)
            row.outcomes = dict(outcomes)
            row.ended = now.isoformat(timespec="milliseconds") if ended else None
            if ended:
                session.execute(delete(DeviceLock).where(DeviceLock.change == change))

    @contextmanager
    def exclusive(self, change: str) -> Iterator[None]:
        """Hold the exclusive lock of this change for the block; the system releases the lock of a dead process.

        Raises RefusedError if another process holds it, and StoreError.
        """
        with ExitStack() as stack:
            with translate_errors(self._database.where):
                mine = stack.enter_context(self._alive.exclusive(f"change-{change}"))
            if not mine:
                entry = next((entry for entry in self.entries() if entry.id == change), None)
                if entry is None:
                    raise RefusedError(message("store:running", change=change))
                who = {"by": entry.header.by, "host": entry.header.host, "since": _local(entry.begun)}
                raise RefusedError(message("store:running_by", change=change, **who))
            yield

    # Reading

    def entries(self) -> tuple[ChangeEntry, ...]:
        """Return all changes, oldest first."""
        with self._database.reading() as session:
            rows = session.scalars(select(ChangeRow).order_by(ChangeRow.begun, ChangeRow.id))
            return tuple(_entry(row) for row in rows)

    def plans(self, event: str) -> tuple[tuple[ChangeEntry, PlanSummary], ...]:
        """Return the changes of an event with their plans, oldest first. Raises StoreError for an altered plan.

        The journal is read once, and of each change its first step only, which has the hash of the plan.
        """
        with self._database.reading() as session:
            rows = select(ChangeRow).where(ChangeRow.event == event).order_by(ChangeRow.begun, ChangeRow.id)
            found = [(_entry(row), row.plan) for row in session.scalars(rows.options(undefer(ChangeRow.plan)))]
            begun = {entry.key: entry.body for entry in self._journal.first_entries(session)} if found else {}
        return tuple(
            (entry, PlanSummary.load(_intact_plan(entry.id, packed, begun.get(entry.id)))) for entry, packed in found
        )

    def get(self, name: str) -> ChangeRecord:
        """Return the change called `latest`, or by its id or a unique prefix. Raises UsageError, StoreError."""
        with self._database.reading() as session:
            known = session.scalars(select(ChangeRow.id).order_by(ChangeRow.begun, ChangeRow.id)).all()
            change = _find(name, known)
            row = session.get_one(ChangeRow, change, options=[undefer(ChangeRow.plan)])
            entry, packed = _entry(row), row.plan
        recorded = [(entry.recorded, entry.body) for entry in self._journal.entries(change)]
        plan = _intact_plan(change, packed, recorded[0][1] if recorded else None)
        steps = tuple(Step(str(body["device"]), str(body["step"]), moment, body) for moment, body in recorded)
        return ChangeRecord(entry, plan, steps)

    def used_approvals(self, plan: str) -> dict[str, str]:
        """Return the signatures of approvals with which changes of a plan have begun, each with the change."""
        with self._database.reading() as session:
            return _used_approvals(session, plan)

    def locks(self) -> tuple[LockHolder, ...]:
        """Return all device locks, by device."""
        with self._database.reading() as session:
            return tuple(_hold(row) for row in session.scalars(select(DeviceLock).order_by(DeviceLock.device)))

    def is_active(self, change: str) -> bool:
        """Return True while a live process works on the change."""
        with translate_errors(self._database.where):
            return self._alive.is_held(f"change-{change}")


def _used_approvals(session: Session, plan: str) -> dict[str, str]:
    headers = session.execute(select(ChangeRow.id, ChangeRow.header)).all()
    begun = [change for change, header in headers if header.get("plan") == plan]
    rows = session.scalars(select(ChangeRow).where(ChangeRow.id.in_(begun)))
    return {str(one["signature"]): row.id for row in rows for one in decompress(row.plan).get("approvals", ())}


def backup_keys(database: Database) -> frozenset[str]:
    """Return the ids of the keys of recorded backups."""
    entries = Journal(database, STREAM).entries()
    return frozenset(str(entry.body["key"]) for entry in entries if entry.body.get("key"))


def plan_digest(plan: Mapping[str, Any]) -> str:
    """Return the hash of a plan file with its approvals."""
    return hashlib.sha256(canonical(plan)).hexdigest()


def broken_changes(session: Session) -> Iterator[Message]:
    """Yield a problem where the table of changes contradicts the journal."""
    recorded = {
        entry.key: entry.body for entry in undamaged(session, STREAM) if entry.body and entry.body["step"] == BEGUN
    }
    rows = select(ChangeRow).options(undefer(ChangeRow.plan)).execution_options(yield_per=1)
    for row in session.scalars(rows):
        begun = recorded.pop(row.id, None)
        try:
            intact = begun is not None and begun["plan"] == plan_digest(decompress(row.plan))
        except (zlib.error, ValueError, TypeError):
            intact = False
        if not intact:
            yield message("store:altered.plan", change=row.id)
        elif begun is not None and begun["header"] != json.loads(canonical(row.header)):
            yield message("store:altered.header", change=row.id)
    for change in recorded:
        yield message("store:altered.change_missing", change=change)


def _find(name: str, known: Sequence[str]) -> str:
    if name == "latest":
        if not known:
            raise UsageError(message("store:change.none"))
        return known[-1]
    matches = [name] if name in known else [change for change in known if name and change.startswith(name)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UsageError(message("store:change.ambiguous", name=name, count=len(matches)))
    raise UsageError(message("store:change.unknown", name=name))


def _intact_plan(change: str, packed: bytes, begun: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the plan of a change. Raises StoreError for another hash than in the first step `begun`."""
    try:
        plan = decompress(packed)
    except (zlib.error, ValueError, TypeError):
        raise _damaged(change) from None
    if begun is None or begun.get("plan") != plan_digest(plan):
        raise _damaged(change)
    return plan


def _damaged(change: str) -> StoreError:
    return StoreError(message("store:change.damaged", change=change))


def _entry(row: ChangeRow) -> ChangeEntry:
    return ChangeEntry(row.id, row.event, row.begun, row.ended, ChangeHeader.load(row.header), row.outcomes)


def _hold(row: DeviceLock) -> LockHolder:
    return LockHolder(row.device, row.change, row.by, row.host, row.since)


def _local(moment: str) -> str:
    """Return a recorded time in local form."""
    return f"{datetime.fromisoformat(moment).astimezone(TZ):%Y-%m-%d %H:%M:%S}"
