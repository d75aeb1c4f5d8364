"""Append-only journals: every entry contains the hash of its predecessor in the stream.

Streams: attestations, incidents, change steps and others. Current state is derived from the entries.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Generic, TypeAlias, TypeVar

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from eventready.core.errors import StoreError, UnreadableStore
from eventready.core.messages import Message, message
from eventready.core.records import ShapeError, Stream
from eventready.store.database.connection import Database
from eventready.store.database.tables import Base, JournalHead, JournalRow

T = TypeVar("T")


@dataclass(frozen=True)
class JournalEntry(Generic[T]):
    """Journal entry. `recorded`: real time in UTC (ISO 8601). `body`: record. `key`: subject of the entry."""

    stream: str
    position: int
    key: str
    recorded: str
    body: T
    sha256: str


def unfit(entry: JournalEntry[Any], missing: str | Message) -> UnreadableStore:
    """Error of an entry without an entry or field (`missing`) on which its state rests."""
    place: dict[str, str | int] = {"stream": entry.stream, "position": entry.position, "key": entry.key}
    return UnreadableStore(message("store:journal.unfit", **place, missing=missing))


#: What opens the record of a key, for `unfit`.
OPENING = message("store:journal.opening")

#: Length of a stream, and hash of its last entry.
_Head: TypeAlias = tuple[int, str]

_ENTRIES, _HEADS = (Base.metadata.tables[row.__tablename__] for row in (JournalRow, JournalHead))
_COLUMNS = tuple(column.name for column in _ENTRIES.columns)
_APPEND = insert(_ENTRIES)
_OF = _HEADS.c.stream == bindparam("of")
_HEAD = select(_HEADS.c.length, _HEADS.c.head).where(_OF).with_for_update()
_MOVE = update(_HEADS).where(_OF).values(length=bindparam("length"), head=bindparam("head"))

#: Function from all entries so far to a new key and body; an exception records nothing.
Decide: TypeAlias = Callable[[Sequence[JournalEntry[T]]], tuple[str, T]]


class Journal(Generic[T]):
    """Stream of a store. Safe for several processes: appenders wait for each other."""

    def __init__(self, database: Database, stream: Stream[T]) -> None:
        self._database, self._stream = database, stream

    def append(self, decide: Decide[T], recorded: datetime) -> JournalEntry[T]:
        """Append the entry returned by `decide`, in an exclusive transaction. Raises StoreError.

        `recorded`: real time. A kill -9 leaves the whole entry or none.
        """
        with self._database.writing() as session:
            head = self._head(session)
            key, body = decide(self._read(session))
            return _entry(self._stream, self._put(session, head, [(key, body, recorded)])[0])

    def add(self, news: Iterable[tuple[str, T, datetime]]) -> None:
        """Append several (key, body, real time) in a transaction, without reading the stream. Raises StoreError."""
        with self._database.writing() as session:
            self.write(session, news)

    def write(self, session: Session, news: Iterable[tuple[str, T, datetime]]) -> None:
        """Append several (key, body, real time) in the transaction of the caller."""
        self._put(session, self._head(session), news)

    def _put(self, session: Session, head: _Head, news: Iterable[tuple[str, T, datetime]]) -> list[JournalRow]:
        """Append entries with core statements, for speed: a change waits for every step."""
        position, last = head
        rows: list[JournalRow] = []
        for key, body, recorded in news:
            position += 1
            row = JournalRow(
                stream=self._stream.name,
                position=position,
                key=key,
                recorded=recorded.isoformat(timespec="milliseconds"),
                previous=last,
                body=self._stream.encode(body),
            )
            row.sha256 = last = _sealed(row)
            rows.append(row)
        if rows:
            connection = session.connection()
            connection.execute(_APPEND, [{name: getattr(row, name) for name in _COLUMNS} for row in rows])
            connection.execute(_MOVE, {"of": self._stream.name, "length": position, "head": last})
        return rows

    def entries(self, key: str | None = None, *, after: int = 0) -> tuple[JournalEntry[T], ...]:
        """Return entries behind a position in order of recording, all or those with `key`. Raises StoreError."""
        with self._database.reading() as session:
            return self._read(session, key, after)

    def _read(self, session: Session, key: str | None = None, after: int = 0) -> tuple[JournalEntry[T], ...]:
        rows = select(JournalRow).where(JournalRow.stream == self._stream.name, JournalRow.position > after)
        rows = rows.order_by(JournalRow.position)
        if key is not None:
            rows = rows.where(JournalRow.key == key)
        return tuple(self._entries(session.scalars(rows)))

    def last(self, key: str, fits: Callable[[JournalEntry[T]], bool]) -> JournalEntry[T] | None:
        """Return the latest fitting entry of a key; None without any. Raises StoreError."""
        own = select(JournalRow).where(JournalRow.stream == self._stream.name, JournalRow.key == key)
        with self._database.reading() as session:
            rows = session.scalars(own.order_by(JournalRow.position.desc()).execution_options(yield_per=10))
            return next(filter(fits, self._entries(rows)), None)

    def latest(
        self, most: int, fits: Callable[[JournalEntry[T]], bool], key: str | None = None
    ) -> list[JournalEntry[T]]:
        """Return the latest fitting entries, oldest first, of all or of those with `key`. Raises StoreError."""
        own = select(JournalRow).where(JournalRow.stream == self._stream.name)
        own = own if key is None else own.where(JournalRow.key == key)
        with self._database.reading() as session:
            rows = session.scalars(own.order_by(JournalRow.position.desc()).execution_options(yield_per=most))
            return [*islice(filter(fits, self._entries(rows)), most)][::-1]

    def first_entries(self, session: Session) -> tuple[JournalEntry[T], ...]:
        """Return the first entry of each key. Raises StoreError for a damaged entry."""
        first = (
            select(func.min(JournalRow.position)).where(JournalRow.stream == self._stream.name).group_by(JournalRow.key)
        )
        rows = select(JournalRow).where(JournalRow.stream == self._stream.name, JournalRow.position.in_(first))
        return tuple(self._entries(session.scalars(rows)))

    def _entries(self, rows: Iterable[JournalRow]) -> Iterator[JournalEntry[T]]:
        return (_entry(self._stream, row) for row in rows)

    def _head(self, session: Session) -> _Head:
        """Head of the stream, locked until the end of the transaction."""
        connection = session.connection()
        found = connection.execute(_HEAD, {"of": self._stream.name}).one_or_none()
        if found is None:
            make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            connection.execute(
                make(_HEADS).values(stream=self._stream.name, length=0, head="").on_conflict_do_nothing()
            )
            found = connection.execute(_HEAD, {"of": self._stream.name}).one()
        return found.length, found.head


def _sealed(row: JournalRow) -> str:
    """Hash of the whole row; SQLite may return text for an altered body."""
    body = row.body if isinstance(row.body, bytes) else str(row.body).encode()
    seal = [row.stream, row.position, row.key, row.recorded, row.previous, hashlib.sha256(body).hexdigest()]
    return hashlib.sha256(json.dumps(seal, ensure_ascii=False).encode()).hexdigest()


def _dated(row: JournalRow) -> bool:
    """True for an ISO time with its offset."""
    with suppress(ValueError):
        return datetime.fromisoformat(row.recorded).tzinfo is not None
    return False


def undamaged(session: Session, stream: Stream[T]) -> Iterator[JournalEntry[T]]:
    """Undamaged entries of a stream."""
    for row in session.scalars(
        select(JournalRow).where(JournalRow.stream == stream.name).order_by(JournalRow.position)
    ):
        with suppress(StoreError):
            yield _entry(stream, row)


def _entry(stream: Stream[T], row: JournalRow) -> JournalEntry[T]:
    place: dict[str, str | int] = {"stream": row.stream, "position": row.position, "key": row.key}
    if not isinstance(row.body, bytes) or _sealed(row) != row.sha256 or not _dated(row):
        raise UnreadableStore(message("store:journal.damaged", **place))
    try:
        body = stream.decode(row.body)
    except ShapeError as error:
        raise UnreadableStore(message("store:journal.shape", **place, what=error.sentence)) from None
    return JournalEntry(row.stream, row.position, row.key, row.recorded, body, row.sha256)


def find_journal_problems(session: Session) -> Iterator[Message]:
    """Sentences about altered and lost entries of all streams."""
    heads = {head.stream: head for head in session.scalars(select(JournalHead))}
    by_stream: dict[str, list[JournalRow]] = {stream: [] for stream in heads}
    for row in session.scalars(select(JournalRow).order_by(JournalRow.stream, JournalRow.position)):
        by_stream.setdefault(row.stream, []).append(row)
    for stream, rows in by_stream.items():
        yield from _of_stream(stream, rows, heads.get(stream))


def _of_stream(stream: str, rows: Iterable[JournalRow], head: JournalHead | None) -> Iterator[Message]:
    last, length = "", 0
    for row in rows:
        if row.position != length + 1:
            yield message(
                "store:journal.before", number=row.position - length - 1, stream=stream, position=row.position
            )
        if _sealed(row) != row.sha256:
            yield message("store:journal.altered", stream=stream, position=row.position, key=row.key)
        elif not _dated(row):
            yield message("store:journal.damaged", stream=stream, position=row.position, key=row.key)
        elif row.position == length + 1 and row.previous != last:
            yield message("store:journal.order", stream=stream, position=row.position, key=row.key)
        last, length = row.sha256, row.position
    if head is None:
        yield message("store:journal.head", stream=stream)
    elif head.length > length:
        yield message("store:journal.last", number=head.length - length, stream=stream)
    elif (head.length, head.head) != (length, last):
        yield message("store:journal.end", stream=stream)
