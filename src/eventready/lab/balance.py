"""How clients spread over access points when a WiFi controller is told to spread them.

Plausible and simple, and reckoned when somebody looks, from the crowd that is in the state and from what is configured,
so that a change taken back leaves nothing behind:

- Steering: of the clients on 2.4 GHz three quarters know 5 GHz too, and go there where their access point has it on.
- Sharing: a radio that has more than `gap` clients above another of its band passes them on.
- A limit: whoever is beyond it goes to the radio of the band with the most room; whom none takes stays outside.

A client takes the airtime it used with it.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

from eventready.lab.state import ApState, RadioState

_BUSIEST = 97


@dataclass(frozen=True)
class Spreading:
    """What is configured. `limit`: clients of one radio. `gap`: shared beyond it, by radios of more than `at_least`."""

    limit: int | None = None
    gap: int | None = None
    at_least: int = 0
    steers: bool = False


def spread(aps: Sequence[ApState], rules: Spreading, limits: Sequence[int | None] = ()) -> list[ApState]:
    """The access points with their clients where the rules bring them; the given ones stay as they are.

    `limits` are those of single access points, in their order; None and what is missing take that of the rules.
    """
    mine = [*limits, *[None] * len(aps)]
    ruled = rules.limit is not None or rules.gap is not None or rules.steers or any(one is not None for one in limits)
    if not ruled:
        return list(aps)
    made = [copy.deepcopy(ap) for ap in aps]
    if rules.steers:
        for ap in made:
            _steer(ap)
    for band in ("2.4", "5", "6"):
        places = [
            _Place(radio, rules.limit if mine[number] is None else mine[number])
            for number, ap in enumerate(made)
            for radio in ap.radios
            if ap.up and radio.up and radio.band == band
        ]
        if rules.gap is not None:
            _share(places, max(1, rules.gap), rules.at_least)
        _keep_limits(places)
    return made


@dataclass
class _Place:
    radio: RadioState
    limit: int | None

    @property
    def over(self) -> int:
        return 0 if self.limit is None else max(0, self.radio.clients - self.limit)

    @property
    def room(self) -> int:
        return 10_000 - self.radio.clients if self.limit is None else max(0, self.limit - self.radio.clients)


def _move(source: RadioState, target: RadioState | None, count: int) -> None:
    """Clients go, with their airtime."""
    if count <= 0:
        return
    airtime = source.utilisation * count // source.clients if source.clients else 0
    source.clients -= count
    source.utilisation = max(3, source.utilisation - airtime)
    if target is not None:
        target.clients += count
        target.utilisation = min(_BUSIEST, target.utilisation + airtime)


def _steer(ap: ApState) -> None:
    low = next((radio for radio in ap.radios if radio.band == "2.4"), None)
    high = next((radio for radio in ap.radios if radio.band == "5" and radio.up), None)
    if ap.up and low and high:
        _move(low, high, low.clients * 3 // 4)


def _share(places: Sequence[_Place], gap: int, at_least: int) -> None:
    while len(places) > 1:
        crowded = max(places, key=lambda place: place.radio.clients)
        quiet = min(places, key=lambda place: place.radio.clients)
        if crowded.radio.clients - quiet.radio.clients <= gap or crowded.radio.clients <= at_least:
            return
        _move(crowded.radio, quiet.radio, 1)


def _keep_limits(places: Sequence[_Place]) -> None:
    for place in places:
        while place.over:
            roomy = max(places, key=lambda other: other.room)
            _move(place.radio, roomy.radio if roomy.room else None, 1)
