"""Message about a dead watch, by its last beat."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError
from eventready.core.messages import Lang, text
from eventready.core.records import Moment, Stream
from eventready.core.strings.texts import at
from eventready.delivery.notify.channel import addressees, written
from eventready.delivery.notify.server_call import PostedAlert, post_alerts
from eventready.roster.reading.load import workspace_roster
from eventready.roster.roster import Roster
from eventready.store.event_journal import EventJournal
from eventready.store.store import Store
from eventready.store.streams.notification_outbox import OutboxNotice
from eventready.store.watch_log import STREAM as WATCH
from eventready.store.watch_log import Beat, WatchEnd
from eventready.workspace.settings.alerts import AlertmanagerFile, AlertsFile, AnyAlertsFile
from eventready.workspace.workspace import Workspace

#: Stream of a watch; keys of its beats and of its orderly end.
BEAT, END = "beat", "end"
#: A watch without a new beat for so many seconds has died. A longer silence is an old story.
_DEAD_S, _OLD = 180.0, timedelta(hours=12)
#: Name of the alert about a dead watch.
DIED = "watch_died"


@dataclass(frozen=True)
class SeenBeat:
    """Last beat seen; `first_look_s`: monotonic time of the first look."""

    beat: Moment
    first_look_s: float


SEEN = Stream("watch beat", SeenBeat)


def last_beat(store: Store, event: str, clock: Clock) -> datetime | None:
    """Return the last beat of a watch without an orderly end; None without any. Raises StoreError."""
    journal = EventJournal(store, WATCH, event, clock)
    beat, end = journal.last(BEAT, Beat), journal.last(END, WatchEnd)
    if beat is None or (end is not None and end.position > beat.position):
        return None
    return beat.body.at


def report_death(
    workspace: Workspace, settings: AnyAlertsFile, store: Store, clock: Clock, *, at_once: bool = False
) -> None:
    """Report a dead watch: to the Alertmanager, or once per death to the first receiver of alerts.yaml.

    A clock that is set, or a machine that slept, is no death: the time without a new beat is that between two looks by
    a monotonic clock. `at_once`: without a wait for its next beat. Raises StoreError, and EventreadyError without the
    Alertmanager.
    """
    event, now = workspace.event, clock.now()
    beat = last_beat(store, event.id, clock)
    if beat is None or now - beat > _OLD or not (at_once or _silent_s(store, event.id, beat, clock) >= _DEAD_S):
        return
    if isinstance(settings, AlertmanagerFile):
        summary = text("delivery:watch.died", settings.lang, at=at(beat))
        post_alerts(settings, workspace.path, [PostedAlert({"alertname": DIED}, summary, beat)], clock)
    else:
        _call_about(beat, workspace, settings, store, clock, lives=at_once)


def _call_about(
    beat: datetime, workspace: Workspace, settings: AlertsFile, store: Store, clock: Clock, *, lives: bool
) -> None:
    """Put a message about a death after a beat into the outbox. `lives`: another watch reads again.

    Without an address of the first receiver, also with a broken roster, it is for the receiver of its escalation.
    """
    now, roster, ways = clock.now(), _roster(workspace), [settings.route.receiver]
    ways += [settings.route.escalate.receiver] if settings.route.escalate else []
    called = (addressees(settings, settings.receiver(way), roster, now) for way in ways)
    people = next(filter(None, ([one for one in found if one.address] for found in called)), [])
    outbox = store.outbox(workspace.event.id, rehearsal=clock.rehearsal)

    def write(lang: Lang, *events: str) -> tuple[str, str]:
        subject, *more = (text(f"delivery:watch.{one}", lang, at=at(beat if one == "died" else now)) for one in events)
        return subject, "\n".join([subject, *more])

    def add(*events: str) -> bool:
        body = OutboxNotice("death", *written(people, lambda lang: write(lang, *events), settings.lang))
        return outbox.add(f"{events[0]}-{beat:%Y%m%dT%H%M%S}", body, [one.address for one in people], now)

    if not add("died", *(["lives"] if lives else [])) and lives:
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
