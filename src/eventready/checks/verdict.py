"""From findings to a verdict per venue and service, and to the exit code of the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple, Protocol

from eventready.checks.check import CHECKS
from eventready.checks.finding import Finding, Outcome
from eventready.checks.runner import Coverage
from eventready.errors import Exit, most_severe
from eventready.workspace.device import ROLE_SERVICES, Device, Service

NOBODY_SERVES = "No device of this audit serves it"
NOTHING_MEASURED = "Nothing was measured on the devices that serve it"
NOT_ALL_ASKED = "Not every device that serves it is part of this audit"
#: What `because` says in words; everything else in it refers to findings.
SENTENCES = (NOBODY_SERVES, NOTHING_MEASURED, NOT_ALL_ASKED)


class Readiness(StrEnum):
    """How ready a service is at a venue, from good to bad."""

    READY = "READY"
    READY_WITH_RISK = "READY_WITH_RISK"
    NOT_MEASURED = "NOT_MEASURED"
    NOT_READY = "NOT_READY"


class Place(Protocol):
    """A venue, as far as a verdict goes (`workspace.event.Venue` is one)."""

    @property
    def id(self) -> str:
        """The name that devices refer to."""

    @property
    def services(self) -> tuple[Service, ...]:
        """What people are to have there."""


@dataclass(frozen=True)
class Verdict:
    """`because` refers to findings as `device check subject`, the worst first; or says one of SENTENCES.

    Where a device could not be asked anything, its checks are named once: `device (27)`.
    """

    venue: str
    service: str
    verdict: Readiness
    because: tuple[str, ...] = ()


class Gravity(StrEnum):
    """What a finding does to a verdict, the worst first."""

    FAILURE = "failure"
    UNMEASURED = "unmeasured"
    RISK = "risk"
    NONE = "none"


_REASONS = (Gravity.FAILURE, Gravity.UNMEASURED, Gravity.RISK)


#: A hundred findings per device are weighed; what they are compared with is looked up once.
_PASS, _WAIVED, _NOT_MEASURED = Outcome.PASS, Outcome.WAIVED, Outcome.NOT_MEASURED
_TOLD = (Outcome.PASS, Outcome.WARN, Outcome.FAIL)
_GRAVITY = {
    Outcome.FAIL: Gravity.FAILURE,
    Outcome.NOT_MEASURED: Gravity.UNMEASURED,
    Outcome.WARN: Gravity.RISK,
    Outcome.PASS: Gravity.NONE,
    Outcome.WAIVED: Gravity.NONE,
}
#: What a waiver makes of it.
_LESS = {Gravity.FAILURE: Gravity.RISK, Gravity.UNMEASURED: Gravity.RISK}


def gravity(finding: Finding) -> Gravity:
    """A waiver turns a failure or a missing measurement into a risk, and lifts what was only a risk."""
    waived = finding.status is _WAIVED
    status = finding.was if waived and finding.was else finding.status
    plain = Gravity.RISK if finding.blind and status is _NOT_MEASURED else _GRAVITY[status]
    return _LESS.get(plain, Gravity.NONE) if waived else plain


def verdicts(
    venues: Iterable[Place],
    devices: Sequence[Device],
    findings: Iterable[Finding],
    *,
    left_out: Iterable[Device] = (),
) -> tuple[Verdict, ...]:
    """One verdict for each service of each venue, in the event's order. What `left_out` serves is not measured."""
    unasked = {
        (venue, service)
        for device in left_out
        for venue in device.venues
        for service in device.services or ROLE_SERVICES[device.role]
    }
    serving = {device.name: device for device in devices}
    at_venue: dict[str, list[_Weighed]] = {}
    for finding in findings:
        device = serving.get(finding.device)
        if device is None:
            continue
        weighed = _weighed(finding, finding.services or device.services or ROLE_SERVICES[device.role])
        for venue in finding.venues or device.venues:
            at_venue.setdefault(venue, []).append(weighed)
    return tuple(
        _verdict(
            venue.id, service, serving.values(), at_venue.get(venue.id, []), asked=(venue.id, service) not in unasked
        )
        for venue in venues
        for service in venue.services
    )


def telling(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those findings on which `verdicts` and `exit_code` rest: all but good news that another one tells as well."""
    kept: list[Finding] = []
    seen: set[tuple[object, ...]] = set()
    for finding in findings:
        if finding.status is _PASS:
            news = (finding.device, finding.venues, finding.services, _measures(finding))
            if news in seen:
                continue
            seen.add(news)
        kept.append(finding)
    return tuple(kept)


class _Weighed(NamedTuple):
    """What a finding means for a verdict; `name` is a short reference, or only its device where that told nothing."""

    gravity: Gravity
    services: tuple[str, ...]
    measures: bool
    silent: bool
    name: str


def _weighed(finding: Finding, services: tuple[str, ...]) -> _Weighed:
    silent = not finding.subject and finding.status is _NOT_MEASURED
    name = finding.device if silent else f"{finding.device} {finding.check} {finding.subject}".strip()
    return _Weighed(gravity(finding), services, _measures(finding), silent, name)


def _verdict(
    venue: str, service: Service, devices: Iterable[Device], weighed: Iterable[_Weighed], *, asked: bool
) -> Verdict:
    if not any(device.serves(venue, service) for device in devices):
        return Verdict(venue, service, Readiness.NOT_MEASURED, (NOBODY_SERVES,))
    by_gravity: dict[Gravity, list[_Weighed]] = {weight: [] for weight in Gravity}
    measured = False
    for finding in weighed:
        if service in finding.services:
            by_gravity[finding.gravity].append(finding)
            measured = measured or finding.measures
    because = [reference for weight in _REASONS for reference in _named(by_gravity[weight])]
    if by_gravity[Gravity.FAILURE]:
        readiness = Readiness.NOT_READY
    elif by_gravity[Gravity.UNMEASURED] or not measured or not asked:
        readiness = Readiness.NOT_MEASURED
        because = because if measured else [NOTHING_MEASURED, *because]
        because = because if asked else [NOT_ALL_ASKED, *because]
    elif by_gravity[Gravity.RISK]:
        readiness = Readiness.READY_WITH_RISK
    else:
        readiness = Readiness.READY
    return Verdict(venue, service, readiness, tuple(because))


def _measures(finding: Finding) -> bool:
    """True when the finding rests on something that a device told."""
    status = finding.was if finding.status is _WAIVED else finding.status
    if status not in _TOLD:
        return False
    check = CHECKS.get(finding.check)
    return check is None or bool(check.needs)


def _named(findings: Sequence[_Weighed]) -> list[str]:
    """Short references; the checks that say nothing but that a device told nothing are counted."""
    silent = Counter(finding.name for finding in findings if finding.silent)
    named = [finding.name for finding in findings if not finding.silent]
    return [*named, *(f"{device} ({count})" for device, count in silent.items())]


def exit_code(findings: Iterable[Finding], coverage: Coverage, fail_on: Literal["warn", "fail"] = "fail") -> Exit:
    """4 when something needed was not measured and nobody answers for it, 3 for findings at or above `fail_on`."""
    codes: set[Exit] = set()
    bad = (Outcome.FAIL,) if fail_on == "fail" else (Outcome.FAIL, Outcome.WARN)
    if not coverage.measured:
        codes.add(Exit.INCOMPLETE)
    for finding in findings:
        if finding.status in bad:
            codes.add(Exit.FINDINGS)
        elif finding.status is Outcome.NOT_MEASURED and not finding.blind:
            codes.add(Exit.INCOMPLETE)
    return most_severe(codes)
