"""Record of a watch in the store: changes of state, and a beat per minute as proof of the time watched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from eventready.core.clock import Clock
from eventready.core.errors import StoreError
from eventready.core.messages import to_json
from eventready.delivery.notify.heartbeat import BEAT, END
from eventready.store.event_journal import EventJournal
from eventready.store.records.stream import Stream
from eventready.store.store import Store
from eventready.store.streams.journal import JournalEntry
from eventready.store.watch_log import STREAM, Watched, watched
from eventready.watch.states import Key, StateChange

PAUSES: Stream[Any] = Stream("watch pause", dict[str, Any])
_LONGEST_WORK_H = 24


@dataclass(frozen=True)
class Beat:
    """Figures of a watch at a beat: devices, those with an answer, readings since the last beat, greatest lag."""

    devices: int
    answering: int
    readings: int
    lag_s: float


class WatchRecord:
    """Journal of the watches of an event. Rehearsals are kept apart."""

    def __init__(self, store: Store, event: str, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._journal = EventJournal(store, STREAM, event, clock)
        self._pauses = EventJournal(store, PAUSES, event, clock)

    def beat(self, beat: Beat) -> None:
        """Record a beat. Raises StoreError."""
        self._journal.add([(BEAT, {"kind": "beat", **vars(beat)})])

    def changes(self, changes: Sequence[StateChange]) -> None:
        """Record changes of state. Raises StoreError."""
        self._journal.add((change.key.device, change_document(change)) for change in changes)

    def end(self) -> None:
        """Record the orderly end of a watch. Raises StoreError."""
        self._journal.add([(END, {"kind": "end"})])

    def pause(self, device: str, until: datetime, by: str) -> None:
        """Record the pause of a device until an event time. Raises StoreError."""
        self._pauses.add([(device, {"until": until.isoformat(), "by": by})])

    def states(self) -> dict[Key, str]:
        """Return the states after the recorded changes. Raises StoreError."""
        last = {
            Key(body["device"], body["check"], body["subject"]): str(body["new"]) for body in self._bodies("change")
        }
        return {key: status for key, status in last.items() if key.check}

    def causes(self) -> dict[Key, str]:
        """Return the causes of the last recorded changes. Raises StoreError."""
        return {
            Key(body["device"], body["check"], body["subject"]): str(body["cause"]) for body in self._bodies("change")
        }

    def begins(self) -> dict[Key, float]:
        """Return the times of the last recorded changes, in seconds of the event's clock. Raises StoreError."""
        return {
            Key(body["device"], body["check"], body["subject"]): datetime.fromisoformat(body["at"]).timestamp()
            for body in self._bodies("change")
        }

    def paused(self, now: datetime) -> Mapping[str, str]:
        """Return the devices paused at an event time, with the command at work; empty for a person. Raises StoreError.

        The work of a process that has ended is no pause.
        """
        last = {entry.key: entry.body for entry in self._pauses.entries()}
        found: dict[str, str] = {}
        for key, body in last.items():
            if datetime.fromisoformat(body["until"]) > now and (not body.get("devices") or self._store.is_alive(key)):
                found |= dict.fromkeys(body["devices"], str(body["by"])) if body.get("devices") else {key: ""}
        return found

    def resting(self, now: datetime) -> Mapping[str, str]:
        """Return the devices left alone, with the command or change at work. Raises StoreError."""
        changing = {lock.device: f"{lock.change} ({lock.by})" for lock in self._store.changes.locks()}
        return {**self.paused(now), **changing}

    @contextmanager
    def working(self, devices: Sequence[str], command: str) -> Iterator[None]:
        """Let the watchers leave devices alone during the block. Raises StoreError."""
        with self._store.alive() as key:

            def note(hours: int) -> None:
                until = (self._clock.now() + timedelta(hours=hours)).isoformat()
                self._pauses.add([(key, {"until": until, "by": command, "devices": list(devices)})])

            note(_LONGEST_WORK_H)
            try:
                yield
            finally:
                with suppress(StoreError):
                    note(0)

    def watched(self, start: datetime, end: datetime) -> Watched:
        """Return the time watched between two event times. Raises StoreError."""
        beats = [datetime.fromisoformat(body["at"]) for body in self._bodies("beat")]
        return watched([at for at in beats if start <= at <= end], start, end)

    def last_beat(self) -> Mapping[str, Any] | None:
        """Return the figures of the latest beat; None before the first. Raises StoreError."""
        entry = self._journal.last(BEAT)
        return entry.body if entry else None

    def timeline(self) -> tuple[Mapping[str, Any], ...]:
        """Return the recorded changes, oldest first. Raises StoreError."""
        return tuple(self._bodies("change"))

    def latest(self, most: int, **wanted: str) -> list[Mapping[str, Any]]:
        """Return the latest recorded changes, oldest first. `wanted`: device, check, subject. Raises StoreError."""

        def fits(entry: JournalEntry[Any]) -> bool:
            return all(entry.body.get(name) == value for name, value in {"kind": "change", **wanted}.items())

        return [entry.body for entry in self._journal.latest(most, fits, wanted.get("device"))]

    def _bodies(self, kind: str) -> Iterator[Mapping[str, Any]]:
        return (entry.body for entry in self._journal.entries() if entry.body["kind"] == kind)


def change_document(change: StateChange) -> dict[str, Any]:
    """Return a change as plain JSON types."""
    finding = change.finding
    sentence: dict[str, Any] = {}
    if finding is not None:
        sentence = {
            "message": finding.message,
            "message_id": finding.message_id,
            "params": {name: to_json(value) for name, value in finding.params.items()},
        }
    return {
        "kind": "change",
        **change.key._asdict(),
        "old": change.old,
        "new": change.new,
        "damped": change.damped,
        "cause": change.cause,
        **sentence,
    }
