"""Journal of an event: entries with the event's time. Rehearsals are kept apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from eventready.core.clock import Clock
from eventready.store.records.stream import Stream
from eventready.store.store import Store
from eventready.store.streams.journal import JournalEntry


class EventJournal:
    """Stream of a store with the entries of an event, and of rehearsals or of real operation."""

    def __init__(self, store: Store, stream: Stream[Any], event: str, clock: Clock) -> None:
        self._journal, self._event, self._clock = store.journal(stream), event, clock

    def add(self, news: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Append several (key, body) in a transaction. Raises StoreError."""
        self._journal.add(self._entry(key, body) for key, body in news)

    def append(self, key: str, body: Mapping[str, Any]) -> JournalEntry[Any]:
        """Append and return an entry. Raises StoreError."""
        key, whole, recorded = self._entry(key, body)
        return self._journal.append(lambda _entries: (key, whole), recorded)

    def entries(self) -> Iterator[JournalEntry[Any]]:
        """Return the entries, oldest first. Raises StoreError."""
        return filter(self._own, self._journal.entries())

    def latest(
        self, most: int, fits: Callable[[JournalEntry[Any]], bool], key: str | None = None
    ) -> list[JournalEntry[Any]]:
        """Return the latest fitting entries, oldest first, of all or of those with `key`. Raises StoreError."""
        return self._journal.latest(most, lambda entry: self._own(entry) and fits(entry), key)

    def last(self, key: str) -> JournalEntry[Any] | None:
        """Return the latest entry of a key; None for an absent key. Raises StoreError."""
        return self._journal.last(key, self._own)

    def _own(self, entry: JournalEntry[Any]) -> bool:
        return bool(entry.body["event"] == self._event and entry.body["rehearsal"] == self._clock.rehearsal)

    def _entry(self, key: str, body: Mapping[str, Any]) -> tuple[str, Mapping[str, Any], datetime]:
        head = {"event": self._event, "rehearsal": self._clock.rehearsal, "at": self._clock.now().isoformat()}
        return key, {**head, **body}, self._clock.real()
