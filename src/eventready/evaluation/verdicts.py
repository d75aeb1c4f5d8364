"""Verdict per venue and service, and exit code of the run, from findings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Literal, NamedTuple, Protocol

import orjson

from eventready.checks.check import CHECKS
from eventready.checks.equipment.access import ACCESS_CHECKS, access_checks
from eventready.checks.equipment.capture_age import CAPTURE
from eventready.checks.finding import Finding, Outcome
from eventready.core.errors import Exit, most_severe
from eventready.core.messages import text
from eventready.core.strings.json_text import sorted_json
from eventready.evaluation.runner import Coverage
from eventready.workspace.devices.device import ACCESS_ROLES, Device, Role, Service

NO_DEVICE = "checks:verdict.no_device"
NOTHING_MEASURED = "checks:verdict.nothing_measured"
#: No device of the service's access role.
NO_ACCESS: dict[Role, str] = {
    "router": "checks:verdict.no_router",
    "bts_controller": "checks:verdict.no_mobile_access",
    "wifi_controller": "checks:verdict.no_wifi_access",
}
#: No port, base station, cell, access point or service expected: nothing is measured but the devices themselves.
NOTHING_EXPECTED: dict[Role, str] = {
    "router": "checks:verdict.no_port_expected",
    "bts_controller": "checks:verdict.no_cell_expected",
    "wifi_controller": "checks:verdict.no_access_point_expected",
    "service_host": "checks:verdict.no_service_expected",
}
#: Ports, base stations, cells, access points or services expected, and none of them measured.
ACCESS_NOT_MEASURED: dict[Role, str] = {
    "router": "checks:verdict.no_port_measured",
    "bts_controller": "checks:verdict.no_cell_measured",
    "wifi_controller": "checks:verdict.no_access_point_measured",
    "service_host": "checks:verdict.no_service_measured",
}
DEVICES_LEFT_OUT = "checks:verdict.devices_left_out"
#: Nobody asks the service for an answer: what is measured is the equipment, not what users have. A risk.
NO_ANSWER_EXPECTED = "checks:verdict.no_answer_expected"


class Readiness(StrEnum):
    """Readiness of a service at a venue, from good to bad."""

    READY = "READY"
    READY_WITH_RISK = "READY_WITH_RISK"
    NOT_MEASURED = "NOT_MEASURED"
    NOT_READY = "NOT_READY"


class Place(Protocol):
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


class Gravity(StrEnum):
    """Weight of a finding in a verdict, most severe first."""

    FAILURE = "failure"
    UNMEASURED = "unmeasured"
    RISK = "risk"
    NONE = "none"


_REASONS = (Gravity.FAILURE, Gravity.UNMEASURED, Gravity.RISK)


#: A hundred findings per device are weighed; what they are compared with is looked up once.
_PASS, _WAIVED, _NOT_MEASURED = Outcome.PASS, Outcome.WAIVED, Outcome.NOT_MEASURED
_MEASURED = (Outcome.PASS, Outcome.WARN, Outcome.FAIL)
_GRAVITY = {
    Outcome.FAIL: Gravity.FAILURE,
    Outcome.NOT_MEASURED: Gravity.UNMEASURED,
    Outcome.WARN: Gravity.RISK,
    Outcome.PASS: Gravity.NONE,
    Outcome.WAIVED: Gravity.NONE,
}
#: What a waiver makes of it.
_LESS = {Gravity.FAILURE: Gravity.RISK, Gravity.UNMEASURED: Gravity.RISK, Gravity.RISK: Gravity.NONE}


def gravity(finding: Finding) -> Gravity:
    """Weight of a finding; a waiver reduces a failure or a missing measurement to a risk, and a warning to none.

    A blind spot stays a risk: nobody's word makes a measurement.
    """
    waived = finding.status is _WAIVED
    status = finding.was if waived and finding.was else finding.status
    if status is _NOT_MEASURED and finding.blind:
        return Gravity.RISK
    plain = _GRAVITY[status]
    return _LESS.get(plain, Gravity.NONE) if waived else plain


def verdicts(
    venues: Iterable[Place],
    devices: Sequence[Device],
    findings: Iterable[Finding],
    *,
    left_out: Iterable[Device] = (),
) -> tuple[Verdict, ...]:
    """Verdicts per venue and service, in the order of the event. Services of `left_out` are NOT_MEASURED at best.

    A service of whose own devices at a venue none was audited is not read: shared devices alone give no verdict.
    """
    return verdicts_of(venues, devices, weights(devices, findings), left_out=left_out)


def weights(devices: Iterable[Device], findings: Iterable[Finding]) -> tuple[Weight, ...]:
    """Weights of the findings of these devices, the input of verdicts."""
    serving = {device.name: device for device in devices}

    def key(finding: Finding) -> _Key:
        device = serving[finding.device]
        silent = not finding.subject and finding.status is _NOT_MEASURED
        services = finding.services or device.concerned
        return finding.venues or device.venues, services, gravity(finding), silent

    known = (finding for finding in findings if finding.device in serving)
    return tuple(_weight(same, tuple(group)) for same, group in groupby(known, key))


def verdicts_of(
    venues: Iterable[Place],
    devices: Sequence[Device],
    weighed: Iterable[Weight],
    *,
    left_out: Iterable[Device] = (),
) -> tuple[Verdict, ...]:
    """Return `verdicts` from weights."""
    absent = tuple(left_out)
    unread = _own(absent) - _own(devices)
    incomplete = {place for device in absent for place in (*_served(device), *_answered(device))}
    answered = {place for device in (*devices, *absent) for place in _answered(device)}
    behind: dict[tuple[str, str], _Behind] = defaultdict(_Behind)
    for weight in weighed:
        for venue in weight.venues:
            for service in weight.services:
                behind[venue, service].add(weight)
    return tuple(
        _verdict(
            venue.id,
            service,
            devices,
            behind[venue.id, service],
            complete=(venue.id, service) not in incomplete,
            answered=(venue.id, service) in answered,
        )
        if (venue.id, service) not in unread
        else Verdict(venue.id, service, Readiness.NOT_MEASURED, (DEVICES_LEFT_OUT,))
        for venue in venues
        for service in venue.services
    )


def _own(devices: Iterable[Device]) -> set[tuple[str, str]]:
    """Venue and service of everything with devices of its own among these."""
    return {place for device in devices if len(device.venues) == 1 for place in _served(device)}


def _served(device: Device) -> Iterator[tuple[str, str]]:
    """Venue and service of everything carried by a device."""
    return ((venue, service) for venue in device.venues for service in device.concerned)


def _answered(device: Device) -> Iterator[tuple[str, str]]:
    """Venue and service of everything with a question at a device."""
    for question in device.questions:
        if question.venue:
            yield from ((question.venue, service) for service in question.services)
        else:
            yield from _served(device)


def telling(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings behind `verdicts` and `exit_code`: all except passes with the same effect as an earlier pass."""
    kept: list[Finding] = []
    seen: set[tuple[object, ...]] = set()
    for finding in findings:
        if finding.status is _PASS:
            access = (finding.check, finding.witnesses) if finding.check in ACCESS_CHECKS else ()
            news = (finding.device, finding.venues, finding.services, _measures(finding), access)
            if news in seen:
                continue
            seen.add(news)
        kept.append(finding)
    return tuple(kept)


