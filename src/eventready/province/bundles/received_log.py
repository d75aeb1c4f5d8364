"""Last accepted bundle and key of each operator, in the store of the department's workspace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eventready.core.clock import Clock
from eventready.core.records import Moment, Stream
from eventready.province.bundles.bundle import Bundle, BundlePolicy
from eventready.store.store import Store


@dataclass(frozen=True)
class LastBundle:
    """Accepted bundle of an operator. `key`: fingerprint; `made`: real time; `number` from 1.

    `run`, `head`: position and hash of the run that the bundle signed; 0 without a checkpoint.
    """

    operator: str
    key: str
    number: int
    digest: str
    made: Moment
    run: int = 0
    head: str = ""

    @classmethod
    def of(cls, bundle: Bundle) -> LastBundle:
        """The record of a bundle."""
        manifest = bundle.manifest
        return cls(bundle.operator, manifest.key, manifest.number, bundle.digest, manifest.made_real, *manifest.signed)


@dataclass(frozen=True)
class Received:
    """Entry of an accepted bundle for an event."""

    event: str
    bundle: LastBundle
    rehearsal: bool = False


#: Entries are keyed by the operator.
STREAM = Stream("received", Received)


class ReceivedLog:
    """Accepted bundles of an event; rehearsals are kept apart."""

    def __init__(self, store: Store, clock: Clock, policy: BundlePolicy) -> None:
        self._journal = store.journal(STREAM)
        self._clock, self._policy = clock, policy

    def last(self) -> Mapping[str, LastBundle]:
        """Last accepted bundle by operator."""
        entries = (entry.body for entry in self._journal.entries())
        own = self._policy.event, self._policy.rehearsal
        return {one.bundle.operator: one.bundle for one in entries if (one.event, one.rehearsal) == own}

    def record(self, bundles: Iterable[Bundle]) -> None:
        """Record accepted bundles; the last recorded bundle of an operator is not recorded again."""
        known = self.last()
        for one in map(LastBundle.of, bundles):
            if known.get(one.operator) != one:
                entry = one.operator, Received(self._policy.event, one, self._policy.rehearsal)
                self._journal.add([(*entry, self._clock.real())])
