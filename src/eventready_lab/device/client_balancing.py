"""Balancing of clients over access points by the configuration of a WiFi controller.

A simple model, computed for every answer from the state and the configuration, so that it disappears with a rollback:

- Steering: three quarters of the clients on 2.4 GHz support 5 GHz, and move there where their access point has it on.
- Sharing: a radio with more than `gap` clients above another one of its band passes clients to that radio.
- A limit: clients above it move to the radio of the band with the most room, or are rejected.

A client takes its airtime along.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

from eventready_lab.device.state import ApState, RadioState

_BUSIEST = 97


@dataclass(frozen=True)
class BalancingRules:
    """The configured balancing.

    limit: the most clients of a radio.
    gap: the difference in clients that starts sharing, from radios with more than `at_least` clients.
    steers: band steering is on.
    """

    limit: int | None = None
    gap: int | None = None
    at_least: int = 0
    steers: bool = False


def balance_clients(aps: Sequence[ApState], rules: BalancingRules, limits: Sequence[int | None] = ()) -> list[ApState]:
    """Copies of the access points with balanced clients.

    limits: limits of single access points, in their order; None or a missing one: the limit of the rules.
    """
    limit_of = [*limits, *[None] * len(aps)]
    active = rules.limit is not None or rules.gap is not None or rules.steers or any(one is not None for one in limits)
    if not active:
        return list(aps)
    balanced = [copy.deepcopy(ap) for ap in aps]
    if rules.steers:
        for ap in balanced:
            _steer(ap)
    for band in ("2.4", "5", "6"):
        radios = [
            _LimitedRadio(radio, rules.limit if limit_of[number] is None else limit_of[number])
            for number, ap in enumerate(balanced)
            for radio in ap.radios
            if ap.up and radio.up and radio.band == band
        ]
        if rules.gap is not None:
            _share(radios, max(1, rules.gap), rules.at_least)
        _keep_limits(radios)
    return balanced


@dataclass
class _LimitedRadio:
    radio: RadioState
    limit: int | None

    @property
    def over(self) -> int:
        return 0 if self.limit is None else max(0, self.radio.clients - self.limit)

    @property
    def room(self) -> int:
        return 10_000 - self.radio.clients if self.limit is None else max(0, self.limit - self.radio.clients)


def _move(source: RadioState, target: RadioState | None, count: int) -> None:
    """Move clients, with their airtime, or reject them without a target."""
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


def _share(radios: Sequence[_LimitedRadio], gap: int, at_least: int) -> None:
    while len(radios) > 1:
        crowded = max(radios, key=lambda radio: radio.radio.clients)
        quiet = min(radios, key=lambda radio: radio.radio.clients)
        if crowded.radio.clients - quiet.radio.clients <= gap or crowded.radio.clients <= at_least:
            return
        _move(crowded.radio, quiet.radio, 1)


def _keep_limits(radios: Sequence[_LimitedRadio]) -> None:
    for radio in radios:
        while radio.over:
            roomy = max(radios, key=lambda other: other.room)
            _move(radio.radio, roomy.radio if roomy.room else None, 1)
