"""Bundles of a machine in the store: those built, and those received by the department."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from eventready.core.clock import Clock
from eventready.core.records import Moment, Stream
from eventready.province.bundles.bundle import Bundle, BundlePolicy, Position, digest_of
from eventready.province.bundles.parts import EARLIER
from eventready.store.store import Store
from eventready.store.streams.journal import JournalEntry


@dataclass(frozen=True)
class MadeBundle:
    """Entry of a bundle made. `signed`: position of the run with the signed hash; 0 without a checkpoint."""

    number: int
    digest: str
    at: Moment
    signed: int = 0
    rehearsal: bool = False


#: Entries are keyed by the number.
STREAM = Stream("bundle", MadeBundle)


class BundleLog:
    """Bundles made from a store. Rehearsals have numbers of their own."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._journal = store.journal(STREAM)
        self._clock = clock

    def signed_positions(self) -> list[int]:
        """Positions of the runs signed by the latest bundles, at most EARLIER."""
        own = self._own(self._journal.entries())
        return sorted({one.signed for one in own if one.signed})[-EARLIER:]

    def make(self, build: Callable[[Position], bytes], signed: int = 0) -> bytes:
        """Build the next bundle and record its number and digest before any file is written.

        `signed`: position of the run whose hash the bundle signs. After a crash the number is missing in the chain and
        not used twice.
        """
        made: list[bytes] = []

        def decide(entries: Sequence[JournalEntry[MadeBundle]]) -> tuple[str, MadeBundle]:
            own = self._own(entries)
            position = Position(own[-1].number + 1, own[-1].digest) if own else Position()
            made.append(build(position))
            one = MadeBundle(position.number, digest_of(made[-1]), self._clock.now(), signed, self._clock.rehearsal)
            return str(position.number), one

        self._journal.append(decide, self._clock.real())
        return made[-1]

    def _own(self, entries: Iterable[JournalEntry[MadeBundle]]) -> list[MadeBundle]:
        return [entry.body for entry in entries if entry.body.rehearsal == self._clock.rehearsal]


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
RECEIVED = Stream("received", Received)


class ReceivedLog:
    """Accepted bundles of an event; rehearsals are kept apart."""

    def __init__(self, store: Store, clock: Clock, policy: BundlePolicy) -> None:
        self._journal = store.journal(RECEIVED)
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
