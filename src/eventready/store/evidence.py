"""Evidence: raw outputs of devices, stored once per content under their SHA-256."""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from isal import isal_zlib
from sqlalchemy import select
from sqlalchemy.orm import Session

from eventready.core.errors import StoreError
from eventready.store.database.connection import Database, insert_missing
from eventready.store.database.tables import EvidenceRow

#: Texts per transaction.
BATCH = 128

#: Hashes per query, below SQLite's limit of variables.
_GROUP = 500

Item = tuple[int, bytes]


@dataclass(frozen=True)
class PackedEvidence:
    """Compressed redacted text with its SHA-256 and uncompressed size."""

    name: str
    size: int
    data: bytes

    @classmethod
    def of(cls, text: str) -> PackedEvidence:
        """Compress a text; callable in any thread or process."""
        name, data = digest(text)
        return cls(name, len(data), pack(data))

    @property
    def text(self) -> str:
        """The uncompressed text."""
        return zlib.decompress(self.data).decode()


def pack(data: bytes) -> bytes:
    """Compress for `zlib`, in a third of the time of its level 3 to the same size."""
    packed: bytes = isal_zlib.compress(data, 1)
    return packed


def pack_pieces(pieces: Iterable[bytes]) -> bytes:
    """Compress data in pieces as `pack` does."""
    packer = isal_zlib.compressobj(1)
    return b"".join([*map(packer.compress, pieces), packer.flush()])


def digest(text: str) -> tuple[str, bytes]:
    """SHA-256 and UTF-8 bytes of a text; lone surrogates are escaped."""
    data = text.encode("utf-8", "backslashreplace")
    return hashlib.sha256(data).hexdigest(), data


class EvidenceStore:
    """Thread-safe store of texts, written in batches.

    `add` does not fail with the database: unwritten texts stay in memory, compressed, and are written with the run,
    whose storage reports the error.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        self._waiting: dict[str, Item] = {}
        self._stuck = False

    def add(self, text: str) -> str:
        """Store a redacted text. Return its hash."""
        name, data = digest(text)
        with self._lock:
            if name in self._seen:
                return name
            self._seen.add(name)
        self._put({name: (len(data), pack(data))})
        return name

    def put(self, texts: Iterable[PackedEvidence]) -> None:
        """Store compressed texts."""
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

    def write(self, session: Session) -> Mapping[str, Item]:
        """Write pending texts in the transaction of the caller. Pass the result to `written` after the commit."""
        with self._lock:
            waiting = dict(self._waiting)
        _insert(session, waiting)
        return waiting

    def written(self, taken: Iterable[str]) -> None:
        """Drop written texts from memory."""
        with self._lock:
            for name in taken:
                self._waiting.pop(name, None)
            self._stuck = False

    def forget(self) -> None:
        """Drop the memory of stored texts: another process may have pruned them."""
        with self._lock:
            self._seen = set(self._waiting)

    @staticmethod
    def write_now(session: Session, texts: Iterable[PackedEvidence]) -> None:
        """Write texts in the transaction of the caller."""
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
        """Texts by hash; missing and damaged texts are left out (see `verify`)."""
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
        """Every hash of the store, with True for matching content."""
        for row in session.scalars(select(EvidenceRow).execution_options(yield_per=100)):
            yield row.sha256, unpack(row.sha256, row.data) is not None
            session.expunge(row)


def unpack(name: str, packed: bytes) -> bytes | None:
    """Decompress bytes; None for a mismatch with the hash."""
    try:
        data = zlib.decompress(packed)
    except zlib.error:
        return None
    return data if hashlib.sha256(data).hexdigest() == name else None


def _insert(session: Session, items: Mapping[str, Item]) -> None:
    rows = [{"sha256": name, "size": size, "data": data} for name, (size, data) in sorted(items.items())]
    insert_missing(session, EvidenceRow, rows)
