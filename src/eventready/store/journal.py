"""What people record, kept as it was said: entries are appended, never changed, each naming the hash of the one before.

A stream is one such list: attestations, what happened in incidents. What a thing is now follows from its entries.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from eventready.errors import StoreError
from eventready.run import canonical
from eventready.store.database import Database
from eventready.store.tables import Base, JournalHead, JournalRow


@dataclass(frozen=True)
class JournalEntry:
    """`recorded` is the real time in UTC (ISO 8601); `body` plain JSON types; `key` what it is about."""

    stream: str
    position: int
    key: str
    recorded: str
    body: Mapping[str, Any]
    sha256: str


#: How many entries a stream has, and the hash of the last.
_Head: TypeAlias = tuple[int, str]

_ENTRIES, _HEADS = (Base.metadata.tables[row.__tablename__] for row in (JournalRow, JournalHead))
_COLUMNS = tuple(column.name for column in _ENTRIES.columns)
_APPEND = insert(_ENTRIES)
_OF = _HEADS.c.stream == bindparam("of")
_HEAD = select(_HEADS.c.length, _HEADS.c.head).where(_OF).with_for_update()
_MOVE = update(_HEADS).where(_OF).values(length=bindparam("length"), head=bindparam("head"))

#: Given everything recorded so far, what to record: a key and a body. It may raise to record nothing.
Decide = Callable[[Sequence[JournalEntry]], tuple[str, Mapping[str, Any]]]


class Journal:
    """One stream of one store. Safe for several processes: appenders wait for each other."""

    def __init__(self, database: Database, stream: str) -> None:
        self._database = database
        self.stream = stream

    def append(self, decide: Decide, recorded: datetime) -> JournalEntry:
        """Record what `decide` says, in one transaction in which nobody else appends to the stream. Raises StoreError.

        `recorded` is the real time. After a kill -9 the entry is there whole, or not at all.
        """
        with self._database.writing() as session:
            head = self._head(session)
            key, body = decide(self._read(session))
            return _entry(self._put(session, head, [(key, body, recorded)])[0])

    def write(self, session: Session, news: Iterable[tuple[str, Mapping[str, Any], datetime]]) -> None:
        """Record several (key, body, real time) inside the caller's transaction: they stand there with it, or not."""
        self._put(session, self._head(session), news)

    def _put(
        self, session: Session, head: _Head, news: Iterable[tuple[str, Mapping[str, Any], datetime]]
    ) -> list[JournalRow]:
        """Put entries behind the head, by plain statements: each of a dozen steps per device waits for this."""
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
        """All entries in the order in which they were recorded, or those about one thing. Raises StoreError."""
        with self._database.reading() as session:
            return self._read(session, key)

    def _read(self, session: Session, key: str | None = None) -> tuple[JournalEntry, ...]:
        rows = select(JournalRow).where(JournalRow.stream == self.stream).order_by(JournalRow.position)
        if key is not None:
            rows = rows.where(JournalRow.key == key)
        return tuple(_entry(row) for row in session.scalars(rows))

    @staticmethod
    def raw(session: Session, stream: str) -> Iterator[JournalEntry]:
        """The entries of a stream that are whole, for whoever compares them with something else."""
        rows = select(JournalRow).where(JournalRow.stream == stream).order_by(JournalRow.position)
        for row in session.scalars(rows):
            with suppress(StoreError):
                yield _entry(row)

    def _head(self, session: Session) -> _Head:
        """Where the stream ends, locked until the transaction does."""
        connection = session.connection()
        found = connection.execute(_HEAD, {"of": self.stream}).one_or_none()
        if found is None:
            make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            connection.execute(make(_HEADS).values(stream=self.stream, length=0, head="").on_conflict_do_nothing())
            found = connection.execute(_HEAD, {"of": self.stream}).one()
        return found.length, found.head


def _sealed(row: JournalRow) -> str:
    """The hash over the whole row. SQLite gives text back where somebody has put text."""
    body = row.body if isinstance(row.body, bytes) else str(row.body).encode()
    seal = [row.stream, row.position, row.key, row.recorded, row.previous, hashlib.sha256(body).hexdigest()]
    return hashlib.sha256(json.dumps(seal, ensure_ascii=False).encode()).hexdigest()


def _entry(row: JournalRow) -> JournalEntry:
    try:
        body = json.loads(row.body)
    except ValueError:
        body = None
    if not isinstance(body, dict) or _sealed(row) != row.sha256:
        raise StoreError(
            f"The {row.stream} number {row.position} ({row.key}) is damaged or was altered",
            do="`eventready runs verify` says what else is; compare with a backup.",
        )
    return JournalEntry(row.stream, row.position, row.key, row.recorded, body, row.sha256)


def broken(session: Session) -> Iterator[str]:
    """What was altered or lost in any stream, as sentences."""
    heads = {head.stream: head for head in session.scalars(select(JournalHead))}
    by_stream: dict[str, list[JournalRow]] = {stream: [] for stream in heads}
    for row in session.scalars(select(JournalRow).order_by(JournalRow.stream, JournalRow.position)):
        by_stream.setdefault(row.stream, []).append(row)
    for stream, rows in by_stream.items():
        yield from _of_stream(stream, rows, heads.get(stream))


def _of_stream(stream: str, rows: Iterable[JournalRow], head: JournalHead | None) -> Iterator[str]:
    last, length = "", 0
    for row in rows:
        if row.position != length + 1:
            yield f"{row.position - length - 1} {stream}(s) before number {row.position} are missing"
        if _sealed(row) != row.sha256:
            yield f"The {stream} number {row.position} ({row.key}) was altered"
        elif row.position == length + 1 and row.previous != last:
            yield f"The {stream} number {row.position} ({row.key}) does not follow the one before it"
        last, length = row.sha256, row.position
    if head is None:
        yield f"Nothing says how many {stream}s there were"
    elif head.length > length:
        yield f"The last {head.length - length} {stream}(s) are missing"
    elif (head.length, head.head) != (length, last):
        yield f"The {stream}s do not end where their head says"
