"""Changes in the store: the plan, every step before its execution, and device locks.

Steps are in the journal's stream `change step`, so that alterations and omissions are detected. The state of a change
and its devices follows from them; the table of changes is a summary.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from typing import TypeVar

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, undefer

from eventready.core.errors import RefusedError, StoreError, UnreadableStore, UsageError
from eventready.core.messages import Message, message
from eventready.core.records import Shape, ShapeError
from eventready.core.strings.json_text import canonical
from eventready.core.timezone import local_time
from eventready.store.change_steps import (
    PLAN_FILE,
    STEPS,
    STREAM,
    Arm,
    Backup,
    Begun,
    ChangeHeader,
    ChangeStep,
    DeviceOutcome,
    Done,
    Ended,
    GoBack,
    PlanSummary,
    RecordedPlan,
    Release,
    Rollback,
    Save,
)
from eventready.store.database.connection import Database, translate_errors
from eventready.store.database.tables import ChangeRow, DeviceLock
from eventready.store.evidence import EvidenceStore, PackedEvidence
from eventready.store.process_lock import ProcessLocks
from eventready.store.run_names import new_run_id
from eventready.store.streams.journal import Journal, undamaged

_Record = TypeVar("_Record", bound=ChangeStep)
#: Level 3 takes half the time of level 6 for a fifth more space.
_LEVEL = 3


@dataclass(frozen=True)
class _Outcomes:
    """Column of the outcomes by device."""

    outcomes: dict[str, DeviceOutcome]


_HEADER, _OUTCOMES = Shape(ChangeHeader), Shape(_Outcomes)


@dataclass(frozen=True)
class Step:
    """Recorded step. `recorded`: real time in UTC (ISO 8601)."""

    body: ChangeStep
    recorded: str

    @property
    def device(self) -> str:
        """Return the device; empty for the change itself."""
        return self.body.device

    @property
    def step(self) -> str:
        """Return the name of the step."""
        return STEPS.name(self.body)

    @property
    def moment(self) -> datetime:
        """Return the time of recording, aware."""
        return datetime.fromisoformat(self.recorded)


def last_of(steps: Sequence[Step], kind: type[_Record]) -> _Record | None:
    """Last step of a kind, or None."""
    return next((step.body for step in reversed(steps) if isinstance(step.body, kind)), None)


@dataclass(frozen=True)
class StepEntry:
    """A step to record. `releases_lock`: the device's lock is released in the same transaction."""

    body: ChangeStep
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
class ChangeEntry:
    """A line of the list of changes. `ended` is None while any device is unproven, or an atomic change is partial.

    `outcomes`: per device its outcome (new, old, untouched, unproven) when the change was last closed.
    """

    id: str
    event: str
    begun: str
    ended: str | None
    header: ChangeHeader
    outcomes: Mapping[str, DeviceOutcome]


