"""Journal of an event: records with the event's time. Rehearsals are kept apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from eventready.core.clock import Clock
from eventready.store.records import Codec, Moment, Shape, Stream, codec_of
from eventready.store.store import Store
from eventready.store.streams.journal import JournalEntry

T = TypeVar("T")


@dataclass(frozen=True)
class Head:
    """Event of a record, time on the event's clock, and True in a rehearsal."""

    event: str
    at: Moment
    rehearsal: bool


@dataclass(frozen=True)
class Dated(Generic[T]):
    """Record of an event, with its head."""

    head: Head
    record: T

    @property
    def at(self) -> datetime:
        """Time on the event's clock."""
        return self.head.at


class DatedShape(Codec[Dated[T]]):
    """JSON of the records of events: the keys of the head beside the fields of the record."""

    _head = Shape(Head)
    _names = ("event", "at", "rehearsal")

    def __init__(self, record: type[T] | Codec[T]) -> None:
        self._record = codec_of(record)

    def plain(self, record: Dated[T]) -> dict[str, Any]:
        """Record as plain JSON types."""
        return {**self._head.plain(record.head), **self._record.plain(record.record)}

    def read_plain(self, plain: Mapping[str, object]) -> Dated[T]:
        """Record of plain JSON types. Raises ShapeError."""
        head = {name: plain[name] for name in self._names if name in plain}
        rest = {name: value for name, value in plain.items() if name not in self._names}
        return Dated(self._head.read_plain(head), self._record.read_plain(rest))

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema of a record."""
        return {"allOf": [self._head.json_schema(), self._record.json_schema()]}


class EventJournal(Generic[T]):
    """Stream of a store with the entries of an event, and of rehearsals or of real operation."""

    def __init__(self, store: Store, stream: Stream[Dated[T]], event: str, clock: Clock) -> None:
        self._journal, self._event, self._clock = store.journal(stream), event, clock

    def add(self, news: Iterable[tuple[str, T]]) -> None:
        """Append several (key, record) in a transaction. Raises StoreError."""
        real = self._clock.real()
        self._journal.add((key, self._dated(record), real) for key, record in news)

    def append(self, key: str, record: T) -> JournalEntry[Dated[T]]:
        """Append and return an entry. Raises StoreError."""
        dated = self._dated(record)
        return self._journal.append(lambda _entries: (key, dated), self._clock.real())

    def entries(self) -> Iterator[JournalEntry[Dated[T]]]:
        """Return the entries, oldest first. Raises StoreError."""
        return filter(self._own, self._journal.entries())

    def latest(self, most: int, fits: Callable[[T], bool], key: str | None = None) -> list[JournalEntry[Dated[T]]]:
        """Return the latest fitting entries, oldest first, of all or of those with `key`. Raises StoreError."""
        return self._journal.latest(most, lambda entry: self._own(entry) and fits(entry.body.record), key)

    def last(self, key: str, kind: type[T]) -> JournalEntry[Dated[T]] | None:
        """Return the latest entry of a key and kind; None without any. Raises StoreError."""
        return self._journal.last(key, lambda entry: self._own(entry) and isinstance(entry.body.record, kind))

    def _own(self, entry: JournalEntry[Dated[T]]) -> bool:
        head = entry.body.head
        return head.event == self._event and head.rehearsal == self._clock.rehearsal

    def _dated(self, record: T) -> Dated[T]:
        return Dated(Head(self._event, self._clock.now(), self._clock.rehearsal), record)
