"""Record of a watch in the store: changes of state, and a beat per minute as proof of the time watched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from eventready.core.clock import Clock
from eventready.core.errors import StoreError
from eventready.core.records import Moment, Stream
from eventready.delivery.notify.heartbeat import BEAT, END
from eventready.store.event_journal import Dated, DatedShape, EventJournal
from eventready.store.store import Store
from eventready.store.streams.journal import JournalEntry
from eventready.store.watch_log import STREAM, Beat, RecordedChange, WatchEnd, WatchStep
from eventready.watch.states import Key, StateChange

_LONGEST_WORK_H = 24


@dataclass(frozen=True)
class Pause:
    """Pause of a device until an event time, or of the devices of a process at work."""

    until: Moment
    by: str
    devices: tuple[str, ...] = ()


PAUSES: Stream[Dated[Pause]] = Stream("watch pause", DatedShape(Pause))


class WatchRecord:
    """Journal of the watches of an event. Rehearsals are kept apart."""

    def __init__(self, store: Store, event: str, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._journal = EventJournal(store, STREAM, event, clock)
        self._pauses = EventJournal(store, PAUSES, event, clock)

    def beat(self, beat: Beat) -> None:
        """Record a beat. Raises StoreError."""
        self._journal.add([(BEAT, beat)])

    def changes(self, changes: Sequence[StateChange]) -> None:
        """Record changes of state. Raises StoreError."""
        self._journal.add((change.key.device, recorded_change(change)) for change in changes)

    def end(self) -> None:
        """Record the orderly end of a watch. Raises StoreError."""
        self._journal.add([(END, WatchEnd())])

    def pause(self, device: str, until: datetime, by: str) -> None:
        """Record the pause of a device until an event time. Raises StoreError."""
        self._pauses.add([(device, Pause(until, by))])

    def states(self) -> dict[Key, str]:
        """Return the states after the recorded changes. Raises StoreError."""
        return {key: one.new for key, (_at, one) in self.last_changes().items() if key.check}

    def last_changes(self) -> dict[Key, tuple[datetime, RecordedChange]]:
        """Return the last recorded changes with their times. Raises StoreError."""
        return {key_of(one): (at, one) for at, one in self.timeline()}

    def paused(self, now: datetime) -> Mapping[str, str]:
        """Return the devices paused at an event time, with the command at work; empty for a person. Raises StoreError.

        The work of a process that has ended is no pause.
        """
        last = {entry.key: entry.body.record for entry in self._pauses.entries()}
        found: dict[str, str] = {}
        for key, pause in last.items():
            if pause.until > now and (not pause.devices or self._store.is_alive(key)):
                found |= dict.fromkeys(pause.devices, pause.by) if pause.devices else {key: ""}
        return found

    def resting(self, now: datetime) -> Mapping[str, str]:
        """Return the devices left alone, with the command or change at work. Raises StoreError.

        A device of a change is left alone from the arming of its guard to its end, and watched while it waits.
        """
        changing = {lock.device: f"{lock.change} ({lock.by})" for lock in self._store.changes.armed()}
        return {**self.paused(now), **changing}

    @contextmanager
    def working(self, devices: Sequence[str], command: str) -> Iterator[None]:
        """Let the watchers leave devices alone during the block. Raises StoreError."""
        with self._store.alive() as key:

            def note(hours: int) -> None:
                until = self._clock.now() + timedelta(hours=hours)
                self._pauses.add([(key, Pause(until, command, tuple(devices)))])

            note(_LONGEST_WORK_H)
            try:
                yield
            finally:
                with suppress(StoreError):
                    note(0)

    def last_beat(self) -> Beat | None:
        """Return the figures of the latest beat; None before the first. Raises StoreError."""
        entry = self._journal.last(BEAT, Beat)
        return entry.body.record if entry and isinstance(entry.body.record, Beat) else None

    def timeline(self) -> tuple[tuple[datetime, RecordedChange], ...]:
        """Return the recorded changes with their times, oldest first. Raises StoreError."""
        return tuple(_changes(self._journal.entries()))

    def latest(self, most: int, **wanted: str) -> list[tuple[datetime, RecordedChange]]:
        """Return the latest recorded changes, oldest first. `wanted`: device, check, subject. Raises StoreError."""

        def fits(step: WatchStep) -> bool:
            return isinstance(step, RecordedChange) and all(vars(step)[name] == value for name, value in wanted.items())

        return [*_changes(self._journal.latest(most, fits, wanted.get("device")))]


def _changes(entries: Iterable[JournalEntry[Dated[WatchStep]]]) -> Iterator[tuple[datetime, RecordedChange]]:
    steps = ((entry.body.at, entry.body.record) for entry in entries)
    return ((at, step) for at, step in steps if isinstance(step, RecordedChange))


def key_of(change: RecordedChange) -> Key:
    """Return the identity of the finding of a change."""
    return Key(change.device, change.check, change.subject)


def recorded_change(change: StateChange) -> RecordedChange:
    """Return a change with its sentence, for the record."""
    finding = change.finding
    sentence = (finding.message, finding.message_id, finding.plain_params) if finding else ()
    return RecordedChange(*change.key, change.old, change.new, change.damped, change.cause, *sentence)
