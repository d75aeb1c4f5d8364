"""What devices said, kept once per content: the hash is the name, so nothing can be changed unnoticed."""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from eventready.errors import StoreError
from eventready.store.database import Database
from eventready.store.tables import EvidenceRow

#: A transaction per this many texts: 500 devices with eight outputs each make 32 of them.
BATCH = 128

#: Lookups by hash go to the database in groups, below SQLite's limit of variables.
_GROUP = 500

Item = tuple[int, bytes]


@dataclass(frozen=True)
class Packed:
    """A redacted text on its way to the shelf: its SHA-256, the size of its bytes, and these compressed."""

    name: str
    size: int
    data: bytes

    @classmethod
    def of(cls, text: str) -> Packed:
        """Any thread and any process may do this part of the work."""
        name, data = digest(text)
        return cls(name, len(data), pack(data))


def pack(data: bytes) -> bytes:
    """Compress. Level 3 costs 0.05 ms for 8 KB of CLI output, and level 6 saves only a tenth more."""
    return zlib.compress(data, 3)


def digest(text: str) -> tuple[str, bytes]:
    """The name of a text, and its bytes. Half a surrogate pair, which UTF-8 cannot carry, is written out as \\udc80."""
    data = text.encode("utf-8", "backslashreplace")
    return hashlib.sha256(data).hexdigest(), data


class EvidenceShelf:
    """Takes texts from many threads, writes them in batches, and hands them out again.

    `add` never fails for the database's sake: what cannot be written stays in memory, compressed, and is tried again
    when the run is finished, which then says what is wrong.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        self._waiting: dict[str, Item] = {}
        self._stuck = False

    def add(self, text: str) -> str:
        """Keep a redacted text; its hash."""
        name, data = digest(text)
        with self._lock:
            if name in self._seen:
                return name
            self._seen.add(name)
        self._put({name: (len(data), pack(data))})
        return name

    def put(self, texts: Iterable[Packed]) -> None:
        """Keep texts that are packed already."""
        with self._lock:
            new = {text.name: (text.size, text.data) for text in texts if text.name not in self._seen}
            self._seen.update(new)
        self._put(new)

    def _put(self, new: Mapping[str, Item]) -> None:
        with self._lock:
            self._waiting.update(new)
            full = len(self._waiting) >= BATCH and not self._stuck
            batch, self._waiting = (self._waiting, {}) if full else ({}, self._waiting)
        if batch:
            self._write_or_keep(batch)

    def flush(self) -> None:
        """Write what waits. Raises StoreError and keeps it when that fails."""
        with self._database.writing() as session:
            taken = self.write(session)
        self.written(taken)

    def write(self, session: Session) -> Mapping[str, Item]:
        """Write what waits inside the caller's transaction; hand the result to `written` once it is committed."""
        with self._lock:
            waiting = dict(self._waiting)
        _insert(session, waiting)
        return waiting

    def written(self, taken: Iterable[str]) -> None:
        """Forget what was written."""
        with self._lock:
            for name in taken:
                self._waiting.pop(name, None)
            self._stuck = False

    @staticmethod
    def write_now(session: Session, texts: Iterable[Packed]) -> None:
        """Put texts into the caller's transaction, for what must stand before something is done."""
        _insert(session, {text.name: (text.size, text.data) for text in texts})

    def _write_or_keep(self, batch: dict[str, Item]) -> None:
        try:
            with self._database.writing() as session:
                _insert(session, batch)
        except StoreError:
            with self._lock:
                self._waiting = {**batch, **self._waiting}
                self._stuck = True

    def read(self, names: Iterable[str]) -> dict[str, str]:
        """The texts of these hashes; the lost and the damaged ones are left out (`verify` names them)."""
        wanted = sorted(set(names))
        found: dict[str, str] = {}
        with self._database.reading() as session:
            for start in range(0, len(wanted), _GROUP):
                group = wanted[start : start + _GROUP]
                for row in session.scalars(select(EvidenceRow).where(EvidenceRow.sha256.in_(group))):
                    data = unpack(row.sha256, row.data)
                    if data is not None:
                        found[row.sha256] = data.decode("utf-8", "replace")
        return found

    @staticmethod
    def inspect(session: Session) -> Iterator[tuple[str, bool]]:
        """Every hash in the store, and whether its content is still what it says."""
        for row in session.scalars(select(EvidenceRow).execution_options(yield_per=100)):
            yield row.sha256, unpack(row.sha256, row.data) is not None
            session.expunge(row)


def unpack(name: str, packed: bytes) -> bytes | None:
    """The bytes behind a hash; None when they are not what the hash says."""
    try:
        data = zlib.decompress(packed)
    except zlib.error:
        return None
    return data if hashlib.sha256(data).hexdigest() == name else None


def _insert(session: Session, items: Mapping[str, Item]) -> None:
    if not items:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [{"sha256": name, "size": size, "data": data} for name, (size, data) in sorted(items.items())]
    session.execute(insert(EvidenceRow).on_conflict_do_nothing(), rows)
