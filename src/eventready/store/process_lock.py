"""Locks tied to the lifetime of a process, for runs in progress and for exclusive jobs.

The operating system or the database server releases the locks of an ended process, kill -9 included. No heartbeat and
no process ids are needed.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, text

from eventready.core.errors import StoreError
from eventready.core.messages import message
from eventready.store.database.connection import KEEPALIVES


class ProcessLocks(Protocol):
    """Locks of a store, by name."""

    def hold(self, run_id: str) -> bool:
        """Take the lock of a run until release or the end of the process; False if held. Raises StoreError."""

    def release(self, run_id: str) -> None:
        """Release the lock of a run."""

    def is_abandoned(self, run_id: str) -> bool:
        """True when no process holds the lock of the run."""

    def exclusive(self, what: str) -> AbstractContextManager[bool]:
        """Hold the named lock inside the block; yields False if held elsewhere. Raises StoreError."""

    def confirm(self, what: str) -> None:
        """Ask for a lock of `exclusive`. Raises an error of the database for a lost lock."""

    def is_held(self, what: str) -> bool:
        """Return True while a process holds the named lock; writes nothing."""


#: Maximum wait for a named lock in seconds: another process may be testing the lock.
_WAIT_S = 1.0
#: Advisory lock on a key of 64 bits: `pg_locks` has its halves.
_HELD = text(
    "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    " AND (classid::bigint << 32 | objid::bigint) = :key"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
#: Probes of the server at the idle connection of a lock.
_PROBES = ", ".join(f"set_config('tcp_keepalives_{name}', '{value}', false)" for name, value in KEEPALIVES.items())


class FileLocks:
    """Locks for SQLite: an empty, locked SQLite file per running run, beside the database.

    SQLite locks files portably, and the kernel releases the locks of an ended process.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "running"
        self._held: dict[str, sqlite3.Connection] = {}

    def hold(self, run_id: str) -> bool:
        """See ProcessLocks."""
        if run_id in self._held or (held := self._lock(self._path(run_id))) is None:
            return False
        self._held[run_id] = held
        return True

    def _lock(self, path: Path, patience_s: float = 0) -> sqlite3.Connection | None:
        """Lock a file; None for a file locked by another process. Raises StoreError."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return _exclusive(path, patience_s)
        except (OSError, sqlite3.Error) as error:
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                return None
            raise self._trouble(error) from None

    def _trouble(self, error: Exception) -> StoreError:
        return StoreError(message("store:unlocked", reason=str(error)), where=str(self._folder))

    def release(self, run_id: str) -> None:
        """See ProcessLocks."""
        held = self._held.pop(run_id, None)
        if held is not None:
            held.close()
            self._path(run_id).unlink(missing_ok=True)

    def is_abandoned(self, run_id: str) -> bool:
        """See ProcessLocks. Removes the file of an abandoned lock."""
        path = self._path(run_id)
        if not path.exists():
            return True
        try:
            _exclusive(path).close()
            path.unlink(missing_ok=True)
        except (OSError, sqlite3.Error):
            return False
        return True

    @contextmanager
    def exclusive(self, what: str) -> Iterator[bool]:
        """See ProcessLocks. The file stays: its removal would allow two holders of two files."""
        held = self._lock(self._folder / f"{what}.only", _WAIT_S)
        try:
            yield held is not None
        finally:
            if held is not None:
                held.close()

    def confirm(self, _what: str) -> None:
        """See ProcessLocks. The kernel takes no lock away."""

    def is_held(self, what: str) -> bool:
        """See ProcessLocks."""
        path = self._folder / f"{what}.only"
        if not path.exists():
            return False
        try:
            reader = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=0)
        except sqlite3.Error as error:
            raise self._trouble(error) from None
        try:
            reader.execute("SELECT count(*) FROM sqlite_master")
        except sqlite3.OperationalError as error:
            return "locked" in str(error)
        finally:
            reader.close()
        return False

    def _path(self, run_id: str) -> Path:
        return self._folder / f"{run_id}.lock"


def _exclusive(path: Path, patience_s: float = 0) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=patience_s, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class ServerLocks:
    """Locks for PostgreSQL: an advisory lock per running run, each on its own connection.

    The server ends the connection, and with it the lock, of a machine that is gone for half a minute.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._held: dict[str, Connection] = {}

    def hold(self, run_id: str) -> bool:
        """See ProcessLocks."""
        if run_id in self._held:
            return False
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text(f"SELECT {_PROBES}"))
        taken = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _key(run_id)})
        if not taken.scalar_one():
            connection.close()
            return False
        self._held[run_id] = connection
        return True

    def release(self, run_id: str) -> None:
        """See ProcessLocks. The connection is closed: a pooled connection would keep the lock."""
        held = self._held.pop(run_id, None)
        if held is not None:
            held.invalidate()
            held.close()

    def is_abandoned(self, run_id: str) -> bool:
        """See ProcessLocks."""
        with self._engine.connect() as connection:
            free = connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _key(run_id)})
            return bool(free.scalar_one())

    @contextmanager
    def exclusive(self, what: str) -> Iterator[bool]:
        """See ProcessLocks."""
        until = time.monotonic() + _WAIT_S
        while not (mine := self.hold(f"only {what}")) and time.monotonic() < until:
            time.sleep(_WAIT_S / 10)
        try:
            yield mine
        finally:
            if mine:
                self.release(f"only {what}")

    def confirm(self, what: str) -> None:
        """See ProcessLocks. The lock ended with its connection, which is never opened anew."""
        self._held[f"only {what}"].execute(text("SELECT 1"))

    def is_held(self, what: str) -> bool:
        """See ProcessLocks."""
        with self._engine.connect() as connection:
            return connection.execute(_HELD, {"key": _key(f"only {what}")}).first() is not None


def _key(run_id: str) -> int:
    digest = hashlib.sha256(f"eventready run {run_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
