"""Findings with a bearing on the users of a service: the element of the finding is on their ways."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple, Protocol

import orjson

from eventready.checks.check import CHECKS, Check, Kind
from eventready.checks.finding import Finding, Outcome
from eventready.checks.registry import kind_of
from eventready.core.strings.json_text import sorted_json
from eventready.network.graph.graph import Cut
from eventready.network.graph.outcome import WhatIf
from eventready.workspace.devices.device import Device


class Gravity(StrEnum):
    """Weight of a finding in a verdict, most severe first."""

    FAILURE = "failure"
    UNMEASURED = "unmeasured"
    RISK = "risk"
    NONE = "none"


_GRAVITY = {
    Outcome.FAIL: Gravity.FAILURE,
    Outcome.NOT_MEASURED: Gravity.UNMEASURED,
    Outcome.WARN: Gravity.RISK,
    Outcome.PASS: Gravity.NONE,
    Outcome.WAIVED: Gravity.NONE,
}
#: What a waiver makes of it.
_LESS = {Gravity.FAILURE: Gravity.RISK, Gravity.UNMEASURED: Gravity.RISK, Gravity.RISK: Gravity.NONE}


def gravity(finding: Finding, kind: Kind) -> Gravity:
    """Gravity of a finding; a waiver reduces a failure or a missing measurement to a risk, and a warning to none.

    A blind spot stays a risk: nobody's word makes a measurement. Care is a risk. A failure of kind `state` is in the
    walk already: a risk beside it.
    """
    waived = finding.status is Outcome.WAIVED
    status = finding.was if waived and finding.was else finding.status
    if status is Outcome.NOT_MEASURED and finding.blind:
        return Gravity.RISK
    plain = _GRAVITY[status]
    if waived:
        return _LESS.get(plain, Gravity.NONE)
    if plain in {Gravity.FAILURE, Gravity.UNMEASURED} and kind == "care":
        return Gravity.RISK
    return Gravity.RISK if plain is Gravity.FAILURE and kind == "state" else plain


#: Venue and service.
Place = tuple[str, str]


class Blocks(Protocol):
    """Limits, as `evaluation.limits.ResolvedLimits`."""

    def blocks(self, check: Check, device: Device | None = None) -> bool:
        """True where a failure of the check counts as quality."""


class Weight(NamedTuple):
    """Findings in succession about an element, alike in all but their references.

    `subject`: of the element; empty for the device. `silent`: the device gave no reading. `direct`: about
    users, whatever element. `names`: short references, or
    the device itself for each finding of a silent device, as items of a JSON list.
    """

    device: str
    subject: str
    venues: tuple[str, ...]
    services: tuple[str, ...]
    gravity: Gravity
    silent: bool
    direct: bool
    names: bytes

    def references(self) -> Sequence[str]:
        """Short references, as text."""
        found: list[str] = orjson.loads(b"[" + self.names + b"]")
        return found


#: Fields of a weight but its references.
_Key = tuple[str, str, tuple[str, ...], tuple[str, ...], Gravity, bool, bool]


def weights(devices: Iterable[Device], findings: Iterable[Finding], limits: Blocks | None = None) -> tuple[Weight, ...]:
    """Weights of the findings of these devices, the input of verdicts; without findings of no effect."""
    serving = {device.name: device for device in devices}

    def key(finding: Finding) -> _Key:
        device = serving.get(finding.device)
        check = CHECKS.get(finding.check)
        kind = kind_of(finding.check)
        if kind == "care" and check and limits and limits.blocks(check, device):
            kind = "quality"
        silent = not finding.subject and finding.status is Outcome.NOT_MEASURED
        of_users = (
            check is None or check.scope == "network" or finding.check.startswith("answer_") or not finding.device
        )
        direct = bool(finding.venues and finding.services) and of_users
        return finding.device, finding.subject, finding.venues, finding.services, gravity(finding, kind), silent, direct

    known = (one for one in findings if (one.device in serving or not one.device) and one.status is not Outcome.PASS)
    grouped = groupby(known, key)
    return tuple(_weight(same, group) for same, group in grouped if same[4] is not Gravity.NONE)


def _weight(same: _Key, findings: Iterable[Finding]) -> Weight:
    silent = same[5]
    names = [one.device if silent else f"{one.device} {one.check} {one.subject}".strip() for one in findings]
    return Weight(*same, sorted_json(names)[1:-1])


class Borne(NamedTuple):
    """Venues and services concerned by findings; `cut`: their element on the ways, empty for the users themselves."""

    places: frozenset[Place]
    cut: Cut = Cut()
    gravity: Gravity = Gravity.NONE


class Bearing:
    """Places concerned by findings, in a network or, without a network, by the declarations of the devices."""

    def __init__(self, devices: Iterable[Device], network: WhatIf | None) -> None:
        self._devices = {device.name: device for device in devices}
        self._network = network
        self._known: dict[tuple[str, str], tuple[Cut, frozenset[int]]] = {}

    def of(self, weight: Weight) -> Borne:
        """Return the places concerned by a weight, and how.

        Findings about a venue's service concern that alone. Those about an element concern the users whose ways rest on
        the element; where nobody's ways do, they are a risk for what the device serves by the inventory.
        """
        if self._network is None or weight.direct:
            return Borne(frozenset(self._declared(weight)), Cut(), weight.gravity)
        cut, numbers = self._element(weight)
        users = (self._network.users[number] for number in numbers)
        places = {(one.venue, one.service) for one in users if _concerned(weight, one.venue, one.service)}
        if places:
            return Borne(frozenset(places), cut, weight.gravity)
        return Borne(frozenset(self._declared(weight)), Cut(), Gravity.RISK)

    def _element(self, weight: Weight) -> tuple[Cut, frozenset[int]]:
        key = weight.device, weight.subject
        if key not in self._known and self._network is not None:
            self._known[key] = self._network.walks.bearing(*key)
        return self._known[key]

    def _declared(self, weight: Weight) -> Iterable[Place]:
        device = self._devices.get(weight.device)
        venues = weight.venues or (device.venues if device else ())
        services = weight.services or (device.concerned if device else ())
        return ((venue, service) for venue in venues for service in services)


def _concerned(weight: Weight, venue: str, service: str) -> bool:
    return (not weight.venues or venue in weight.venues) and (not weight.services or service in weight.services)
