"""Current values by kind and key: a new value replaces the old, without a history."""

from __future__ import annotations

import zlib
from typing import Generic, TypeVar

from sqlalchemy import delete, select

from eventready.core.records import Stream
from eventready.store.database.connection import Database
from eventready.store.database.tables import CurrentRow

T = TypeVar("T")


class Current(Generic[T]):
    """Values of a kind. Safe for several processes: the last writer wins."""

    def __init__(self, database: Database, kind: Stream[T]) -> None:
        self._database, self._kind = database, kind

    def put(self, key: str, value: T) -> None:
        """Replace the value of a key. Raises StoreError."""
        self.put_encoded(key, self._kind.encode(value))

    def put_encoded(self, key: str, data: bytes) -> None:
        """Replace the value of a key by its canonical JSON. Raises StoreError."""
        body = zlib.compress(data, 1)
        with self._database.writing() as session:
            session.merge(CurrentRow(kind=self._kind.name, key=key, body=body))

    def exchange(self, key: str, old: T, new: T) -> bool:
        """Replace the value `old`; False where another process replaced the value before. Raises StoreError."""
        with self._database.writing() as session:
            row = session.get(CurrentRow, (self._kind.name, key), with_for_update=True)
            if row is None or self._kind.unpack(row.body, key) != old:
                return False
            row.body = zlib.compress(self._kind.encode(new), 1)
            return True

    def get(self, key: str) -> T | None:
        """Return the value of a key; None for an absent key. Raises StoreError."""
        with self._database.reading() as session:
            row = session.get(CurrentRow, (self._kind.name, key))
            return self._kind.unpack(row.body, key) if row else None

    def all(self) -> dict[str, T]:
        """Return the values by key, in the order of the keys. Raises StoreError."""
        own = select(CurrentRow).where(CurrentRow.kind == self._kind.name).order_by(CurrentRow.key)
        with self._database.reading() as session:
            return {row.key: self._kind.unpack(row.body, row.key) for row in session.scalars(own)}

    def names(self) -> list[str]:
        """Return the keys in their order. Raises StoreError."""
        own = select(CurrentRow.key).where(CurrentRow.kind == self._kind.name).order_by(CurrentRow.key)
        with self._database.reading() as session:
            return list(session.scalars(own))

    def remove(self, *keys: str) -> None:
        """Remove the values of keys; absent keys are ignored. Raises StoreError."""
        own = CurrentRow.kind == self._kind.name, CurrentRow.key.in_(keys)
        with self._database.writing() as session:
            session.execute(delete(CurrentRow).where(*own))