@dataclass(frozen=True)
class ChangeRecord:
    """Change with its plan file (canonical JSON; empty if damaged) and all its steps, oldest first.

    `position`: of its last step in the journal.
    """

    entry: ChangeEntry
    plan: bytes
    steps: tuple[Step, ...]
    position: int = 0

    @cached_property
    def planned(self) -> RecordedPlan:
        """Return the summary of the plan, and its approvals; of an unreadable plan the id alone."""
        try:
            return _planned(self.entry.id, self.plan)
        except UnreadableStore:
            return RecordedPlan(PlanSummary(self.entry.header.plan))

    @property
    def altered(self) -> bool:
        """Return whether the header differs from the header in the journal, or the plan is damaged."""
        begun = self.steps[0].body if self.steps else None
        return not self.plan or not isinstance(begun, Begun) or begun.header != self.entry.header

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
        self._work: dict[str, tuple[int, frozenset[str]]] = {}

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
        plan: bytes,
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
        begun, opening = Begun("", sha256(plan).hexdigest(), header), _HEADER.plain(header)
        names = sorted(set(devices))
        with self._database.writing() as session:
            self._journal.write(session, [(change, begun, now)])  # locks the head of the journal
            admit(_used_approvals(session, header.plan))
            if header.rolls_back:
                inherited = DeviceLock.change == header.rolls_back
                session.execute(delete(DeviceLock).where(inherited, DeviceLock.device.in_(names)))
            self._refuse_held(session, names)
            session.add(
                ChangeRow(
                    id=change, event=event, begun=since, header=opening, outcomes={}, plan=zlib.compress(plan, _LEVEL)
                )
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
                    [(one.change, note.body, one.moment) for one in batch for note in one.notes],
                )
                EvidenceStore.write_now(
                    session, (text for one in batch for note in one.notes for text in note.evidence)
                )
                for one in batch:
                    free = [note.body.device for note in one.notes if note.releases_lock]
                    if free:
                        mine = DeviceLock.change == one.change
                        session.execute(delete(DeviceLock).where(mine, DeviceLock.device.in_(free)))
        except BaseException as caught:  # raised again in each waiting thread
            error = caught
        for one in batch:
            one.error, one.settled = error, True

    def finish(self, change: str, end: Ended) -> None:
        """Record the state of a change without a process. With every device proven, no lock is left."""
        now = datetime.now(UTC)
        with self._database.writing() as session:
            self._journal.write(session, [(change, end, now)])
            row = session.get_one(ChangeRow, change)
            row.outcomes = _OUTCOMES.plain(_Outcomes(end.outcomes))["outcomes"]
            row.ended = now.isoformat(timespec="milliseconds") if end.all_proven else None
            if end.all_proven:
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
            (entry, _planned(entry.id, _intact_plan(entry.id, packed, begun.get(entry.id))).plan)
            for entry, packed in found
        )

    def get(self, name: str) -> ChangeRecord:
        """Return the change called `latest`, or by its id or a unique prefix. Raises UsageError, StoreError.

        A damaged plan is left out: the journal and the backups suffice for a way back.
        """
        with self._database.reading() as session:
            known = session.scalars(select(ChangeRow.id).order_by(ChangeRow.begun, ChangeRow.id)).all()
            change = _find(name, known)
            row = session.get_one(ChangeRow, change, options=[undefer(ChangeRow.plan)])
            entry, packed = _entry(row), row.plan
        recorded = self._journal.entries(change)
        steps, plan = tuple(Step(one.body, one.recorded) for one in recorded), b""
        with suppress(UnreadableStore):
            plan = _intact_plan(change, packed, steps[0].body if steps else None)
        return ChangeRecord(entry, plan, steps, recorded[-1].position if recorded else 0)

    def later(self, record: ChangeRecord) -> ChangeRecord:
        """Return the record with the steps recorded since; no other step is read. Raises StoreError."""
        new = self._journal.entries(record.entry.id, after=record.position)
        if not new:
            return record
        steps = (*record.steps, *(Step(one.body, one.recorded) for one in new))
        return replace(record, steps=steps, position=new[-1].position)

    def used_approvals(self, plan: str) -> dict[str, str]:
        """Return the signatures of approvals with which changes of a plan have begun, each with the change."""
        with self._database.reading() as session:
            return _used_approvals(session, plan)

    def locks(self) -> tuple[LockHolder, ...]:
        """Return all device locks, by device."""
        with self._database.reading() as session:
            return tuple(_hold(row) for row in session.scalars(select(DeviceLock).order_by(DeviceLock.device)))

    def armed(self) -> tuple[LockHolder, ...]:
        """Return the locks of devices at work: from the arming of the guard to the end of their part."""
        locks = self.locks()
        running = {lock.change for lock in locks}
        self._work = {change: self._at_work(change) for change in running}
        return tuple(lock for lock in locks if lock.device in self._work[lock.change][1])

    def _at_work(self, change: str) -> tuple[int, frozenset[str]]:
        """Return the position of the last step seen of a change, and its devices at work."""
        position, devices = self._work.get(change, (0, frozenset()))
        found = set(devices)
        for entry in self._journal.entries(change, after=position):
            position = entry.position
            if isinstance(entry.body, Arm | GoBack | Rollback):
                found.add(entry.body.device)
            elif isinstance(entry.body, Done):
                found.discard(entry.body.device)
        return position, frozenset(found)

    def is_active(self, change: str) -> bool:
        """Return True while a live process works on the change."""
        with translate_errors(self._database.where):
            return self._alive.is_held(f"change-{change}")


