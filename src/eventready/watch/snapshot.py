"""Snapshot of a watch for the page: verdicts, open findings, and the age of every device, as of a moment.

The open findings are kept beside the rest, and written when they have changed, and at times: they are most of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import product
from math import inf
from typing import Any

from eventready.core.clock import Clock
from eventready.core.strings.json_text import canonical
from eventready.store.records.stream import Stream
from eventready.store.run_parts import Parts
from eventready.store.run_rests import rests_to_json
from eventready.store.store import Store
from eventready.watch.open_finding import OpenFinding, sentence_of
from eventready.watch.watcher import Watcher


class _Packed(Stream[Any]):
    """Values encoded by their parts."""

    def encode(self, record: Any) -> bytes:
        """Return canonical JSON."""
        return canonical(record)


KIND, OPEN = _Packed("watch", dict[str, Any]), _Packed("watch open", dict[str, Any])

#: Seconds between two snapshots without a change of state.
SNAPSHOT_S = 5.0

#: Snapshots that may be missing before the watch counts as gone.
MISSED = 3

#: Equal open findings are written anew after so long: a watcher that lost its lock may have written its own; seconds.
_ANEW_S = 60.0

#: Readings of the open findings that may meet a writer.
_READINGS = 3

#: Notes of a watch without alerts.yaml, and of another inventory than at its begin.
NO_CALLS, OUTDATED = "watch:call.note_nobody", "web:wall.outdated"


class Snapshots:
    """Latest snapshot of an event in the store. Rehearsals are kept apart. Safe for several threads."""

    def __init__(self, store: Store, event: str, clock: Clock) -> None:
        self._current, self._open, self._clock = store.current(KIND), store.current(OPEN), clock
        self._key = f"{event} rehearsal" if clock.rehearsal else event
        #: Version of the open findings, and the findings: as written last, and as read last.
        self._written: tuple[str, Sequence[OpenFinding]] = "", ()
        self._written_at = -inf
        self._read: tuple[str, Sequence[Mapping[str, Any]]] = "", ()

    def keep(
        self, watcher: Watcher, resting: Mapping[str, str], now: float, every_s: float = SNAPSHOT_S,
        notes: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Replace the snapshot by the present; `now` is a monotonic time, `every_s` the longest time to the next.

        `notes`: ids of sentences about the calls and the inventory.
        Raises StoreError.
        """
        at, real = self._clock.now().isoformat(), self._clock.real().isoformat()
        head = {"at": at, "real": real, "every": every_s, "notes": [*notes]}
        version = self._version(watcher.open_findings(), real, now)
        self._current.put(self._key, {**head, "opened": version, **_document(watcher, resting, now)})

    def _version(self, found: Sequence[OpenFinding], version: str, now: float) -> str:
        """Write the open findings where they have changed, and return their version. Raises StoreError."""
        if now - self._written_at >= _ANEW_S or found is not self._written[1]:
            document = b",".join(one.document for one in found)
            self._open.put(self._key, Parts.of({"version": version}).with_parts({"open": b"[" + document + b"]"}))
            self._written, self._written_at = (version, found), now
        return self._written[0]

    def latest(self) -> Mapping[str, Any] | None:
        """Return the latest snapshot; None before the first. Raises StoreError."""
        head, read = self._current.get(self._key), self._read
        for _reading in range(_READINGS):
            if head is None or "open" in head or head["opened"] == read[0]:
                break
            kept = self._open.get(self._key) or {"version": "", "open": []}
            read = str(kept["version"]), kept["open"]
            head = self._current.get(self._key)
        self._read = read
        return {"open": read[1], **head} if head else None


def is_old(snapshot: Mapping[str, Any], age_s: float) -> bool:
    """True for a snapshot with missing followers, or of the future: the clock was set back."""
    return abs(age_s) > MISSED * float(snapshot.get("every", SNAPSHOT_S))


def age_of(snapshot: Mapping[str, Any]) -> float:
    """Seconds since a snapshot, by real time."""
    return (datetime.now(UTC) - datetime.fromisoformat(snapshot["real"])).total_seconds()


def _document(watcher: Watcher, resting: Mapping[str, str], now: float) -> dict[str, Any]:
    first, waits_s = watcher.first_reading(), watcher.walk_waits(now)
    ways = {place: sentence_of(one) for one in watcher.ways() for place in product(one.venues, one.services)}
    return {
        "first": first.to_dict() if first else None,
        "walk": _rounded(waits_s),
        "rests": rests_to_json(watcher.rests()),
        "devices": [
            {"name": name, "age": _rounded(watcher.age(name, now)), "change": resting.get(name)}
            for name in watcher.devices
        ],
        "verdicts": [
            {"venue": one.venue, "service": one.service, "verdict": str(one.verdict), "reasons": list(one.reasons),
             "because": list(one.because), "way": ways.get((one.venue, one.service))}
            for one in watcher.verdicts()
        ],
    }  # fmt: skip


def _rounded(age: float | None) -> float | None:
    return None if age is None else round(age, 1)
