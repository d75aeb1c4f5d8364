"""Runs and what they rest on, kept so that nothing is lost and nothing can be changed unnoticed."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from eventready.clock import Clock
from eventready.errors import StoreError, UsageError
from eventready.run import Parts, Run, Summary
from eventready.store.alive import Alive, LockFiles, ServerLocks
from eventready.store.chain import Proof, prove
from eventready.store.changes import Changes
from eventready.store.database import Database, default_place
from eventready.store.documents import fold, rescue, unfold
from eventready.store.evidence import EvidenceShelf, Packed
from eventready.store.journal import Journal
from eventready.store.names import find, new_id
from eventready.store.tables import Ledger, RunRow
from eventready.store.trouble import NotStored, told


@dataclass(frozen=True)
class Entry:
    """A line of the list of runs. `state` is running, finished or interrupted; `summary` there when finished."""

    id: str
    event: str
    started: str
    finished: str | None
    state: str
    sha256: str | None
    summary: Summary | None


class Store:
    """The store of one workspace. Safe for several threads and several processes.

    `changes` are those on record; `notices` are sentences for the person who opened it: runs found interrupted.
    """

    def __init__(self, place: str | Path) -> None:
        self._database = Database(place)
        self._alive: Alive = (
            LockFiles(self._database.folder) if self._database.folder else ServerLocks(self._database.engine)
        )
        self._shelf = EvidenceShelf(self._database)
        self.changes = Changes(self._database, self._alive)
        self._mine: set[str] = set()
        self.notices: tuple[str, ...] = tuple(
            f"The run {run_id} was interrupted: its process ended before it was finished. Earlier runs are intact."
            for run_id in self.mark_interrupted()
        )

    @classmethod
    def open(cls, place: str | Path) -> Store:
        """Open a database URL or an SQLite file, which is made when it is absent. Raises StoreError, UsageError."""
        return cls(place)

    @classmethod
    def of_workspace(cls, workspace: Path, *, make: bool = True) -> Store:
        """Open the store of a workspace, or the one that `EVENTREADY_DATABASE_URL` names.

        Without `make`, raises UsageError where there is none yet: reading leaves no trace in a folder.
        """
        place = default_place(workspace)
        if not make and not cls.exists(workspace):
            do = "Run `eventready audit`, or name another workspace with -w."
            raise UsageError("No run is stored yet", where=place, do=do)
        return cls(place)

    @staticmethod
    def exists(workspace: Path) -> bool:
        """True when the workspace has a store, or names one on a server."""
        place = default_place(workspace)
        return "://" in place or Path(place).exists()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close; runs begun here and not finished are marked interrupted."""
        try:
            if self._mine:
                self._interrupt(self._mine)
        except StoreError:
            # The next one who opens the store finds their locks free and marks them.
            pass
        finally:
            for run_id in self._mine:
                self._alive.release(run_id)
            self._mine = set()
            self._database.close()

    @property
    def where(self) -> str:
        """The database's place, for messages; without a password."""
        return self._database.where

    # Writing

    def begin(self, event: str, clock: Clock) -> str:
        """Enter a run that is under way; its name."""
        while True:
            run_id = new_id(clock.now())
            with told(self.where):
                if not self._alive.hold(run_id):
                    continue
            try:
                with self._database.writing() as session:
                    started = clock.real().isoformat(timespec="milliseconds")
                    session.add(RunRow(id=run_id, event=event, started=started, state="running"))
            except StoreError as error:
                self._alive.release(run_id)
                if isinstance(error.__cause__, IntegrityError):
                    continue
                raise
            self._mine.add(run_id)
            return run_id

    def evidence(self, text: str) -> str:
        """Keep a redacted text under its SHA-256, once per content. Any thread may call it; it does not fail."""
        return self._shelf.add(text)

    def keep(self, texts: Iterable[Packed]) -> None:
        """Like `evidence`, for redacted texts that were packed elsewhere."""
        self._shelf.put(texts)

    def finish(self, document: Mapping[str, Any], summary: Summary | None = None) -> Run:
        """Seal a run behind the latest finished one and store it with its evidence, in one transaction.

        `summary` is the document's, where it is known already.

        Raises NotStored, which carries the run, when the database does not take it.
        """
        try:
            with self._database.writing() as session:
                taken = self._shelf.write(session)
                run = self._chain(session, document, summary)
        except StoreError as error:
            unchained = Run.sealed(Parts.of(document).having(previous=None))
            raise NotStored(error, unchained, rescue(unchained, self._database.folder)) from error
        self._shelf.written(taken)
        self._alive.release(run.id)
        self._mine.discard(run.id)
        return run

    def _chain(self, session: Session, document: Mapping[str, Any], summary: Summary | None) -> Run:
        ledger = session.scalars(select(Ledger).with_for_update()).one()
        run = Run.sealed(Parts.of(document).having(previous=ledger.head or None))
        row = session.get(RunRow, run.id) or RunRow(id=run.id)
        row.event, row.state = str(document["event"]), "finished"
        row.started, row.finished = str(document["started"]), str(document["finished"])
        row.position, row.previous = ledger.length + 1, ledger.head or None
        row.sha256 = str(run.document["sha256"])
        row.summary = (summary or Summary.of(run.document)).plain()
        row.document = fold(run.document)
        session.add(row)
        ledger.length, ledger.head = ledger.length + 1, row.sha256
        return run

    def mark_interrupted(self) -> tuple[str, ...]:
        """Mark the running runs whose process is gone; their names."""
        with self._database.reading() as session:
            running = session.scalars(select(RunRow.id).where(RunRow.state == "running").order_by(RunRow.id)).all()
        with told(self.where):
            gone = [run_id for run_id in running if run_id not in self._mine and self._alive.dead(run_id)]
        return self._interrupt(gone) if gone else ()

    def _interrupt(self, run_ids: Iterable[str]) -> tuple[str, ...]:
        marked = []
        with self._database.writing() as session:
            for run_id in sorted(run_ids):
                running = update(RunRow).where(RunRow.id == run_id, RunRow.state == "running")
                if session.execute(running.values(state="interrupted").returning(RunRow.id)).first():
                    marked.append(run_id)
        return tuple(marked)

    def journal(self, stream: str) -> Journal:
        """The append-only journal of that name: `attestation`, `incident`, ..."""
        return Journal(self._database, stream)

    @contextmanager
    def alone(self, what: str) -> Iterator[bool]:
        """For the block, the only one who does `what` in this store; False when another does. Raises StoreError.

        The lock dies with its process, kill -9 included.
        """
        with ExitStack() as stack:
            with told(self.where):
                mine = stack.enter_context(self._alive.alone(what))
            yield mine

    # Reading

    def runs(self) -> tuple[Entry, ...]:
        """All runs, oldest first; those that did not finish stand where they began."""
        with self._database.reading() as session:
            oldest_first = select(RunRow).order_by(RunRow.started, RunRow.position, RunRow.id)
            return tuple(_entry(row) for row in session.scalars(oldest_first))

    def get(self, name: str) -> Run:
        """The run called `latest`, `previous`, by its id or a unique beginning of it. Raises UsageError, StoreError."""
        with self._database.reading() as session:
            rows = session.execute(select(RunRow.id, RunRow.state).order_by(RunRow.position, RunRow.id)).all()
            finished = [run_id for run_id, state in rows if state == "finished"]
            run_id = find(name, finished, [run_id for run_id, state in rows if state != "finished"])
            return _run(run_id, session.scalars(select(RunRow.document).where(RunRow.id == run_id)).one())

    def before(self, run: Run) -> Run | None:
        """The finished run of the same event before this one; None when there is none, or when it cannot be read."""
        earlier = self.trend(run)
        try:
            return self.get(earlier[-1].id) if earlier else None
        except (StoreError, UsageError):
            return None

    def trend(self, run: Run, limit: int = 20) -> tuple[Summary, ...]:
        """Summaries of up to `limit` finished runs of the same event before this one, oldest first."""
        with self._database.reading() as session:
            position = session.scalars(select(RunRow.position).where(RunRow.id == run.id)).one_or_none()
            earlier = select(RunRow.summary).where(RunRow.state == "finished", RunRow.event == run.document["event"])
            if position is not None:
                earlier = earlier.where(RunRow.position < position)
            newest = session.scalars(earlier.order_by(RunRow.position.desc()).limit(limit)).all()
        return tuple(Summary.load(summary) for summary in reversed(newest) if summary)

    def texts(self, hashes: Iterable[str]) -> dict[str, str]:
        """The raw texts behind these hashes; what is lost or damaged is absent."""
        return self._shelf.read(hashes)

    def verify(self) -> Proof:
        """Walk the chain of runs and the evidence, and say what was altered or lost."""
        with self._database.reading() as session:
            return prove(session)


def _entry(row: RunRow) -> Entry:
    summary = Summary.load(row.summary) if row.summary else None
    return Entry(row.id, row.event, row.started, row.finished, row.state, row.sha256, summary)


def _run(run_id: str, data: bytes | None) -> Run:
    try:
        return Run(unfold(data or b""))
    except (zlib.error, ValueError) as error:
        raise StoreError(
            f"The document of run {run_id} is damaged", do="`eventready runs verify` says what else is."
        ) from error
