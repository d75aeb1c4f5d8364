"""Snapshot of a watch for the page: verdicts, open findings, and the age of every device, as of a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from eventready.core.clock import Clock
from eventready.store.run import Parts
from eventready.store.store import Store
from eventready.watch.watcher import Watcher

KIND = "watch"

#: Seconds between two snapshots without a change of state.
SNAPSHOT_S = 5.0

#: Snapshots that may be missing before the watch counts as gone.
MISSED = 3

#: Notes of a watch without alerts.yaml, and of another inventory than at its begin.
NO_CALLS, OUTDATED = "watch:call.note_nobody", "web:wall.outdated"


class Snapshots:
    """Latest snapshot of an event in the store. Rehearsals are kept apart."""

    def __init__(self, store: Store, event: str, clock: Clock) -> None:
        self._current, self._clock = store.current(KIND), clock
        self._key = f"{event} rehearsal" if clock.rehearsal else event

    def keep(
        self, watcher: Watcher, resting: Mapping[str, str], now: float, every_s: float = SNAPSHOT_S,
        notes: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Replace the snapshot by the present; `now` is a monotonic time, `every_s` the longest time to the next.

        `notes`: ids of sentences about the calls and the inventory.
        Raises StoreError.
        """
        head = {"at": self._clock.now().isoformat(), "real": self._clock.real().isoformat(), "every": every_s}
        parts = Parts.of({**head, "notes": [*notes], **_document(watcher, resting, now)})
        found = b",".join(one.document for one in watcher.open_findings())
        self._current.put(self._key, parts.with_parts({"open": b"[" + found + b"]"}))

    def latest(self) -> Mapping[str, Any] | None:
        """Return the latest snapshot; None before the first. Raises StoreError."""
        return self._current.get(self._key)


def is_old(snapshot: Mapping[str, Any], age_s: float) -> bool:
    """True for a snapshot with missing followers, or of the future: the clock was set back."""
    return abs(age_s) > MISSED * float(snapshot.get("every", SNAPSHOT_S))


def age_of(snapshot: Mapping[str, Any]) -> float:
    """Seconds since a snapshot, by real time."""
    return (datetime.now(UTC) - datetime.fromisoformat(snapshot["real"])).total_seconds()


def _document(watcher: Watcher, resting: Mapping[str, str], now: float) -> dict[str, Any]:
    return {
        "devices": [
            {"name": name, "age": _rounded(watcher.age(name, now)), "change": resting.get(name)}
            for name in watcher.devices
        ],
        "verdicts": [
            {"venue": one.venue, "service": one.service, "verdict": str(one.verdict), "reasons": list(one.reasons),
             "because": list(one.because)}
            for one in watcher.verdicts()
        ],
    }  # fmt: skip


def _rounded(age: float | None) -> float | None:
    return None if age is None else round(age, 1)
