"""Store of runs and evidence: crash-safe, with tamper detection by a hash chain."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from eventready.core.clock import Clock
from eventready.core.errors import StoreError, UnreadableStore, UsageError
from eventready.core.messages import Message, message
from eventready.core.records import ShapeError, Stream
from eventready.store.changes import Changes
from eventready.store.database.connection import Database, RunNotStored, database_location, translate_errors
from eventready.store.database.tables import Ledger, RunRow
from eventready.store.documents import compress, save_unstored_run
from eventready.store.evidence import EvidenceStore, PackedEvidence
from eventready.store.integrity import (
    PRUNE,
    ChainVerification,
    Checkpoint,
    Pruned,
    PruneResult,
    SigningKey,
    VerifyingKey,
    prune,
    runs_to_prune,
    sign_head,
    stored_checkpoints,
    verify_chain,
)
from eventready.store.process_lock import FileLocks, ProcessLocks, ServerLocks
from eventready.store.run import SUMMARY, Run, Summary
from eventready.store.run_items import ItemsOfDevice, RunItems, items_in, of_rows, with_items
from eventready.store.run_names import find_run, new_run_id
from eventready.store.run_parts import Parts
from eventready.store.run_records import RunHeader
from eventready.store.streams.current import Current
from eventready.store.streams.journal import Journal
from eventready.store.streams.notification_outbox import NotificationOutbox
from eventready.store.streams.series import ValueSeries
from eventready.store.waiting_changes import WaitingChanges

T = TypeVar("T")

#: Runs among which those of the same devices are looked for.
_LOOKED_THROUGH = 200


@dataclass(frozen=True)
class RunEntry:
    """Entry of the list of runs. `state`: running, finished or interrupted. `summary`: for finished runs."""

    id: str
    event: str
    started: str
    finished: str | None
    state: str
    sha256: str | None
    summary: Summary | None


class Store:
    """Store of a workspace. Safe for several threads and processes.

    `changes`: recorded changes; `waiting`: announced for a later begin. `notices`: sentences about interrupted runs
    found while opening.
    """

    def __init__(self, place: str | Path, *, only_reads: bool = False) -> None:
        """Open a database URL or an SQLite file, created if absent. Raises StoreError, UsageError."""
        self._database = Database(place, only_reads=only_reads)
        self._alive: ProcessLocks = (
            FileLocks(self._database.folder) if self._database.folder else ServerLocks(self._database.engine)
        )
        self._shelf = EvidenceStore(self._database)
        self._items = RunItems(self._database)
        self.changes = Changes(self._database, self._alive)
        self.waiting = WaitingChanges(self._database, self._alive)
        self._mine: set[str] = set()
        self.notices: tuple[Message, ...] = tuple(
            message("store:run.interrupted", run_id=run_id) for run_id in self._interrupted(only_reads=only_reads)
        )

    def _interrupted(self, *, only_reads: bool) -> tuple[str, ...]:
        """Mark the runs of ended processes; with `only_reads`, a write error is ignored."""
        with suppress(StoreError) if only_reads else nullcontext():
            return self.mark_interrupted()
        return ()

    @classmethod
    def of_workspace(
        cls, workspace: Path, *, make: bool = True, only_reads: bool = False, absent: Message | None = None
    ) -> Store:
        """Open the store of a workspace, or the database of `EVENTREADY_DATABASE_URL`.

        `make`: create an absent store; otherwise UsageError is raised, with `absent` as its sentence.
        `only_reads`: open it on a full disk too.
        """
        place = database_location(workspace)
        if not make and not cls.exists(workspace):
            raise UsageError(absent or message("store:run.none_here"), where=place)
        return cls(place, only_reads=only_reads)

    @staticmethod
    def exists(workspace: Path) -> bool:
        """True for an existing file, or a database on a server."""
        place = database_location(workspace)
        return "://" in place or Path(place).exists()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the store; unfinished runs of this process are marked interrupted."""
        try:
            if self._mine:
                self._interrupt(self._mine)
        except StoreError:
            # The next process with the store open marks them: their locks are free.
            pass
        finally:
            for run_id in self._mine:
                self._alive.release(run_id)
            self._mine = set()
            self._database.close()

    @property
    def where(self) -> str:
        """Location of the database for messages, without password."""
        return self._database.where

    # Writing

    def begin(self, event: str, clock: Clock, header: RunHeader | None = None) -> str:
        """Record a running run. Return its id.

        `header`: what is left of the run if its process ends before `finish`, with the lists of `keep_items`.
        """
        while True:
            run_id = new_run_id(clock.now())
            with translate_errors(self.where):
                if not self._alive.hold(run_id):
                    continue
            try:
                with self._database.writing() as session:
                    started = clock.real().isoformat(timespec="milliseconds")
                    left = compress(of_rows(replace(header, id=run_id, started=started))) if header else None
                    session.add(RunRow(id=run_id, event=event, started=started, state="running", document=left))
            except StoreError as error:
                self._alive.release(run_id)
                if isinstance(error.__cause__, IntegrityError):
                    continue
                raise
            self._mine.add(run_id)
            self._shelf.forget()
            return run_id

    def evidence(self, text: str) -> str:
        """Store a redacted text under its SHA-256. Thread-safe; does not fail."""
        return self._shelf.add(text)

    def keep(self, texts: Iterable[PackedEvidence]) -> None:
        """Store compressed redacted texts. Thread-safe; does not fail."""
        self._shelf.put(texts)

    def keep_items(self, run_id: str, items: Iterable[ItemsOfDevice]) -> None:
        """Store items of a running run. Thread-safe; does not fail."""
        self._items.add(run_id, items)

    def finish(self, document: Parts | Mapping[str, object], summary: Summary | None = None) -> Run:
        """Append a run to the chain and store the run with its evidence, in a single transaction.

        A list that is None in the document is that of `keep_items`. `summary`: summary of the document, computed if
        absent. Raises RunNotStored with the run on a database error.
        """
        parts, run_id = Parts.of(document), str(document["id"])
        try:
            with self._database.writing() as session:
                taken = self._shelf.write(session)
                self._items.write(session, run_id)
                sealed = self._chain(session, parts, summary)
        except StoreError as error:
            raise self._not_stored(error, parts) from error.__cause__
        self._shelf.written(taken)
        self._items.forget(run_id)
        self._alive.release(run_id)
        self._mine.discard(run_id)
        return Run(with_items(sealed, self._items.of(run_id)))

    def _not_stored(self, error: StoreError, document: Parts) -> StoreError:
        """Error with the run and its file; the error itself where rows of the run are in an unreadable database."""
        run_id = str(document["id"])
        read = (self._items.of,) if self._database.is_file else (self._items.of, self._items.in_memory)
        for items in read:
            with suppress(StoreError):
                run = Run.sealed(with_items(document.replace(previous=None), items(run_id)))
                return RunNotStored(error, run, save_unstored_run(run, self._database.folder))
        return error

    def _chain(self, session: Session, document: Parts, summary: Summary | None) -> Parts:
        """Record a finished run. Return its document, with None for lists in rows."""
        ledger = session.scalars(select(Ledger).with_for_update()).one()
        document = document.replace(previous=ledger.head or None)
        run = Run.sealed(with_items(document, items_in(session, str(document["id"]))))
        sealed = document.replace(sha256=run.document["sha256"])
        row = session.get(RunRow, run.id) or RunRow(id=run.id)
        if row.state == "interrupted" and row.document is None:  # its lock was lost with a server, and its rows pruned
            raise StoreError(message("store:run.pruned", name=run.id))
        row.event, row.state = str(document["event"]), "finished"
        row.started, row.finished = str(document["started"]), str(document["finished"])
        row.position, row.previous = ledger.length + 1, ledger.head or None
        row.sha256 = str(run.document["sha256"])
        row.summary = SUMMARY.plain(summary or Summary.of(run))
        row.document = compress(sealed)
        session.add(row)
        ledger.length, ledger.head = ledger.length + 1, row.sha256
        return sealed

    def mark_interrupted(self) -> tuple[str, ...]:
        """Mark running runs of ended processes as interrupted. Return their ids."""
        with self._database.reading() as session:
            running = session.scalars(select(RunRow.id).where(RunRow.state == "running").order_by(RunRow.id)).all()
        with translate_errors(self.where):
            gone = [run_id for run_id in running if run_id not in self._mine and self._alive.is_abandoned(run_id)]
        return self._interrupt(gone) if gone else ()

    def _interrupt(self, run_ids: Iterable[str]) -> tuple[str, ...]:
        marked = []
        with self._database.writing() as session:
            taken = self._shelf.write(session)
            for run_id in sorted(run_ids):
                self._items.write(session, run_id)
                running = update(RunRow).where(RunRow.id == run_id, RunRow.state == "running")
                if session.execute(running.values(state="interrupted").returning(RunRow.id)).first():
                    marked.append(run_id)
        self._shelf.written(taken)
        return tuple(marked)

    def journal(self, stream: Stream[T]) -> Journal[T]:
        """Append-only journal of a stream: attestations, incidents, ..."""
        return Journal(self._database, stream)

    def outbox(self, event: str, *, rehearsal: bool) -> NotificationOutbox:
        """Messages to people about an event."""
        return NotificationOutbox(self._database, self._alive, f"{event} rehearsal" if rehearsal else event)

    def series(self, event: str, *, rehearsal: bool) -> ValueSeries:
        """Series of measured values of an event."""
        return ValueSeries(self._database, event, rehearsal)

    def current(self, kind: Stream[T]) -> Current[T]:
        """Values of a kind by key, without their history: the state of a watch, sessions, ..."""
        return Current(self._database, kind)

    @contextmanager
    def exclusive(self, what: str) -> Iterator[bool]:
        """Hold an exclusive lock of this store by its name; yield False for a lock held elsewhere. Raises StoreError.

        The lock ends with its process, kill -9 included.
        """
        with ExitStack() as stack:
            with translate_errors(self.where):
                mine = stack.enter_context(self._alive.exclusive(what))
            yield mine

    def confirm(self, what: str) -> None:
        """Ask for a lock of `exclusive`. Raises StoreError for a lost lock, as after a restart of the server."""
        with translate_errors(self.where):
            self._alive.confirm(what)

    @contextmanager
    def alive(self) -> Iterator[str]:
        """Hold a lock with a new name for the block; the lock ends with its process. Raises StoreError."""
        name = f"work-{uuid4().hex}"
        with translate_errors(self.where):
            self._alive.hold(name)
        try:
            yield name
        finally:
            self._alive.release(name)

    def is_alive(self, name: str) -> bool:
        """True while a process holds a lock of `alive`. Raises StoreError."""
        with translate_errors(self.where):
            return not self._alive.is_abandoned(name)

    # Reading

    def runs(self) -> tuple[RunEntry, ...]:
        """All runs, oldest first; unfinished runs are ordered by their start."""
        with self._database.reading() as session:
            oldest_first = select(RunRow).order_by(RunRow.started, RunRow.position, RunRow.id)
            return tuple(_entry(row) for row in session.scalars(oldest_first))

    def full_runs(self, event: str, devices: int, *, rehearsal: bool = True) -> tuple[str, ...]:
        """Ids of the finished runs of an event with at least `devices` devices, oldest first.

        Without pruned ones and those for a window. `rehearsal`: those of rehearsals too.
        """
        own = (entry.summary for entry in self.runs() if entry.state == "finished" and entry.event == event)
        full = (one for one in own if one and one.full(devices))
        return tuple(one.id for one in full if rehearsal or not one.rehearsal)

    def get(self, name: str, *, interrupted: bool = False) -> Run:
        """Finished run by `latest`, `previous`, id or prefix; with `interrupted` such a run too, by its id.

        Raises UsageError, and StoreError, also for a run of another version or shape.
        """
        stored = RunRow.document.is_not(None).label("stored")
        with self._database.reading() as session:
            rows = session.execute(select(RunRow.id, RunRow.state, stored).order_by(RunRow.position, RunRow.id)).all()
            left = {row.id for row in rows if interrupted and row.stored and row.state == "interrupted"}
            run_id = name if name in left else find_run(name, {row.id: row.state for row in rows})
            document = _document(run_id, session.scalars(select(RunRow.document).where(RunRow.id == run_id)).one())
        run = Run(with_items(document, self._items.of(run_id)))
        # Its header is read in any case: it refuses a run of another version or shape.
        return _reached(run) if run.header.id in left else run

    def before(self, run: Run) -> Run | None:
        """Return the last earlier run of the same event and devices; None without a readable run."""
        names = {device.name for device in run.header.devices}
        for summary in reversed(self.trend(run)):
            with suppress(StoreError, UsageError):
                earlier = self.get(summary.id)
                if {device.name for device in earlier.header.devices} == names:
                    return earlier
        return None

    def trend(self, run: Run, limit: int = 20) -> tuple[Summary, ...]:
        """Summaries of up to `limit` earlier finished runs of the same event and number of devices, oldest first.

        An audit of some devices, as of a drill, is compared with others of the same size only; one for a window, with
        others for it.
        """
        alike = len(run.header.devices), run.header.window
        with self._database.reading() as session:
            position = session.scalars(select(RunRow.position).where(RunRow.id == run.id)).one_or_none()
            earlier = select(RunRow.id, RunRow.summary).where(
                RunRow.state.in_(("finished", "pruned")), RunRow.event == run.header.event
            )
            if position is not None:
                earlier = earlier.where(RunRow.position < position)
            newest = session.execute(earlier.order_by(RunRow.position.desc()).limit(_LOOKED_THROUGH)).all()
        found = [_summary(row.id, row.summary) for row in newest if row.summary]
        return tuple(reversed([one for one in found if (one.devices, one.window) == alike][:limit]))

    def texts(self, hashes: Iterable[str]) -> dict[str, str]:
        """Raw texts by hash; missing and damaged texts are absent."""
        return self._shelf.read(hashes)

    def verify(self, keys: Iterable[VerifyingKey] = (), outside: Iterable[Checkpoint] = ()) -> ChainVerification:
        """Verify the chain of runs, the evidence, the journals and the checkpoints (see `verify_chain`)."""
        with self._database.reading() as session:
            return verify_chain(session, {key.id: key for key in keys}, outside)

    def sign_head(self, key: SigningKey, clock: Clock) -> Checkpoint:
        """Sign the head of the chain and store the checkpoint. Raises UsageError for an empty chain."""
        with self._database.writing() as session:
            return sign_head(session, key, clock.real().isoformat(timespec="seconds"))

    def heads(self, positions: Iterable[int]) -> dict[int, str]:
        """Return the hashes of finished runs by position in the chain."""
        with self._database.reading() as session:
            rows = select(RunRow.position, RunRow.sha256).where(RunRow.position.in_(sorted(set(positions))))
            return {position: sha256 or "" for position, sha256 in session.execute(rows) if position is not None}

    def last_checkpoint(self) -> Checkpoint | None:
        """Return the latest signed head in the store; None without an undamaged checkpoint."""
        with self._database.reading() as session:
            found, _ = stored_checkpoints(session)
        return found[-1] if found else None

    def prune(
        self, clock: Clock, *, keep: int | None = None, before: datetime | None = None, dry_run: bool = False
    ) -> PruneResult:
        """Remove documents of old runs and unused evidence, and record the pruning. Raises RefusedError.

        `keep`: number of latest runs with documents. `before`: only runs finished earlier (aware).
        """
        with self._database.writing() as session:
            rows = runs_to_prune(session, keep=keep, before=before)
            hashes = {row.id: row.sha256 or "" for row in rows}
            result = prune(session, rows)
            if dry_run:
                session.rollback()
                return result
            if hashes:
                Journal(self._database, PRUNE).write(session, [("runs", Pruned(hashes), clock.real())])
        self._shelf.forget()
        self._database.compact()
        return result


def _entry(row: RunRow) -> RunEntry:
    summary = _summary(row.id, row.summary) if row.summary else None
    return RunEntry(row.id, row.event, row.started, row.finished, row.state, row.sha256, summary)


def _reached(interrupted: Run) -> Run:
    """Interrupted run with its answering devices marked: its document is older than the first answer."""
    answered = {observation.device for observation in interrupted.observations() if observation.evidence}
    devices = [{**one, "reachable": one["name"] in answered} for one in interrupted.document.get("devices") or ()]
    return Run(interrupted.document.replace(devices=devices))


def _summary(run_id: str, plain: Mapping[str, object]) -> Summary:
    try:
        return SUMMARY.read_plain(plain)
    except ShapeError as error:
        raise UnreadableStore(message("store:run.summary", run_id=run_id, reason=error.sentence)) from None


def _document(run_id: str, data: bytes | None) -> Parts:
    try:
        return Parts.split(zlib.decompress(data or b""))
    except (zlib.error, ValueError, IndexError) as error:
        raise UnreadableStore(message("store:run.damaged", run_id=run_id)) from error
