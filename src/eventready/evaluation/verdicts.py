"""Verdict per venue and service, and exit code of the run, from findings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, Protocol

import orjson

from eventready.checks.equipment.answers import CALLS_NOT_TRIED, calls_tried
from eventready.checks.finding import Finding, Outcome
from eventready.checks.ip.ways import SERVICE_WAY, place_of
from eventready.core.errors import Exit, most_severe
from eventready.core.messages import Bilingual, Message, message, text
from eventready.core.strings.json_text import sorted_json
from eventready.evaluation.bearing import Bearing, Borne, Gravity, Place, Weight
from eventready.evaluation.runner import Coverage
from eventready.network.graph.graph import Cut, together
from eventready.network.graph.outcome import WhatIf
from eventready.network.graph.walk import ServiceWay
from eventready.store.run_walk import WORST_FIRST, ServiceWalk, StoredSentence, WalkHop, WalkUsers
from eventready.workspace.devices.device import Device, Service
from eventready.workspace.settings.event import Venue

NO_DEVICE = "checks:verdict.no_device"
DEVICES_LEFT_OUT = "checks:verdict.devices_left_out"
#: Nobody asks the service for an answer: what is measured is the equipment, not what users have. A risk.
NO_ANSWER_EXPECTED = "checks:verdict.no_answer_expected"
NO_USERS = "checks:verdict.no_users"
#: A waiver answers for a loss, and makes no way proven.
UNPROVEN = "checks:verdict.unproven"
#: No origin is declared: there is no way to walk.
NO_ORIGINS = "checks:verdict.no_origins"


class Readiness(StrEnum):
    """Readiness of a service at a venue, from good to bad."""

    READY = "READY"
    READY_WITH_RISK = "READY_WITH_RISK"
    NOT_MEASURED = "NOT_MEASURED"
    NOT_READY = "NOT_READY"


class VenueServices(Protocol):
    """Venue with its services, as `workspace.event.Venue`."""

    @property
    def id(self) -> str:
        """Identifier of the venue in the devices' `venues`."""

    @property
    def services(self) -> tuple[Service, ...]:
        """Services of the venue."""


@dataclass(frozen=True)
class Verdict:
    """`reasons` are ids of messages, `references` name findings as `device check subject`, the worst first, as JSON.

    A device that gave no reading is named once, with the number of its checks: `device (27)`. A large fleet has a
    million references: they are items of a JSON list in pieces, separated by commas.
    """

    venue: str
    service: str
    verdict: Readiness
    reasons: tuple[str, ...] = ()
    references: tuple[bytes, ...] = ()

    @property
    def because(self) -> tuple[str, ...]:
        """The reasons in English, then the references."""
        return tuple(orjson.loads(b"[" + b",".join(self.because_items()) + b"]"))

    def because_items(self) -> Iterator[bytes]:
        """`because` as items of a JSON list, in pieces."""
        return filter(None, (_items([text(reason, "en") for reason in self.reasons]), *self.references))


_REASONS = (Gravity.FAILURE, Gravity.UNMEASURED, Gravity.RISK)


def verdicts_of(
    venues: Iterable[VenueServices],
    devices: Sequence[Device],
    weighed: Iterable[Weight],
    *,
    network: WhatIf | None = None,
    left_out: Iterable[Device] = (),
) -> tuple[Verdict, ...]:
    """Verdicts per venue and service, in the order of the event, from findings and the ways of the users.

    Without a network nothing is better than NOT_MEASURED. Services of `left_out` are NOT_MEASURED at best; a service of
    whose own devices at a venue none was audited is not read: shared devices alone give no verdict.
    """
    absent = tuple(left_out)
    unread = _own(absent) - _own(devices)
    incomplete = {place for device in absent for place in (*_served(device), *_answered(device))}
    answered = {place for device in (*devices, *absent) for place in _answered(device)}
    bearing = Bearing((*devices, *absent), network)
    behind: dict[Place, _Behind] = defaultdict(_Behind)
    for weight in weighed:
        borne = bearing.of(weight)
        for place in borne.places:
            behind[place].add(weight, borne)
    losses = _Losses(network)
    found = []
    for venue in venues:
        for service in venue.services:
            place = venue.id, service
            if place in unread:
                found.append(Verdict(*place, Readiness.NOT_MEASURED, (DEVICES_LEFT_OUT,)))
                continue
            served = any(device.serves(*place) for device in (*devices, *absent))
            lacking = {
                DEVICES_LEFT_OUT: place in incomplete,
                NO_ORIGINS: network is None,
                NO_DEVICE: not served,
                NO_USERS: served and network is not None and not network.services.get(place),
                UNPROVEN: network is not None and _unproven(network, place),
            }
            reasons = tuple(reason for reason, holds in lacking.items() if holds)
            silent = () if place in answered else (NO_ANSWER_EXPECTED,)
            untried = service == "mobile" and not calls_tried((*devices, *absent), venue.id)
            found.append(_verdict(place, behind[place], losses, reasons, (*silent, *(CALLS_NOT_TRIED,) * untried)))
    return tuple(found)


