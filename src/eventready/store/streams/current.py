"""Current values by kind and key: a new value replaces the old, without a history."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select

from eventready.core.errors import StoreError
from eventready.core.messages import message
from eventready.core.strings.json_text import canonical
from eventready.store.database.connection import Database
from eventready.store.database.tables import CurrentRow


class Current:
    """Values of a kind. Safe for several processes: the last writer wins."""

    def __init__(self, database: Database, kind: str) -> None:
        self._database, self._kind = database, kind

    def put(self, key: str, body: Mapping[str, Any]) -> None:
        """Replace the value of a key. Raises StoreError."""
        with self._database.writing() as session:
            session.merge(CurrentRow(kind=self._kind, key=key, body=zlib.compress(canonical(body), 1)))

    def get(self, key: str) -> Mapping[str, Any] | None:
        """Return the value of a key; None for an absent key. Raises StoreError."""
        with self._database.reading() as session:
            row = session.get(CurrentRow, (self._kind, key))
            return self._body(row) if row else None

    def all(self) -> dict[str, Mapping[str, Any]]:
        """Return the values by key, in the order of the keys. Raises StoreError."""
        with self._database.reading() as session:
            rows = session.scalars(select(CurrentRow).where(CurrentRow.kind == self._kind).order_by(CurrentRow.key))
            return {row.key: self._body(row) for row in rows}

    def remove(self, *keys: str) -> None:
        """Remove the values of keys; absent keys are ignored. Raises StoreError."""
        with self._database.writing() as session:
            session.execute(delete(CurrentRow).where(CurrentRow.kind == self._kind, CurrentRow.key.in_(keys)))

    def _body(self, row: CurrentRow) -> Mapping[str, Any]:
        try:
            body = json.loads(zlib.decompress(row.body))
        except (zlib.error, ValueError) as error:
            raise StoreError(message("store:current.damaged", kind=self._kind, key=row.key)) from error
        if not isinstance(body, dict):
            raise StoreError(message("store:current.damaged", kind=self._kind, key=row.key))
        return body
