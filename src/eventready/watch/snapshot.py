"""Snapshots of a watch in the store.

The open findings are kept beside the rest, and written when they have changed, and at times: they are most of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import inf

from eventready.core.clock import Clock
from eventready.core.strings.json_text import canonical
from eventready.store.run_records import resting_of
from eventready.store.store import Store
from eventready.watch.open_finding import OpenFinding, sentence_of
from eventready.watch.snapshot_record import (
    OPEN,
    SNAPSHOT_S,
    SNAPSHOTS,
    DeviceAge,
    OpenFindings,
    ServiceVerdict,
    Snapshot,
)
from eventready.watch.watcher import Watcher

#: Equal open findings are written anew after so long: a watcher that lost its lock may have written its own; seconds.
_ANEW_S = 60.0

#: Readings of the open findings that may meet a writer.
_READINGS = 3

#: Notes of a watch without alerts.yaml, and of another inventory than at its begin.
NO_CALLS, OUTDATED = "watch:call.note_nobody", "web:wall.outdated"


class Snapshots:
    """Latest snapshot of an event in the store. Rehearsals are kept apart. Safe for several threads."""

    def __init__(self, store: Store, event: str, clock: Clock) -> None:
        self._current, self._open, self._clock = store.current(SNAPSHOTS), store.current(OPEN), clock
        self._key = f"{event} rehearsal" if clock.rehearsal else event
        #: Version of the open findings, and the findings: as written last, and as read last.
        self._written: tuple[str, Sequence[OpenFinding]] = "", ()
        self._written_at = -inf
        self._read = OpenFindings("", ())

    def keep(
        self, watcher: Watcher, resting: Mapping[str, str], now: float, every_s: float = SNAPSHOT_S,
        notes: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Replace the snapshot by the present; `now` is a monotonic time, `every_s` the longest time to the next.

        `notes`: ids of sentences about the calls and the inventory.
        Raises StoreError.
        """
        at, real = self._clock.now(), self._clock.real()
        opened = self._version(watcher.open_findings(), real.isoformat(), now)
        ways = {place: sentence_of(one) for one in watcher.ways() for place in product(one.venues, one.services)}
        verdicts = (
            ServiceVerdict(one.venue, one.service, one.verdict, one.reasons, ways.get((one.venue, one.service)))
            for one in watcher.verdicts()
        )
        snapshot = Snapshot(
            at, real, every_s, tuple(notes), opened, watcher.first_reading(), _rounded(watcher.walk_waits(now)),
            resting_of(watcher.rests()),
            tuple(DeviceAge(name, _rounded(watcher.age(name, now)), resting.get(name)) for name in watcher.devices),
            tuple(verdicts),
        )  # fmt: skip
        self._current.put(self._key, snapshot)

    def _version(self, found: Sequence[OpenFinding], version: str, now: float) -> str:
        """Write the open findings where they have changed, and return their version. Raises StoreError."""
        if now - self._written_at >= _ANEW_S or found is not self._written[1]:
            entries = b",".join(one.encoded for one in found)
            self._open.put_encoded(self._key, b'{"open":[%s],"version":%s}' % (entries, canonical(version)))
            self._written, self._written_at = (version, found), now
        return self._written[0]

    def latest(self) -> Snapshot | None:
        """Return the latest snapshot; None before the first. Raises StoreError."""
        head, read = self._current.get(self._key), self._read
        for _reading in range(_READINGS):
            if head is None or head.opened == read.version:
                break
            read = self._open.get(self._key) or OpenFindings("", ())
            head = self._current.get(self._key)
        self._read = read
        return replace(head, open=read.open) if head else None


def _rounded(age: float | None) -> float | None:
    return None if age is None else round(age, 1)
