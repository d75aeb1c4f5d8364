"""Readings of the last minutes in a watch: replies to pings, and the clients of each venue before they dropped."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple, TypeVar

from eventready.checks.check import EarlierReading
from eventready.checks.equipment.answers import LOSS_WINDOW_S
from eventready.checks.radio.crowds import CLIENT_FACTS, DROP_WINDOW_S, ClientDropLimits, clients_by_venue
from eventready.facts.observation import Observation
from eventready.facts.records import Fact
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