def _unproven(network: WhatIf, place: tuple[str, Service]) -> bool:
    """Return True for a service with users without a proven way, of whom nothing is known to be lost."""
    return not network.unmeasured.isdisjoint(network.services.get(place, ()))


def _own(devices: Iterable[Device]) -> set[Place]:
    """Venue and service of everything with devices of its own among these."""
    return {place for device in devices if len(device.venues) == 1 for place in _served(device)}


def _served(device: Device) -> Iterator[Place]:
    """Venue and service of everything carried by a device."""
    return ((venue, service) for venue in device.venues for service in device.concerned)


def _answered(device: Device) -> Iterator[Place]:
    """Venue and service of everything with a question at a device."""
    for question in device.questions:
        for venue in (question.venue,) if question.venue else device.venues:
            yield from ((venue, service) for service in question.services or device.concerned)


class _Losses:
    """Users lost if elements with findings carried nothing, by venue and service."""

    def __init__(self, network: WhatIf | None) -> None:
        self._network = network
        self._known: dict[Cut, frozenset[Place]] = {Cut(): frozenset()}

    def hit(self, place: Place, cuts: Iterable[Cut]) -> bool:
        """True where users of the place have no way beside these elements."""
        cut = together(cuts)
        if cut not in self._known and self._network is not None:
            users = (self._network.users[number] for number in self._network.lost_by(cut))
            self._known[cut] = frozenset((one.venue, one.service) for one in users)
        return place in self._known[cut]


class _Behind:
    """Findings behind a verdict: references by gravity, and the elements of those on the ways."""

    def __init__(self) -> None:
        self.found: set[Gravity] = set()
        self.cuts: dict[Gravity, set[Cut]] = {gravity: set() for gravity in _REASONS}
        self._named: dict[Gravity, list[bytes]] = {gravity: [] for gravity in _REASONS}
        self._silent: dict[Gravity, Counter[str]] = {gravity: Counter() for gravity in _REASONS}

    def add(self, weight: Weight, borne: Borne) -> None:
        """Include findings. A finding about an element on a way is a risk, unless the element is on all ways."""
        if borne.cut == Cut():
            self.found.add(borne.gravity)
        else:
            self.found.add(Gravity.RISK)
            self.cuts[borne.gravity].add(borne.cut)
        if weight.silent:
            self._silent[borne.gravity].update(weight.references())
        else:
            self._named[borne.gravity].append(weight.names)

    def references(self) -> Iterator[bytes]:
        """Short references, the worst first; the checks without an answer of a device are counted per device."""
        for gravity in _REASONS:
            yield from self._named[gravity]
            yield _items([f"{device} ({count})" for device, count in self._silent[gravity].items()])


def _items(names: list[str]) -> bytes:
    return sorted_json(names)[1:-1]


def _verdict(
    place: Place, behind: _Behind, losses: _Losses, reasons: tuple[str, ...], unasked: tuple[str, ...]
) -> Verdict:
    """Verdict of a service. `reasons`: why nothing can be better than NOT_MEASURED; `unasked`: a risk."""
    failed = behind.cuts[Gravity.FAILURE]
    if Gravity.FAILURE in behind.found or losses.hit(place, failed):
        readiness, reasons = Readiness.NOT_READY, ()
    elif reasons or Gravity.UNMEASURED in behind.found or losses.hit(place, failed | behind.cuts[Gravity.UNMEASURED]):
        readiness = Readiness.NOT_MEASURED
    elif Gravity.RISK in behind.found or unasked:
        readiness, reasons = Readiness.READY_WITH_RISK, unasked
    else:
        readiness = Readiness.READY
    return Verdict(*place, readiness, reasons, tuple(filter(None, behind.references())))


