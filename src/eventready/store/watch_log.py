"""Log of the watches of an event: a beat per minute as proof of the time watched, and the changes of state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TypeAlias

from pydantic import JsonValue

from eventready.core.clock import Clock
from eventready.core.language import FindingSentence
from eventready.core.records import Kinds, Stream
from eventready.store.event_journal import Dated, DatedShape, EventJournal
from eventready.store.store import Store

#: Check of a change about a device as a whole.
DEVICE = "device"
#: Seconds between two beats; a longer time without one is a gap.
BEAT_S = 60.0
_GAP = timedelta(seconds=2 * BEAT_S)


@dataclass(frozen=True)
class Beat:
    """Figures of a watch at a beat: devices, those with an answer, readings since the last beat, greatest lag."""

    devices: int
    answering: int
    readings: int
    lag_s: float


@dataclass(frozen=True)
class RecordedChange:
    """Change of the state of a finding. `damped`: the state changes too often to be named. `cause`: device or subject
    whose loss explains this one.

    The sentence is empty for a change without a finding: of a device, of a check, or of an ended alarm.
    """

    device: str
    check: str
    subject: str
    old: str
    new: str
    damped: bool
    cause: str
    message: str = ""
    message_id: str = ""
    params: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def sentence(self) -> FindingSentence | None:
        """Sentence of the finding; None without a finding."""
        return FindingSentence(self.message, self.message_id, self.params) if self.message_id else None


@dataclass(frozen=True)
class WatchEnd:
    """Orderly end of a watch."""


WatchStep: TypeAlias = Beat | RecordedChange | WatchEnd
_KINDS: Kinds[WatchStep] = Kinds("kind", {"beat": Beat, "change": RecordedChange, "end": WatchEnd})
STREAM: Stream[Dated[WatchStep]] = Stream("watch", DatedShape(_KINDS))


@dataclass(frozen=True)
class Watched:
    """Time watched in a span: minutes, and gaps from their start to their end."""

    minutes: int
    gaps: tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True)
class WatchLog:
    """Beats and changes of state with their times of the event, oldest first."""

    beats: tuple[tuple[datetime, Beat], ...] = ()
    changes: tuple[tuple[datetime, RecordedChange], ...] = ()

    def watched(self, start: datetime, end: datetime, devices: int = 0) -> Watched:
        """Return the time watched between two event times; a beat without an answer or of fewer devices is none."""
        times = (at for at, beat in self.beats if beat.answering and beat.devices >= devices)
        return watched((at for at in times if start <= at <= end), start, end)


def watch_log(store: Store, event: str, *, rehearsal: bool) -> WatchLog:
    """Return the log of an event; rehearsals count in rehearsals only. Raises StoreError."""
    beats, changes = list[tuple[datetime, Beat]](), list[tuple[datetime, RecordedChange]]()
    for entry in store.journal(STREAM).entries():
        head, record = entry.body.head, entry.body.record
        if head.event == event and (rehearsal or not head.rehearsal):
            if isinstance(record, Beat):
                beats.append((head.at, record))
            elif isinstance(record, RecordedChange):
                changes.append((head.at, record))
    return WatchLog(tuple(beats), tuple(changes))


def changes_since(
    store: Store, event: str, clock: Clock, since: datetime
) -> tuple[tuple[datetime, RecordedChange], ...]:
    """Return the changes of state recorded since an event time, oldest first; rehearsals apart. Raises StoreError."""
    entries = EventJournal(store, STREAM, event, clock).entries()
    dated = ((entry.body.at, entry.body.record) for entry in entries)
    return tuple((at, one) for at, one in dated if at >= since and isinstance(one, RecordedChange))


def watched(beats: Iterable[datetime], start: datetime, end: datetime) -> Watched:
    """Return the time watched by the beats of a span; a gap is a time without a beat for two of their periods."""
    marks = [start, *sorted(beats), end]
    gaps = tuple((one, other) for one, other in pairwise(marks) if other - one > _GAP)
    lost = sum((other - one for one, other in gaps), timedelta())
    return Watched(int((end - start - lost) / timedelta(minutes=1)), gaps)
