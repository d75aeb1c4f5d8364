"""Log of acts and logins in the store's journal: user, act, address, details."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from starlette.requests import Request

from eventready.core.clock import Clock
from eventready.core.records import Stream
from eventready.store.event_journal import Dated, DatedShape, EventJournal
from eventready.store.store import Store
from eventready.watch.web.access.limits import client_of
from eventready.watch.web.page import model_of, viewer_of


@dataclass(frozen=True)
class PageAct:
    """Act of a user from an address. `source`, `subject`: of a login; `person`: of a looked up telephone number."""

    act: str
    user: str
    address: str
    source: str = ""
    subject: str = ""
    person: str = ""


STREAM: Stream[Dated[PageAct]] = Stream("page", DatedShape(PageAct))


def record(request: Request, act: str, *, user: str = "", **details: str) -> None:
    """Record an act of a request, of its viewer or of `user`. Raises StoreError."""
    model = model_of(request)
    made = PageAct(act, user or viewer_of(request).name, client_of(request.scope), **details)
    EventJournal(model.store, STREAM, model.workspace.event.id, model.clock).add([(made.user or "-", made)])


def acts(store: Store, event: str, clock: Clock) -> Iterator[PageAct]:
    """Return the recorded acts, oldest first. Raises StoreError."""
    return (entry.body.record for entry in EventJournal(store, STREAM, event, clock).entries())