def exit_code(
    findings: Iterable[Finding],
    coverage: Coverage,
    fail_on: Literal["warn", "fail"] = "fail",
    verdicts: Iterable[Verdict] = (),
) -> Exit:
    """Exit code of a run: 4 for an unmeasured need, 3 for findings at or above `fail_on` or a service not ready.

    A need is a fact without a waiver, or a service without a proven way; not the devices left out of the audit.
    """
    codes: set[Exit] = set()
    for verdict in verdicts:
        if verdict.verdict is Readiness.NOT_READY:
            codes.add(Exit.FINDINGS)
        elif verdict.verdict is Readiness.NOT_MEASURED and DEVICES_LEFT_OUT not in verdict.reasons:
            codes.add(Exit.INCOMPLETE)
    bad = (Outcome.FAIL,) if fail_on == "fail" else (Outcome.FAIL, Outcome.WARN)
    if not coverage.measured and not coverage.partial:
        codes.add(Exit.INCOMPLETE)
    for finding in findings:
        if finding.status in bad:
            codes.add(Exit.FINDINGS)
        elif finding.status is Outcome.NOT_MEASURED and not finding.blind:
            codes.add(Exit.INCOMPLETE)
    return most_severe(codes)


class ServiceWalks:
    """Walks of the services of a run. `proof`: time of the readings behind the witnesses, or their source."""

    def __init__(
        self, network: WhatIf | None, findings: Iterable[Finding], venues: Iterable[Venue], proof: Message
    ) -> None:
        self._network, self._proof = network, proof
        self._titles = {one.id: Bilingual(one.name_vi, one.name) for one in venues}
        services = network.services if network else {}
        self._numbers: dict[tuple[str, str], tuple[int, ...]] = {(*place,): services[place] for place in services}
        self._found = {
            (one.venues[0], one.services[0]): one for one in findings if one.check == SERVICE_WAY and one.venues
        }

    def of(self, verdict: Verdict) -> ServiceWalk:
        """Walk of the service of a verdict; without a network its users are not known."""
        place = verdict.venue, verdict.service
        groups = grouped(self._network, self._numbers.get(place, ())) if self._network else ()
        state = groups[0].state if groups else "unmeasured"
        return ServiceWalk(state, StoredSentence.of(self._sentence(place, groups)), groups)

    def _sentence(self, place: tuple[str, str], groups: Sequence[WalkUsers]) -> Message:
        finding = self._found.get(place)
        if finding is None:
            title = self._titles.get(place[0], place[0])
            return message("checks:service_way.not_walked", place=place_of(title, place[1]))
        sentence = Message(finding.message_id, finding.params)
        if groups and all(map(_proven, groups)) and not finding.blind:
            sentence = message("checks:service_way.proven", sentence=sentence, proof=self._proof)
        if finding.status is Outcome.WAIVED:
            sentence = message("checks:service_way.under_waiver", sentence=sentence, waiver=finding.waiver)
        return sentence


def _proven(users: WalkUsers) -> bool:
    """True for users with a witness of each hop of their way."""
    served = users.state in {"served", "one_way_left"}
    return served and all(hop.witness not in {"declared", "none"} for hop in users.first)


def grouped(network: WhatIf, numbers: Iterable[int]) -> tuple[WalkUsers, ...]:
    """Users of a service in groups of those alike, the worst state first."""
    found: dict[WalkUsers, list[int]] = {}
    for number in numbers:
        found.setdefault(_alike(network, number), []).append(number)
    groups = [_group(network, alike, same) for alike, same in found.items()]
    return tuple(sorted(groups, key=lambda one: WORST_FIRST.index(one.state)))


def _alike(network: WhatIf, number: int) -> WalkUsers:
    """Group of the users, without names."""
    state, ways = network.state(number), network.walks.of(number)
    server = network.measured.server(number)
    return WalkUsers(
        state, (), server=network.walks.device(server) if server is not None else "",
        first=_hops(network, ways.first), second=_hops(network, ways.second), next=network.takes_next.get(number, ()),
        missing=() if state == "served" else network.walks.missing(number),
    )  # fmt: skip


def _group(network: WhatIf, alike: WalkUsers, numbers: Sequence[int]) -> WalkUsers:
    users = [network.users[number] for number in numbers]
    return replace(alike, users=tuple(one.name for one in users), people=sum(one.people for one in users))


def _hops(network: WhatIf, way: ServiceWay | None) -> tuple[WalkHop, ...]:
    hops = way.hops if way else ()
    return tuple(WalkHop(_end(network, hop.near), _end(network, hop.far), hop.witness) for hop in hops)


def _end(network: WhatIf, end: tuple[str, str]) -> str:
    device, port = end
    reading = network.topology.readings.by_name.get(device)
    return f"{device} {reading.spelled(port) if reading else port}" if port else device