#: Venues, services, gravity, and silence of a finding.
_Key = tuple[tuple[str, ...], tuple[str, ...], Gravity, bool]


_NO_ACCESS = ("", "")


class Weight(NamedTuple):
    """Findings in succession, reduced for a verdict, alike in all but their references.

    `names`: short references, or the device itself for each finding of a silent device, as items of a JSON list.
    `measures`: devices and checks of the findings based on a measurement of access, _NO_ACCESS for other ones.
    """

    venues: tuple[str, ...]
    services: tuple[str, ...]
    gravity: Gravity
    silent: bool
    names: bytes
    measures: frozenset[tuple[str, str]]


def _weight(same: _Key, findings: Sequence[Finding]) -> Weight:
    _, _, weight, silent = same
    named = () if weight is Gravity.NONE else findings
    names = [one.device if silent else f"{one.device} {one.check} {one.subject}".strip() for one in named]
    measured = (one for one in findings if _measures(one))
    measures = (
        (name, one.check) if one.check in ACCESS_CHECKS else _NO_ACCESS
        for one in measured
        for name in one.witnesses or (one.device,)
    )
    return Weight(*same, _items(names), frozenset(measures))


def _items(names: list[str]) -> bytes:
    return sorted_json(names)[1:-1]


class _Behind:
    """Findings behind a verdict: references by gravity, and devices and checks with a measurement."""

    def __init__(self) -> None:
        self.measured: set[tuple[str, str]] = set()
        self.found: set[Gravity] = set()
        self._named: dict[Gravity, list[bytes]] = {gravity: [] for gravity in _REASONS}
        self._silent: dict[Gravity, Counter[str]] = {gravity: Counter() for gravity in _REASONS}

    def add(self, weight: Weight) -> None:
        """Include findings."""
        self.measured |= weight.measures
        self.found.add(weight.gravity)
        if weight.gravity is Gravity.NONE:
            return
        if weight.silent:
            self._silent[weight.gravity].update(orjson.loads(b"[" + weight.names + b"]"))
        else:
            self._named[weight.gravity].append(weight.names)

    def references(self) -> Iterator[bytes]:
        """Short references, the worst first; the checks without an answer of a device are counted per device."""
        for gravity in _REASONS:
            yield from self._named[gravity]
            yield _items([f"{device} ({count})" for device, count in self._silent[gravity].items()])


