"""Current values by kind and key: a new value replaces the old, without a history."""

from __future__ import annotations

import zlib
from typing import Generic, TypeVar

from sqlalchemy import delete, select

from eventready.core.errors import StoreError
from eventready.core.messages import message
from eventready.store.database.connection import Database
from eventready.store.database.tables import CurrentRow
from eventready.store.records.shape import ShapeError
from eventready.store.records.stream import Values

T = TypeVar("T")


class Current(Generic[T]):
    """Values of a kind. Safe for several processes: the last writer wins."""

    def __init__(self, database: Database, values: Values[T]) -> None:
        self._database, self._values = database, values

    def put(self, key: str, value: T) -> None:
        """Replace the value of a key. Raises StoreError."""
        self.put_encoded(key, self._values.encode(value))

    def put_encoded(self, key: str, data: bytes) -> None:
        """Replace the value of a key by its canonical JSON. Raises StoreError."""
        with self._database.writing() as session:
            session.merge(CurrentRow(kind=self._values.name, key=key, body=zlib.compress(data, 1)))

    def get(self, key: str) -> T | None:
        """Return the value of a key; None for an absent key. Raises StoreError."""
        with self._database.reading() as session:
            row = session.get(CurrentRow, (self._values.name, key))
            return self._value(row) if row else None

    def all(self) -> dict[str, T]:
        """Return the values by key, in the order of the keys. Raises StoreError."""
        with self._database.reading() as session:
            own = select(CurrentRow).where(CurrentRow.kind == self._values.name)
            return {row.key: self._value(row) for row in session.scalars(own.order_by(CurrentRow.key))}

    def remove(self, *keys: str) -> None:
        """Remove the values of keys; absent keys are ignored. Raises StoreError."""
        own = delete(CurrentRow).where(CurrentRow.kind == self._values.name, CurrentRow.key.in_(keys))
        with self._database.writing() as session:
            session.execute(own)

    def _value(self, row: CurrentRow) -> T:
        place = {"kind": row.kind, "key": row.key}
        try:
            return self._values.decode(zlib.decompress(row.body))
        except zlib.error as error:
            raise StoreError(message("store:current.damaged", **place)) from error
        except ShapeError as error:
            raise StoreError(message("store:current.shape", **place, what=error.sentence)) from None
