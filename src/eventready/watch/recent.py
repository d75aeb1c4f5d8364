"""Readings of the last minutes in a watch: replies to pings, clients before a drop, changes of ports and neighbours."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from itertools import chain
from typing import NamedTuple, TypeVar

from eventready.checks.check import EarlierReading
from eventready.checks.equipment.answers import LOSS_WINDOW_S
from eventready.checks.ip.flaps import FLAP_WINDOW_S, SIGNS, by_key, changes_between
from eventready.checks.radio.crowds import CLIENT_FACTS, DROP_WINDOW_S, ClientDropLimits, clients_by_venue
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation
from eventready.facts.records import Fact, Interface, RoutingPeer
from eventready.facts.rows import FactRows
from eventready.workspace.devices.device import Device

T = TypeVar("T")

_PING = "answer_ping"
#: Facts whose readings are kept.
KEPT_FACTS = frozenset({_PING, *CLIENT_FACTS})
_LEFT = ClientDropLimits().left / 100


class _Most(NamedTuple):
    """Clients of a venue, and the seconds since their reading."""

    clients: int
    age_s: float


class RecentReadings:
    """Readings of a device within the windows of the checks, before the latest.

    The clients of a venue before a drop are kept, with the age that they had at the drop, until more than the few that
    were left are back: otherwise the drop would end by itself after five minutes.
    """

    def __init__(self, device: Device, drops: Mapping[str, int] | None = None) -> None:
        """`drops`: clients by venue before drops in force at the begin."""
        self._device = device
        self._replies: deque[tuple[float, FactRows[Fact]]] = deque()
        self._clients: deque[tuple[float, Mapping[str, int]]] = deque()
        self._dropped = {venue: _Most(clients, 0.0) for venue, clients in (drops or {}).items()}

    def note(self, facts: Mapping[str, Observation], fresh: AbstractSet[str], now: float) -> None:
        """Take the answers in use after a reading; `fresh`: facts just read."""
        if _PING in fresh and facts[_PING].status.measured:
            _forget(self._replies, now - LOSS_WINDOW_S)
            self._replies.append((now, FactRows.of(facts[_PING])))
        loads = {fact: FactRows.of(facts[fact]) for fact in CLIENT_FACTS if fact in facts}
        if fresh & loads.keys() and all(one.whole for one in loads.values()):
            counted = {venue for _at, clients in self._clients for venue in clients}
            self._count(clients_by_venue(self._device, loads, counted | self._dropped.keys()), now)

    def _count(self, clients: Mapping[str, int], now: float) -> None:
        _forget(self._clients, now - DROP_WINDOW_S)
        self._clients.append((now, clients))
        for venue, count in clients.items():
            most = self._dropped.get(venue) or self._most(venue)
            if most is not None and count <= _LEFT * most.clients:
                self._dropped[venue] = most
            else:
                self._dropped.pop(venue, None)

    def _most(self, venue: str) -> _Most | None:
        """Return the most clients of a venue before the latest reading."""
        (*earlier, (now, _clients)) = self._clients
        found = [_Most(clients[venue], now - at) for at, clients in earlier if venue in clients]
        return max(found, key=lambda one: one.clients, default=None)

    def readings(self) -> tuple[EarlierReading, ...]:
        """Return the readings before the latest of each kind."""
        last = self._replies[-1][0] if self._replies else 0.0
        replies = [EarlierReading(last - at, alike=False, facts={_PING: rows}) for at, rows in self._replies]
        venues = self._clients[-1][1] if self._clients else {}
        before = {venue: self._dropped.get(venue) or self._most(venue) for venue in venues}
        return (
            *replies[:-1],
            *(EarlierReading(one.age_s, alike=False, facts={}, clients={venue: one.clients})
              for venue, one in before.items() if one),
        )  # fmt: skip


def _forget(readings: deque[tuple[float, T]], before: float) -> None:
    """Forget the readings before a time."""
    while readings and readings[0][0] < before:
        readings.popleft()


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
        unseen, unread, since = self._unseen.pop(now.fact, _Unseen()), _unread_subjects(now), _unread_subjects(before)
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


def _unread_subjects(observation: Observation) -> frozenset[str]:
    """Subjects of the unread records of a reading."""
    named = frozenset(one.subject for one in FactRows.of(observation).unread_records)
    return named if observation.complete else named | {_CUT}
