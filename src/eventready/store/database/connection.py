"""Database: SQLite in the workspace, or the database of `EVENTREADY_DATABASE_URL`."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session

from eventready.core.errors import Exit, StoreError, UnreadableStore, UsageError, os_reason
from eventready.core.messages import Message, message
from eventready.core.redaction.redaction import redact
from eventready.core.strings.texts import lines_of
from eventready.store.database.tables import VERSION, Base, Ledger
from eventready.store.run import Run

#: Part of the database's message, and the catalogue's message.
_KNOWN: Mapping[str, Message] = {
    "is full": message("store:database.disk_full"),
    "disk I/O error": message("store:database.disk_error"),
    "readonly database": message("store:database.read_only"),
    "unable to open": message("store:database.no_open"),
    "not a database": message("store:database.no_database"),
    "malformed": message("store:database.damaged"),
    "could not decode": message("store:database.damaged"),
    "is locked": message("store:database.busy"),
    "invalid port number": message("store:database.port"),
    "connection failed": message("store:database.no_server"),
    "connection refused": message("store:database.no_server"),
}


class RunNotStored(StoreError):
    """Finished run without storage. `run`: unchained run. `rescued`: file with the run, or None."""

    exit = Exit.INCOMPLETE

    def __init__(self, cause: StoreError, run: Run, rescued: Path | None) -> None:
        advice = {"do": cause.remedy}
        kept = (
            message("store:rescued", file=str(rescued), **advice) if rescued else message("store:not_rescued", **advice)
        )
        super().__init__(cause.cause, where=cause.where, do=kept)
        self.run, self.rescued = run, rescued


@contextmanager
def translate_errors(where: str) -> Iterator[None]:
    """Convert errors of SQLAlchemy to StoreError, with location (without password) and remedy."""
    try:
        yield
    except SQLAlchemyError as error:
        raise describe_database_error(error, where) from error
    except JSONDecodeError as error:  # of a column of JSON
        raise UnreadableStore(message("store:database.damaged"), where=where) from error


def describe_database_error(error: Exception, where: str) -> StoreError:
    """StoreError for a database error."""
    cause = getattr(error, "orig", None) or error
    lines = lines_of(str(cause).strip()) or [type(cause).__name__]
    for words, what in _KNOWN.items():
        if words.lower() in str(cause).lower():
            damaged = what.id in ("store:database.damaged", "store:database.no_database")
            return (UnreadableStore if damaged else StoreError)(what, where=where)
    return StoreError(message("store:refuses", reason=lines[0]), where=where)


ENVIRONMENT = "EVENTREADY_DATABASE_URL"

#: Maximum wait of a writer for another writer, in milliseconds.
BUSY_MS = 30_000

#: Seconds until the first probe of an idle connection to a server, and between probes, and their number.
KEEPALIVES = {"idle": 15, "interval": 5, "count": 3}
#: Times of a connection to a server that is gone: seconds, and milliseconds for what was sent.
_PATIENCE = {
    "connect_timeout": 10, **{f"keepalives_{name}": value for name, value in KEEPALIVES.items()},
    "tcp_user_timeout": 30_000,
}  # fmt: skip

#: Key of the PostgreSQL advisory lock for the creation of tables.
_CREATION_LOCK = 0x6576_7265_6164_79


def database_location(workspace: Path) -> str:
    """Location of the database: the URL in the environment, or the SQLite file of the workspace."""
    return os.environ.get(ENVIRONMENT) or str(workspace / ".eventready" / "eventready.db")


class Database:
    """Database engine with reading and writing transactions; errors are StoreError.

    `where`: location for messages. `folder`: folder of an SQLite file. `only_reads`: an SQLite file is read also where
    nothing can be written, on a full disk or a read-only one.
    """

    def __init__(self, place: str | Path, *, only_reads: bool = False) -> None:
        self._url = _url(place)
        self.where = (
            self._url.database or "" if self.is_file else redact(self._url.render_as_string(hide_password=True))
        )
        self.folder = Path(self.where).resolve().parent if self.is_file else None
        self._engine = self._open()
        try:
            self._begin_use()
        except StoreError:
            if not only_reads or not self.is_file or _has_wal(Path(self.where)):
                raise
            self._engine.dispose()
            self._engine = create_engine(_unwritable(Path(self.where)))
            self._begin_use()

    def _begin_use(self) -> None:
        self._writer = self._engine.execution_options(eventready_writes=True)
        with translate_errors(self.where):
            self._prepare()

    @property
    def is_file(self) -> bool:
        """True for SQLite."""
        return self._url.get_backend_name() == "sqlite"

    @property
    def engine(self) -> Engine:
        """Engine, for a separate connection."""
        return self._engine

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a reading transaction."""
        with translate_errors(self.where), Session(self._engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a writing transaction: waits for other writers, rolled back on an exception."""
        with translate_errors(self.where), Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def compact(self) -> None:
        """Return free pages of an SQLite file to the file system."""
        if self.is_file:
            with translate_errors(self.where), self._engine.connect() as connection:
                connection.rollback()
                raw: Any = connection.connection.driver_connection
                raw.execute("VACUUM")

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _open(self) -> Engine:
        if not self.is_file:
            try:
                return create_engine(self._url, pool_pre_ping=True, connect_args=_PATIENCE)
            except ImportError:
                raise StoreError(message("store:no_driver"), where=self.where) from None
        _touch(Path(self.where))
        engine = create_engine(self._url, connect_args={"timeout": BUSY_MS / 1000})
        event.listen(engine, "connect", _tune)
        event.listen(engine, "begin", _begin)
        return engine

    def _prepare(self) -> None:
        """Create missing tables, refuse those of another version."""
        if self._version() is None:
            with self._writer.begin() as connection:
                if not self.is_file:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CREATION_LOCK})
                self._make(connection)
        if (version := self._version()) != VERSION:
            raise UnreadableStore(message("store:version", version=version or 0, known=VERSION), where=self.where)

    def _make(self, connection: Connection) -> None:
        names = set(inspect(connection).get_table_names())
        if Ledger.__tablename__ in names:
            return
        if self.is_file and names:
            raise StoreError(message("store:foreign", table=min(names)), where=self.where)
        Base.metadata.create_all(connection)
        connection.execute(insert(Ledger).values(id=1, version=VERSION, length=0, head=""))

    def _version(self) -> int | None:
        with self._engine.connect() as connection:
            if not inspect(connection).has_table(Ledger.__tablename__):
                return None
            return connection.execute(select(Ledger.version)).scalar_one_or_none()


def insert_missing(session: Session, table: type[Base], rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows, except those with an existing key, in the transaction of the caller."""
    if rows:
        dialect = import_module(f"sqlalchemy.dialects.{session.get_bind().dialect.name}")
        session.execute(dialect.insert(table).on_conflict_do_nothing(), rows)


def _url(place: str | Path) -> URL:
    if isinstance(place, Path) or "://" not in place:
        return URL.create("sqlite", database=str(place))
    try:
        url = make_url(place.replace("postgres://", "postgresql://", 1))
    except ArgumentError:
        raise UsageError(message("store:url.invalid", environment=ENVIRONMENT)) from None
    except ValueError:
        raise UsageError(message("store:url.port", environment=ENVIRONMENT)) from None
    backend = url.get_backend_name()
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if backend != "sqlite" or not url.database:
        raise UsageError(message("store:url.backend", environment=ENVIRONMENT, backend=backend))
    return url


def _has_wal(path: Path) -> bool:
    """Return True for transactions in the write-ahead log, outside the database file."""
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _unwritable(path: Path) -> URL:
    """Return the URL of an SQLite file for reading without a log or lock file, while no process writes."""
    return URL.create("sqlite", database=f"{path.resolve().as_uri()}", query={"immutable": "1", "uri": "true"})


def _touch(path: Path) -> None:
    """Create the file with owner-only permissions.

    An existing file is not opened: closing it would release the locks of other connections of this process.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o600))
    except OSError as error:
        raise StoreError(message("store:unopened", reason=os_reason(error)), where=str(path)) from None


def _tune(connection: Any, _record: Any) -> None:
    """Set WAL, for readers beside a writer, and FULL, for finished runs to survive a power cut."""
    connection.isolation_level = None
    for pragma in (f"busy_timeout={BUSY_MS}", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    try:
        _to_wal(connection)
    except sqlite3.OperationalError as error:
        if "readonly" not in str(error):
            raise


def _to_wal(connection: Any) -> None:
    """Set the journal mode, with retries: SQLite refuses a concurrent switch of a new file without waiting."""
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
    """Begin a transaction; writers lock at once, since an upgrade from reading to writing cannot wait."""
    writes = connection.get_execution_options().get("eventready_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