def _used_approvals(session: Session, plan: str) -> dict[str, str]:
    """Return the used approvals of a plan. Raises RefusedError if the record of an approved change is damaged."""
    headers = session.execute(select(ChangeRow.id, ChangeRow.header)).all()
    begun = [change for change, header in headers if header.get("plan") == plan]
    used: dict[str, str] = {}
    for row in session.scalars(select(ChangeRow).where(ChangeRow.id.in_(begun))):
        try:
            approvals = _planned(row.id, zlib.decompress(row.plan)).approvals
        except (zlib.error, TypeError, UnreadableStore):
            if row.header.get("approved_by"):
                raise RefusedError(message("store:change.approvals", change=row.id, plan=plan)) from None
            continue
        used |= {one.signature: row.id for one in approvals}
    return used


def backup_keys(database: Database) -> frozenset[str]:
    """Return the ids of the keys of recorded backups."""
    bodies = [entry.body for entry in Journal(database, STREAM).entries()]
    return frozenset(body.kept.key for body in bodies if isinstance(body, Backup | Save | Release) and body.kept)


def broken_changes(session: Session) -> Iterator[Message]:
    """Yield a problem where the table of changes contradicts the journal."""
    recorded = {entry.key: entry.body for entry in undamaged(session, STREAM) if isinstance(entry.body, Begun)}
    rows = select(ChangeRow).options(undefer(ChangeRow.plan)).execution_options(yield_per=1)
    for row in session.scalars(rows):
        begun = recorded.pop(row.id, None)
        try:
            intact = begun is not None and begun.plan == sha256(zlib.decompress(row.plan)).hexdigest()
        except (zlib.error, TypeError):
            intact = False
        if not intact:
            yield message("store:altered.plan", change=row.id)
        elif begun is not None and canonical(_HEADER.plain(begun.header)) != canonical(row.header):
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


def _intact_plan(change: str, packed: bytes, begun: ChangeStep | None) -> bytes:
    """Return the plan of a change. Raises StoreError for another hash than in the first step `begun`."""
    try:
        plan = zlib.decompress(packed)
    except (zlib.error, TypeError):
        raise _damaged(change) from None
    if not isinstance(begun, Begun) or begun.plan != sha256(plan).hexdigest():
        raise _damaged(change)
    return plan


def _planned(change: str, plan: bytes) -> RecordedPlan:
    try:
        return PLAN_FILE.read(plan)
    except ShapeError as error:
        raise UnreadableStore(message("store:change.shape", change=change, what=error.sentence)) from None


def _damaged(change: str) -> UnreadableStore:
    return UnreadableStore(message("store:change.damaged", change=change))


def _entry(row: ChangeRow) -> ChangeEntry:
    try:
        header, found = _HEADER.read_plain(row.header), _OUTCOMES.read_plain({"outcomes": row.outcomes})
    except ShapeError as error:
        raise UnreadableStore(message("store:change.shape", change=row.id, what=error.sentence)) from None
    return ChangeEntry(row.id, row.event, row.begun, row.ended, header, found.outcomes)


def _hold(row: DeviceLock) -> LockHolder:
    return LockHolder(row.device, row.change, row.by, row.host, row.since)


def _local(moment: str) -> str:
    """Return a recorded time in local form."""
    return f"{local_time(datetime.fromisoformat(moment)):%Y-%m-%d %H:%M:%S}"
