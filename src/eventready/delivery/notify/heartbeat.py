"""Dead man's switch of a watch: calls of a URL while alive, and messages about dead watches."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, UsageError
from eventready.core.messages import Lang, message, text
from eventready.core.strings.phrases import at, moment_of
from eventready.delivery.notify.receivers import addressees, written
from eventready.roster.reading.load import workspace_roster
from eventready.roster.roster import Roster
from eventready.store.event_journal import EventJournal
from eventready.store.records.shape import Moment
from eventready.store.records.stream import Stream
from eventready.store.store import Store
from eventready.store.watch_log import STREAM as WATCH
from eventready.workspace.settings.watching.alerts import AlertsFile
from eventready.workspace.workspace import Workspace

#: Stream of a watch; keys of its beats and of its orderly end.
BEAT, END = "beat", "end"
#: A watch without a new beat for so many seconds has died. A longer silence is an old story.
_DEAD_S, _OLD = 180.0, timedelta(hours=12)
_PATIENCE_S = 10.0


@dataclass(frozen=True)
class SeenBeat:
    """Last beat seen; `first_look_s`: monotonic time of the first look at it."""

    beat: Moment
    first_look_s: float


SEEN = Stream("watch beat", SeenBeat)


class _NoRedirect(HTTPRedirectHandler):
    """Redirects are failures: the reviewed server alone is called."""

    def redirect_request(self, *_: object) -> None:
        """Follow no redirect."""


def call(url: str, reference: str, body: bytes | None = None) -> None:
    """Call a URL, with a JSON body or none. Raises EventreadyError without the URL."""
    headers = {"Content-Type": "application/json"} if body is not None else {}
    try:
        if urlsplit(url).scheme not in ("http", "https"):
            raise UsageError(message("delivery:call.url", reference=reference))
        build_opener(_NoRedirect).open(Request(url, body, headers), timeout=_PATIENCE_S).close()  # noqa: S310  scheme seen above
    except (OSError, ValueError, HTTPException) as error:
        reason = error.reason if isinstance(error, URLError) else type(error).__name__
        raise EventreadyError(message("delivery:call.failed", reference=reference, reason=str(reason))) from None


def last_beat(store: Store, event: str, clock: Clock) -> datetime | None:
    """Return the last beat of a watch without an orderly end; None without any. Raises StoreError."""
    journal = EventJournal(store, WATCH, event, clock)
    beat, end = journal.last(BEAT), journal.last(END)
    if beat is None or (end is not None and end.position > beat.position):
        return None
    return moment_of(beat.body["at"])


def report_death(
    workspace: Workspace, settings: AlertsFile, store: Store, clock: Clock, *, at_once: bool = False
) -> None:
    """Put a message about a dead watch into the outbox, once per death, for the first receiver of alerts.yaml.

    Without an address there, also with a broken roster, for the receiver of its escalation. A clock that is set, or a
    machine that slept, is no death: the time without a new beat is that between two looks by a monotonic clock.
    `at_once`: without a wait for its next beat. Raises StoreError.
    """
    event, now = workspace.event, clock.now()
    beat = last_beat(store, event.id, clock)
    if beat is None or now - beat > _OLD or not (at_once or _silent_s(store, event.id, beat, clock) >= _DEAD_S):
        return
    roster, ways = _roster(workspace), [settings.route.receiver]
    ways += [settings.route.escalate.receiver] if settings.route.escalate else []
    called = (addressees(settings, settings.receiver(way), roster, now) for way in ways)
    people = next(filter(None, ([one for one in found if one.address] for found in called)), [])

    def write(lang: Lang, *events: str) -> dict[str, str]:
        subject, *more = (text(f"delivery:watch.{one}", lang, at=at(beat if one == "died" else now)) for one in events)
        return {"kind": "death", "subject": subject, "text": "\n".join([subject, *more])}

    def add(*events: str) -> bool:
        body = written(people, lambda lang: write(lang, *events))
        return outbox.add(f"{events[0]}-{beat:%Y%m%dT%H%M%S}", body, [one.address for one in people], now)

    outbox = store.outbox(event.id, rehearsal=clock.rehearsal)
    if not add("died", *(["lives"] if at_once else [])) and at_once:
        add("lives")


def _silent_s(store: Store, event: str, beat: datetime, clock: Clock) -> float:
    """Return the seconds since the first look at a beat, of this process or another since the start of the machine."""
    seen, key, now = store.current(SEEN), f"{event} rehearsal" if clock.rehearsal else event, time.monotonic()
    known = seen.get(key)
    if known is None or known.beat != beat or known.first_look_s > now:
        seen.put(key, SeenBeat(beat, now))
        return 0.0
    return now - known.first_look_s


def _roster(workspace: Workspace) -> Roster | None:
    """Return the roster; None for a broken file: the message and the next watch do not wait."""
    try:
        return workspace_roster(workspace)[1]
    except EventreadyError:
        return None
