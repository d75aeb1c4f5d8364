"""Numbers of an operator's own bundles, in its store: each bundle names the digest of the bundle before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eventready.core.clock import Clock
from eventready.province.bundles.bundle import Position, digest_of
from eventready.province.bundles.parts import EARLIER
from eventready.store.records.stream import Stream
from eventready.store.store import Store
from eventready.store.streams.journal import JournalEntry

STREAM: Stream[Any] = Stream("bundle", dict[str, Any])


class BundleLog:
    """Bundles made from a store. Rehearsals have numbers of their own."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._journal = store.journal(STREAM)
        self._clock = clock

    def signed_positions(self) -> list[int]:
        """Positions of the runs signed by the latest bundles, at most EARLIER."""
        own = [entry.body for entry in self._journal.entries() if entry.body["rehearsal"] == self._clock.rehearsal]
        positions = [int(body["signed"]) for body in own if body.get("signed")]
        return sorted(set(positions))[-EARLIER:]

    def make(self, build: Callable[[Position], bytes], signed: int = 0) -> bytes:
        """Build the next bundle and record its number and digest before any file is written.

        `signed`: position of the run whose hash the bundle signs. After a crash the number is missing in the chain and
        not used twice.
        """
        made: list[bytes] = []

        def decide(entries: Sequence[JournalEntry[Any]]) -> tuple[str, Mapping[str, Any]]:
            own = [entry.body for entry in entries if entry.body["rehearsal"] == self._clock.rehearsal]
            position = Position(own[-1]["number"] + 1, own[-1]["digest"]) if own else Position()
            made.append(build(position))
            at = self._clock.now().isoformat(timespec="seconds")
            body = {"number": position.number, "digest": digest_of(made[-1]), "at": at, "signed": signed}
            return str(position.number), {**body, "rehearsal": self._clock.rehearsal}

        self._journal.append(decide, self._clock.real())
        return made[-1]
