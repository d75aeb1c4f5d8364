"""Flaps in a watch: changes of ports and neighbours from reading to reading, within the window of the limits."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import chain
from typing import NamedTuple

from eventready.checks.check import EarlierReading
from eventready.checks.ip.flaps import FLAP_WINDOW_S, SIGNS, by_key, changes_between
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation
from eventready.facts.records import Fact, Interface, RoutingPeer
from eventready.facts.rows import FactRows

_RECORDS = (Interface, RoutingPeer)
#: Most changes of a fact that are kept.
_MOST = 10_000
#: Stands for the records behind the end of a cut answer.
_CUT = ""


class _Unseen(NamedTuple):
    """Last rows of records missing since a partial reading, maybe among its unread `suspects`."""

    records: tuple[Fact, ...] = ()
    suspects: frozenset[str] = frozenset()


class RecentChanges:
    """Changes at a device by fact, each with the time of its reading; first and last reading of each fact."""

    def __init__(self, known: Mapping[str, Mapping[str, tuple[float, int]]] | None = None) -> None:
        """`known`: changes by fact and key before the begin, with their time and number."""
        counted = {
            fact: sorted((at, key, count) for key, (at, count) in of.items()) for fact, of in (known or {}).items()
        }
        self._found = {fact: deque(one, maxlen=_MOST) for fact, one in counted.items()}
        self._since: dict[str, float] = {}
        self._read: dict[str, float] = {}
        self._unseen: dict[str, _Unseen] = {}

    def begin(self, fact: str, at: float) -> None:
        """Begin with the first reading of a fact, also after a time without answers: earlier changes count."""
        self._unseen.pop(fact, None)
        if CATALOGUE[fact].record in _RECORDS:
            self._since[fact] = self._found[fact][0][0] if self._found.get(fact) else at

    def note(self, before: Observation, now: Observation, at: float) -> None:
        """Count the changes between two readings of a fact. A record unread in either has none."""
        moved = now.moved_since(before)
        if CATALOGUE[now.fact].record not in _RECORDS or (moved is not None and moved.isdisjoint(SIGNS)):
            return
        unseen, unread, since = self._unseen.pop(now.fact, _Unseen()), _unread(now), _unread(before)
        strange = unread - since | unread & {_CUT}
        if strange or unseen.suspects & unread:
            seen = by_key(_rows(now))
            known = by_key((*unseen.records, *(_rows(before) if strange else ())))
            rows = tuple(row for key, row in known.items() if key not in seen)
            self._unseen[now.fact] = _Unseen(rows, unseen.suspects & unread | strange)
            found = changes_between(_rows(before), _rows(now), gone=not strange, came=False)
            found = chain(found, changes_between(unseen.records, _rows(now), gone=False, came=False))
        else:
            came = not (since - unread or _CUT in since)
            found = changes_between((*unseen.records, *_rows(before)), _rows(now), came=came)
        for key, count in found:
            self._found.setdefault(now.fact, deque(maxlen=_MOST)).append((at, key, count))

    def ended(self, facts: Iterable[str], now: float) -> set[str]:
        """Forget the changes of facts read now before the window, and return the facts with any."""
        self._read.update((fact, now) for fact in facts if fact in self._since)
        return {fact for fact in self._found.keys() & set(facts) if any([*iter(partial(self._old, fact, now), None)])}

    def _old(self, fact: str, now: float) -> tuple[float, str, int] | None:
        """Take the oldest change of a fact from before the window; None without any."""
        found = self._found[fact]
        return found.popleft() if found and now - found[0][0] >= FLAP_WINDOW_S else None

    def readings(self) -> tuple[EarlierReading, ...]:
        """Return the changes of each fact as a reading at the begin of the window, or of the first reading since."""
        return tuple(
            EarlierReading(min(self._read[fact] - since, FLAP_WINDOW_S), alike=False, facts={}, changes={fact: found})
            for fact, since in self._since.items()
            for found in [self._counts(fact)]
        )

    def _counts(self, fact: str) -> Counter[str]:
        counts: Counter[str] = Counter()
        for _at, key, count in self._found.get(fact, ()):
            counts[key] += count
        return counts


def _rows(observation: Observation) -> tuple[Fact, ...]:
    return FactRows.of(observation).each_row()


def _unread(observation: Observation) -> frozenset[str]:
    """Subjects of the unread records of a reading."""
    named = frozenset(one.subject for one in FactRows.of(observation).unread_records)
    return named if observation.complete else named | {_CUT}
