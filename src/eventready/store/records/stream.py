"""Streams of journals: their name and the type of their records."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from eventready.core.strings.json_text import canonical
from eventready.store.records.shape import Codec, codec_of

T = TypeVar("T")


class Stream(Generic[T]):
    """Stream of records of a frozen dataclass, or of the kinds of several; `Store.journal` reads and appends them."""

    def __init__(self, name: str, record: type[T] | Codec[T]) -> None:
        self.name = name
        self._shape: Codec[T] = codec_of(record)

    def encode(self, record: T) -> bytes:
        """Record as canonical JSON."""
        return canonical(self._shape.plain(record))

    def decode(self, data: bytes) -> T:
        """Record of the JSON of an entry. Raises ShapeError."""
        return self._shape.read(data)

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema of a record."""
        return self._shape.json_schema()
