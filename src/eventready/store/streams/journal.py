"""Append-only journals: every entry contains the hash of its predecessor in the stream.

Streams: attestations, incidents, change steps and others. Current state is derived from the entries.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeAlias

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from eventready.core.errors import StoreError
from eventready.core.messages import Message, message
from eventready.store.database.connection import Database
from eventready.store.database.tables import Base, JournalHead, JournalRow
from eventready.store.run import canonical


@dataclass(frozen=True)
class JournalEntry:
    """Journal entry. `recorded`: real time in UTC (ISO 8601). `body`: plain JSON types. `key`: subject of the entry."""

    stream: str
    position: int
    key: str
    recorded: str
    body: Mapping[str, Any]
    sha256: str


#: Length of a stream, and hash of its last entry.
_Head: TypeAlias = tuple[int, str]

_ENTRIES, _HEADS = (Base.metadata.tables[row.__tablename__] for row in (JournalRow, JournalHead))
_COLUMNS = tuple(column.name for column in _ENTRIES.columns)
_APPEND = insert(_ENTRIES)
_OF = _HEADS.c.stream == bindparam("of")
_HEAD = select(_HEADS.c.length, _HEADS.c.head).where(_OF).with_for_update()
_MOVE = update(_HEADS).where(_OF).values(length=bindparam("length"), head=bindparam("head"))

#: Function from all entries so far to a new key and body; an exception records nothing.
Decide = Callable[[Sequence[JournalEntry]], tuple[str, Mapping[str, Any]]]


class Journal:
    """Stream of a store. Safe for several processes: appenders wait for each other."""

    def __init__(self, database: Database, stream: str) -> None:
        self._database = database
        self.stream = stream

    def append(self, decide: Decide, recorded: datetime) -> JournalEntry:
        """Append the entry returned by `decide`, in an exclusive transaction. Raises StoreError.

        `recorded`: real time. A kill -9 leaves the whole entry or none.
        """
        with self._database.writing() as session:
            head = self._head(session)
            key, body = decide(self._read(session))
            return _entry(self._put(session, head, [(key, body, recorded)])[0])

    def add(self, news: Iterable[tuple[str, Mapping[str, Any], datetime]]) -> None:
        """Append several (key, body, real time) in a transaction, without reading the stream. Raises StoreError."""
        with self._database.writing() as session:
            self.write(session, news)

    def write(self, session: Session, news: Iterable[tuple[str, Mapping[str, Any], datetime]]) -> None:
        """Append several (key, body, real time) in the transaction of the caller."""
        self._put(session, self._head(session), news)

    def _put(
        self, session: Session, head: _Head, news: Iterable[tuple[str, Mapping[str, Any], datetime]]
    ) -> list[JournalRow]:
        """Append entries with core statements, for speed: a change waits for every step."""
        position, last = head
        rows: list[JournalRow] = []
        for key, body, recorded in news:
            position += 1
            row = JournalRow(
                stream=self.stream,
                position=position,
                key=key,
                recorded=recorded.isoformat(timespec="milliseconds"),
                previous=last,
                body=canonical(body),
            )
            row.sha256 = last = _sealed(row)
            rows.append(row)
        if rows:
            connection = session.connection()
            connection.execute(_APPEND, [{name: getattr(row, name) for name in _COLUMNS} for row in rows])
            connection.execute(_MOVE, {"of": self.stream, "length": position, "head": last})
        return rows

    def entries(self, key: str | None = None) -> tuple[JournalEntry, ...]:
        """Return entries in order of recording, all or those with `key`. Raises StoreError."""
        with self._database.reading() as session:
            return self._read(session, key)

    def _read(self, session: Session, key: str | None = None) -> tuple[JournalEntry, ...]:
        rows = select(JournalRow).where(JournalRow.stream == self.stream).order_by(JournalRow.position)
        if key is not None:
            rows = rows.where(JournalRow.key == key)
        return tuple(_entry(row) for row in session.scalars(rows))

    def last(self, key: str, fits: Callable[[JournalEntry], bool]) -> JournalEntry | None:
        """Return the latest fitting entry of a key; None without any. Raises StoreError."""
        own = select(JournalRow).where(JournalRow.stream == self.stream, JournalRow.key == key)
        with self._database.reading() as session:
            rows = session.scalars(own.order_by(JournalRow.position.desc()).execution_options(yield_per=10))
            return next(filter(fits, map(_entry, rows)), None)

    def latest(self, most: int, fits: Callable[[JournalEntry], bool], key: str | None = None) -> list[JournalEntry]:
        """Return the latest fitting entries, oldest first, of all or of those with `key`. Raises StoreError."""
        own = select(JournalRow).where(JournalRow.stream == self.stream, *([JournalRow.key == key] * (key is not None)))
        with self._database.reading() as session:
            rows = session.scalars(own.order_by(JournalRow.position.desc()).execution_options(yield_per=most))
            return [*islice(filter(fits, map(_entry, rows)), most)][::-1]

    def first_entries(self, session: Session) -> tuple[JournalEntry, ...]:
        """Return the first entry of each key. Raises StoreError for a damaged entry."""
        first = select(func.min(JournalRow.position)).where(JournalRow.stream == self.stream).group_by(JournalRow.key)
        rows = select(JournalRow).where(JournalRow.stream == self.stream, JournalRow.position.in_(first))
        return tuple(_entry(row) for row in session.scalars(rows))

    @staticmethod
    def raw(session: Session, stream: str) -> Iterator[JournalEntry]:
        """Undamaged entries of a stream."""
        rows = select(JournalRow).where(JournalRow.stream == stream).order_by(JournalRow.position)
        for row in session.scalars(rows):
            with suppress(StoreError):
                yield _entry(row)

    def _head(self, session: Session) -> _Head:
        """Head of the stream, locked until the end of the transaction."""
        connection = session.connection()
        found = connection.execute(_HEAD, {"of": self.stream}).one_or_none()
        if found is None:
            make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            connection.execute(make(_HEADS).values(stream=self.stream, length=0, head="").on_conflict_do_nothing())
            found = connection.execute(_HEAD, {"of": self.stream}).one()
        return found.length, found.head


def _sealed(row: JournalRow) -> str:
    """Hash of the whole row; SQLite may return text for an altered body."""
    body = row.body if isinstance(row.body, bytes) else str(row.body).encode()
    seal = [row.stream, row.position, row.key, row.recorded, row.previous, hashlib.sha256(body).hexdigest()]
    return hashlib.sha256(json.dumps(seal, ensure_ascii=False).encode()).hexdigest()


def _entry(row: JournalRow) -> JournalEntry:
    try:
        body = json.loads(row.body)
    except ValueError:
        body = None
    if not isinstance(body, dict) or _sealed(row) != row.sha256:
        raise StoreError(message("store:journal.damaged", stream=row.stream, position=row.position, key=row.key))
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
        elif row.position == length + 1 and row.previous != last:
            yield message("store:journal.order", stream=stream, position=row.position, key=row.key)
        last, length = row.sha256, row.position
    if head is None:
        yield message("store:journal.head", stream=stream)
    elif head.length > length:
        yield message("store:journal.last", number=head.length - length, stream=stream)
    elif (head.length, head.head) != (length, last):
        yield message("store:journal.end", stream=stream)
