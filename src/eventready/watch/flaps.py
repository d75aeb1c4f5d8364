"""Flaps in a watch: changes of ports and neighbours from reading to reading, within the window of the limits."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

from eventready.checks.check import EarlierReading
from eventready.checks.ip.flaps import FLAP_WINDOW_S, changes_between
from eventready.facts.records import Fact

#: Most changes that are kept.
_MOST = 10_000


class RecentChanges:
    """Changes at a device, each with the time of its reading."""

    def __init__(self) -> None:
        self._found: deque[tuple[float, str, str, int]] = deque(maxlen=_MOST)

    def note(self, fact: str, before: Sequence[Fact], now: Sequence[Fact], at: float) -> None:
        """Count the changes between two readings of a fact."""
        self._found.extend((at, fact, key, count) for key, count in changes_between(before, now))

    def reading(self, now: float) -> tuple[EarlierReading, ...]:
        """Return the changes within the window as a reading of its begin; nothing without any."""
        while self._found and now - self._found[0][0] >= FLAP_WINDOW_S:
            self._found.popleft()
        changes: dict[str, Counter[str]] = {}
        for _at, fact, key, count in self._found:
            changes.setdefault(fact, Counter())[key] += count
        return (EarlierReading(FLAP_WINDOW_S, alike=False, rows={}, changes=changes),) if changes else ()
