"""VenueDemand against supply of a cell, access point, group of links or service in a window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Literal, NamedTuple

from eventready.network.capacity.amount import Amount

Kind = Literal[
    "tch", "sdcch", "connected", "downward", "upward", "clients", "airtime", "links", "pool", "nat", "portal", "dns",
    "circuits", "backhaul",
]  # fmt: skip
Status = Literal["enough", "crowd", "short", "unknown"]


@dataclass(frozen=True)
class Balance:
    """Figures of the busy hour and of a crowd, each with its limit.

    `services`: those of the demands. `further`: of links with one out of service, the limit after another failure.

    `unknown`: no supply is known, for want of a reading of the devices `unread`. `ways`: the same balance with a number
    of additions, by their kind.
    """

    kind: Kind
    subject: str
    venues: tuple[str, ...]
    window: str
    unit: str
    busy: Amount
    crowd: Amount
    limit: Amount
    crowd_limit: Amount
    details: Mapping[str, Amount] = field(default_factory=dict)
    unknown: bool = False
    unread: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    further: Amount | None = None
    ways: Mapping[str, Callable[[int], Balance]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def status(self) -> Status:
        """`short`: not enough for the busy hour; `crowd`: not enough for a crowd."""
        if self.unknown:
            return "unknown"
        if _exceeds(self.busy, self.limit):
            return "short"
        return "crowd" if _exceeds(self.crowd, self.crowd_limit) else "enough"

    @property
    def use(self) -> float:
        """Crowd against its limit: 1 where both are equal, infinite beyond a limit of 0."""
        crowd, limit = self.crowd.value, self.crowd_limit.value
        return crowd / limit if limit else inf if crowd else 0.0


def _exceeds(figure: Amount, limit: Amount) -> bool:
    return figure.value > limit.value + 1e-9 * max(1.0, abs(limit.value))


#: Most additions looked for; channels are counted one by one.
_MOST, _MOST_CHANNELS = 100_000, 4_096


class Addition(NamedTuple):
    """Fewest units of a kind to close a gap, with the balance as proof."""

    way: str
    number: int
    proof: Balance


def additions(balance: Balance) -> tuple[Addition, ...]:
    """Additions to close the gap of a balance, the fewest units first."""
    found = []
    for way, again in balance.ways.items():
        number = _fewest(again, _MOST_CHANNELS if balance.unit == "%" else _MOST)
        if number:
            found.append(Addition(way, number, again(number)))
    return tuple(sorted(found, key=lambda one: one.number))


def _fewest(again: Callable[[int], Balance], most: int) -> int:
    """Smallest sufficient number; 0 where no number suffices."""
    high = 1
    while again(high).status != "enough":
        high *= 2
        if high > most:
            return 0
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if again(middle).status == "enough" else (middle, high)
    return high
