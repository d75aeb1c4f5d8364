"""Last accepted bundle and key of each operator, in the store of the department's workspace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any

from eventready.core.clock import Clock
from eventready.province.bundles.bundle import Bundle, BundlePolicy
from eventready.store.records.stream import Stream
from eventready.store.store import Store
from eventready.store.streams.journal import JournalEntry

STREAM: Stream[Any] = Stream("received", dict[str, Any])


@dataclass(frozen=True)
class LastBundle:
    """Last accepted bundle of an operator. `key`: fingerprint; `made`: real time in UTC.

    `run`, `head`: position and hash of the run that the bundle signed; 0 without a checkpoint.
    """

    operator: str
    key: str
    number: int
    digest: str
    made: datetime
    run: int = 0
    head: str = ""

    @classmethod
    def of(cls, bundle: Bundle) -> LastBundle:
        """The record of a bundle."""
        manifest = bundle.manifest
        return cls(bundle.operator, manifest.key, manifest.number, bundle.digest, manifest.made_real, *manifest.signed)


class ReceivedLog:
    """Accepted bundles of an event; rehearsals are kept apart."""

    def __init__(self, store: Store, clock: Clock, policy: BundlePolicy) -> None:
        self._journal = store.journal(STREAM)
        self._clock, self._policy = clock, policy

    def last(self) -> Mapping[str, LastBundle]:
        """Last accepted bundle by operator."""
        found = {}
        for entry in self._journal.entries():
            body = entry.body
            if (body["event"], body["rehearsal"]) == (self._policy.event, self._policy.rehearsal):
                made = datetime.fromisoformat(body["made"])
                signed = int(body.get("run", 0)), str(body.get("head", ""))
                found[entry.key] = LastBundle(entry.key, body["key"], body["number"], body["digest"], made, *signed)
        return found

    def record(self, bundles: Iterable[Bundle]) -> None:
        """Record accepted bundles; the last recorded bundle of an operator is not recorded again."""
        known = self.last()
        for one in map(LastBundle.of, bundles):
            if known.get(one.operator) != one:
                self._journal.append(partial(self._entry, one), self._clock.real())

    def _entry(self, one: LastBundle, _entries: Sequence[JournalEntry[Any]]) -> tuple[str, Mapping[str, Any]]:
        body = {**asdict(one), "made": one.made.isoformat()}
        return body.pop("operator"), {**body, "event": self._policy.event, "rehearsal": self._policy.rehearsal}
