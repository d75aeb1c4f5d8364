"""Log of the watches of an event: a beat per minute as proof of the time watched, and the changes of state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from eventready.store.records.stream import Stream
from eventready.store.store import Store

STREAM: Stream[Any] = Stream("watch", dict[str, Any])

#: Seconds between two beats; a longer time without one is a gap.
BEAT_S = 60.0
_GAP = timedelta(seconds=2 * BEAT_S)


@dataclass(frozen=True)
class Watched:
    """Time watched in a span: minutes, and gaps from their start to their end."""

    minutes: int
    gaps: tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True)
class WatchLog:
    """Beats and changes of state, oldest first, each with its event time `at`."""

    beats: tuple[Mapping[str, Any], ...] = ()
    changes: tuple[Mapping[str, Any], ...] = ()

    def watched(self, start: datetime, end: datetime, devices: int = 0) -> Watched:
        """Return the time watched between two event times; a beat without an answer or of fewer devices is none."""
        counted = (beat for beat in self.beats if beat["answering"] and beat["devices"] >= devices)
        times = (datetime.fromisoformat(beat["at"]) for beat in counted)
        return watched((at for at in times if start <= at <= end), start, end)


def watch_log(store: Store, event: str, *, rehearsal: bool) -> WatchLog:
    """Return the log of an event; rehearsals count in rehearsals only. Raises StoreError."""
    bodies = [entry.body for entry in store.journal(STREAM).entries()]
    own = [body for body in bodies if body["event"] == event and (rehearsal or not body["rehearsal"])]
    return WatchLog(*(tuple(body for body in own if body["kind"] == kind) for kind in ("beat", "change")))


def watched(beats: Iterable[datetime], start: datetime, end: datetime) -> Watched:
    """Return the time watched by the beats of a span; a gap is a time without a beat for two of their periods."""
    marks = [start, *sorted(beats), end]
    gaps = tuple((one, other) for one, other in pairwise(marks) if other - one > _GAP)
    lost = sum((other - one for one, other in gaps), timedelta())
    return Watched(int((end - start - lost) / timedelta(minutes=1)), gaps)
