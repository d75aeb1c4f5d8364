"""Snapshot of a watch for the page: verdicts, open findings, and the age of every device, as of a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from eventready.checks.finding import Finding
from eventready.core.clock import TZ, Clock
from eventready.core.messages import to_json
from eventready.store.store import Store
from eventready.watch.states import Key
from eventready.watch.watcher import Watcher

KIND = "watch"

#: Seconds between two snapshots without a change of state.
SNAPSHOT_S = 5.0

#: Snapshots that may be missing before the watch counts as gone.
MISSED = 3

#: Note of a watch without alerts.yaml.
NO_CALLS = "watch:call.note_nobody"

#: Order of open states, the worst first.
RANK: Mapping[str, int] = {"fail": 0, "not_measured": 1, "warn": 2}


@dataclass(frozen=True)
class OpenFinding:
    """Finding with its state in force since a time, in seconds of the event's clock."""

    finding: Finding
    status: str
    since: float


def open_findings(watcher: Watcher) -> list[OpenFinding]:
    """Return the open findings, the worst and the latest first, without blind spots."""
    found = []
    for finding in watcher.findings():
        if finding.blind or str(finding.status) not in RANK:
            continue
        known = watcher.states.status(Key(finding.device, finding.check, finding.subject))
        if known is not None and known[0] in RANK:
            found.append(OpenFinding(finding, *known))
    return sorted(found, key=lambda one: (RANK[one.status], -one.since))


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

        `notes`: ids of sentences about the calls.
        Raises StoreError.
        """
        head = {"at": self._clock.now().isoformat(), "real": self._clock.real().isoformat(), "every": every_s}
        self._current.put(self._key, {**head, "notes": [*notes], **_document(watcher, resting, now)})

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
        "open": [_open(one) for one in open_findings(watcher)],
    }  # fmt: skip


def _rounded(age: float | None) -> float | None:
    return None if age is None else round(age, 1)


def _open(one: OpenFinding) -> dict[str, Any]:
    finding = one.finding
    return {
        "device": finding.device,
        "check": finding.check,
        "subject": finding.subject,
        "status": one.status,
        "since": datetime.fromtimestamp(one.since, TZ).isoformat(timespec="seconds"),
        "venues": list(finding.venues),
        "services": list(finding.services),
        "message": finding.message,
        "message_id": finding.message_id,
        "params": {name: to_json(value) for name, value in finding.params.items()},
    }
