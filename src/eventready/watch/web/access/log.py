"""Log of acts and logins in the store's journal: user, act, address, details."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from starlette.requests import Request

from eventready.core.clock import Clock
from eventready.store.event_journal import EventJournal
from eventready.store.records.stream import Stream
from eventready.store.store import Store
from eventready.store.streams.journal import JournalEntry
from eventready.watch.web.access.limits import client_of
from eventready.watch.web.page import model_of, viewer_of

STREAM: Stream[Any] = Stream("page", dict[str, Any])


def record(request: Request, act: str, *, user: str = "", **details: Any) -> None:
    """Record an act of a request, of its viewer or of `user`. Raises StoreError."""
    model = model_of(request)
    body = {"act": act, "user": user or viewer_of(request).name, "address": client_of(request.scope), **details}
    journal = EventJournal(model.store, STREAM, model.workspace.event.id, model.clock)
    journal.add([(body["user"] or "-", body)])


def entries(store: Store, event: str, clock: Clock) -> Iterator[JournalEntry[Any]]:
    """Return the recorded acts, oldest first. Raises StoreError."""
    return EventJournal(store, STREAM, event, clock).entries()
