"""Numbers of an operator's own bundles, in its store: each bundle names the digest of the bundle before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from eventready.core.clock import Clock
from eventready.core.records import Moment, Stream
from eventready.province.bundles.bundle import Position, digest_of
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
