"""Opening the database: SQLite in the workspace unless `EVENTREADY_DATABASE_URL` names another."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select, text, update
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from eventready.errors import StoreError, UsageError
from eventready.store.tables import BROUGHT, VERSION, Base, Ledger
from eventready.store.trouble import NewerStore, told

ENVIRONMENT = "EVENTREADY_DATABASE_URL"

#: How long a writer waits for another one.
BUSY_MS = 30_000

#: Two eventreadys that make the tables of one PostgreSQL database at once wait for each other on this number.
_MAKING = 0x6576_7265_6164_79


def default_place(workspace: Path) -> str:
    """The database of a workspace: the URL in the environment, else the workspace's own SQLite file."""
    return os.environ.get(ENVIRONMENT) or str(workspace / ".eventready" / "eventready.db")


class Database:
    """An engine whose transactions are either reading or writing, and whose errors are sentences.

    `where` names the database in messages; `folder` is where it lies when it is a file.
    """

    def __init__(self, place: str | Path) -> None:
        self._url = _url(place)
        self.where = self._url.database or "" if self.is_file else self._url.render_as_string(hide_password=True)
        self.folder = Path(self.where).resolve().parent if self.is_file else None
        self._engine = self._open()
        self._writer = self._engine.execution_options(eventready_writes=True)
        with told(self.where):
            self._prepare()

    @property
    def is_file(self) -> bool:
        """True for SQLite."""
        return self._url.get_backend_name() == "sqlite"

    @property
    def engine(self) -> Engine:
        """For what needs a connection of its own."""
        return self._engine

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A consistent look at the database."""
        with told(self.where), Session(self._engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction, that waits for other writers and is undone as a whole when anything in it fails."""
        with told(self.where), Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _open(self) -> Engine:
        if not self.is_file:
            try:
                return create_engine(self._url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
            except ImportError:
                do = "Install it: pip install 'psycopg[binary]'."
                raise StoreError("The PostgreSQL driver is missing", where=self.where, do=do) from None
        _touch(Path(self.where))
        engine = create_engine(self._url, connect_args={"timeout": BUSY_MS / 1000})
        event.listen(engine, "connect", _tune)
        event.listen(engine, "begin", _begin)
        return engine

    def _prepare(self) -> None:
        """Make the tables where there are none, bring an earlier database up to date, refuse a later one."""
        version = self._version()
        if version is None or version < VERSION:
            with self._writer.begin() as connection:
                if not self.is_file:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MAKING})
                if version is None:
                    self._make(connection)
                _upgrade(connection)
            version = self._version()
        if version is not None and version > VERSION:
            raise NewerStore(
                f"The database was written by a later eventready (format {version}; this one knows {VERSION})",
                where=self.where,
                do="Update eventready.",
            )

    def _make(self, connection: Connection) -> None:
        names = set(inspect(connection).get_table_names())
        if Ledger.__tablename__ in names:
            return
        if self.is_file and names:
            raise StoreError(
                f"This database belongs to something else: it has the table {min(names)}",
                where=self.where,
                do="Name another file.",
            )
        Base.metadata.create_all(connection)
        connection.execute(insert(Ledger).values(id=1, version=VERSION, length=0, head=""))

    def _version(self) -> int | None:
        with self._engine.connect() as connection:
            if not inspect(connection).has_table(Ledger.__tablename__):
                return None
            return connection.execute(select(Ledger.version)).scalar_one_or_none()


def _upgrade(connection: Connection) -> None:
    """All steps from the database's version to ours, in the caller's transaction: it ends as the old or as the new."""
    version = connection.execute(select(Ledger.version)).scalar_one()
    for step in range(version + 1, VERSION + 1):
        Base.metadata.create_all(connection, tables=list(BROUGHT[step]))
    if version < VERSION:
        connection.execute(update(Ledger).values(version=VERSION))


def _url(place: str | Path) -> URL:
    if isinstance(place, Path) or "://" not in place:
        return URL.create("sqlite", database=str(place))
    try:
        url = make_url(place.replace("postgres://", "postgresql://", 1))
    except ArgumentError:
        do = "Write it like postgresql://user@host/name or sqlite:///path."
        raise UsageError(f"{ENVIRONMENT} is not a database URL", do=do) from None
    backend = url.get_backend_name()
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if backend != "sqlite" or not url.database:
        raise UsageError(f"{ENVIRONMENT} names {backend}", do="eventready knows postgresql and sqlite:///path.")
    return url


def _touch(path: Path) -> None:
    """Make the file, for its owner only: it holds what devices said of the network.

    A file that is there is not even opened: closing it would give up the locks of this process's other connections.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o600))
    except OSError as error:
        raise StoreError(
            f"The database cannot be opened: {error.strerror}",
            where=str(path),
            do="Check that the folder exists and that you may write there.",
        ) from None


def _tune(connection: Any, _record: Any) -> None:
    """WAL so that readers and a writer do not wait for each other; FULL so that a finished run survives a power cut."""
    connection.isolation_level = None
    for pragma in (f"busy_timeout={BUSY_MS}", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    try:
        _to_wal(connection)
    except sqlite3.OperationalError as error:
        if "readonly" not in str(error):
            raise


def _to_wal(connection: Any) -> None:
    """Set the journal mode, in turn: SQLite refuses the second of two who do so to a new file, and does not wait."""
    end = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _begin(connection: Connection) -> None:
    """A writer takes its place at once: a transaction that starts by reading could not wait for another writer."""
    writes = connection.get_execution_options().get("eventready_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
