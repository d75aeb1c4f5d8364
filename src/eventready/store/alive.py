"""Telling whether the process that began a run still lives: it holds a lock that dies with it, kill -9 included.

No heartbeat and no process numbers: the operating system, or the database server, gives a dead holder's lock back.
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

from eventready.errors import StoreError


class Alive(Protocol):
    """Holds a lock per run."""

    def hold(self, run_id: str) -> bool:
        """Take the run's lock, for as long as this process lives; False when somebody has it. Raises StoreError."""

    def release(self, run_id: str) -> None:
        """Give the run's lock back."""

    def dead(self, run_id: str) -> bool:
        """True when nobody holds the run's lock."""

    def alone(self, what: str) -> AbstractContextManager[bool]:
        """A lock that many want by the same name: False when somebody else has it. Raises StoreError."""


#: How long to wait for a named lock: somebody may only be looking whether it is free.
_PATIENCE_S = 1.0


class LockFiles:
    """For SQLite: one empty SQLite file per running run, beside the database, locked as a whole.

    SQLite knows how to lock a file on every system that Python runs on, and the kernel unlocks it at death.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "running"
        self._held: dict[str, sqlite3.Connection] = {}

    def hold(self, run_id: str) -> bool:
        """See Alive."""
        if run_id in self._held:
            return False
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._held[run_id] = _exclusive(self._path(run_id))
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                return False
            raise self._trouble(error) from None
        except (OSError, sqlite3.Error) as error:
            raise self._trouble(error) from None
        return True

    def _trouble(self, error: Exception) -> StoreError:
        do = "Check that you may write there and that the disk has room."
        return StoreError(f"The run cannot be locked: {error}", where=str(self._folder), do=do)

    def release(self, run_id: str) -> None:
        """See Alive."""
        held = self._held.pop(run_id, None)
        if held is not None:
            held.close()
            self._path(run_id).unlink(missing_ok=True)

    def dead(self, run_id: str) -> bool:
        """See Alive. Takes the leftover file away."""
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
    def alone(self, what: str) -> Iterator[bool]:
        """See Alive. The file stays: taking it away could leave two holders of two files."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            held = _exclusive(self._folder / f"{what}.only", _PATIENCE_S)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise self._trouble(error) from None
            yield False
            return
        except (OSError, sqlite3.Error) as error:
            raise self._trouble(error) from None
        try:
            yield True
        finally:
            held.close()

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
    """For PostgreSQL: one advisory lock per running run, on a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._held: dict[str, Connection] = {}

    def hold(self, run_id: str) -> bool:
        """See Alive."""
        if run_id in self._held:
            return False
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        taken = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _key(run_id)})
        if not taken.scalar_one():
            connection.close()
            return False
        self._held[run_id] = connection
        return True

    def release(self, run_id: str) -> None:
        """See Alive. The connection is not given back to the pool, where the lock would live on."""
        held = self._held.pop(run_id, None)
        if held is not None:
            held.invalidate()
            held.close()

    def dead(self, run_id: str) -> bool:
        """See Alive."""
        with self._engine.connect() as connection:
            free = connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _key(run_id)})
            return bool(free.scalar_one())

    @contextmanager
    def alone(self, what: str) -> Iterator[bool]:
        """See Alive."""
        until = time.monotonic() + _PATIENCE_S
        while not (mine := self.hold(f"only {what}")) and time.monotonic() < until:
            time.sleep(_PATIENCE_S / 10)
        try:
            yield mine
        finally:
            if mine:
                self.release(f"only {what}")


def _key(run_id: str) -> int:
    digest = hashlib.sha256(f"eventready run {run_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