def _verdict(
    venue: str,
    service: Service,
    devices: Iterable[Device],
    behind: _Behind,
    *,
    complete: bool,
    answered: bool,
) -> Verdict:
    serving = [device for device in devices if device.serves(venue, service)]
    if (
        not serving and Gravity.FAILURE not in behind.found
    ):  # a vantage may show the failure of a service without devices
        return Verdict(venue, service, Readiness.NOT_MEASURED, (NO_DEVICE if complete else DEVICES_LEFT_OUT,))
    measured = behind.measured
    no_access = _lacking_access(venue, service, serving, measured) if complete else ()
    reasons: tuple[str, ...] = ()
    if Gravity.FAILURE in behind.found:
        readiness = Readiness.NOT_READY
    elif Gravity.UNMEASURED in behind.found or not measured or not complete or no_access:
        readiness = Readiness.NOT_MEASURED
        reasons = (
            *(() if complete else (DEVICES_LEFT_OUT,)),
            *no_access,
            *(() if measured else (NOTHING_MEASURED,)),
        )
    elif Gravity.RISK in behind.found or not answered:
        readiness = Readiness.READY_WITH_RISK
        reasons = () if answered else (NO_ANSWER_EXPECTED,)
    else:
        readiness = Readiness.READY
    return Verdict(venue, service, readiness, reasons, tuple(behind.references()))


def _lacking_access(
    venue: str, service: Service, serving: Sequence[Device], measured: Set[tuple[str, str]]
) -> tuple[str, ...]:
    """Return the reasons why no access to the service is measured at the venue; none if there is access.

    Service hosts are no access of their own, but where there are any, something that they offer must be measured.
    `measured`: device and check of the findings based on a measurement.
    """
    role = ACCESS_ROLES[service]
    reasons = [_lacking(venue, role, [device for device in serving if device.gives_access(service)], measured)]
    hosts = [device for device in serving if device.role == "service_host"]
    if hosts:
        reasons.append(_lacking(venue, "service_host", hosts, measured))
    return tuple(filter(None, reasons))


def _lacking(venue: str, role: Role, devices: Sequence[Device], measured: Set[tuple[str, str]]) -> str:
    if not devices:
        return NO_ACCESS[role]
    expected = {(device.name, check) for device in devices for check in access_checks(device, venue)}
    if not expected:
        return NOTHING_EXPECTED[role]
    # Without any measurement, one reason says it all.
    return "" if not measured or not expected.isdisjoint(measured) else ACCESS_NOT_MEASURED[role]


def _measures(finding: Finding) -> bool:
    """True for a finding based on a measurement of a device."""
    status = finding.was if finding.status is _WAIVED else finding.status
    if status not in _MEASURED or finding.check == CAPTURE:
        return False
    check = CHECKS.get(finding.check)
    return check is None or bool(check.needs)


def exit_code(
    findings: Iterable[Finding],
    coverage: Coverage,
    fail_on: Literal["warn", "fail"] = "fail",
    verdicts: Iterable[Verdict] = (),
) -> Exit:
    """Exit code of a run: 4 for an unmeasured need, 3 for findings at or above `fail_on`.

    A need is a fact without a waiver, or a service without access; not the devices left out of the audit.
    """
    codes: set[Exit] = set()
    if any(
        set(verdict.reasons) - {NO_ANSWER_EXPECTED} and DEVICES_LEFT_OUT not in verdict.reasons for verdict in verdicts
    ):
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
