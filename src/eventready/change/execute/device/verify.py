"""Verification: the audit's facts and checks before and after a change, of the device and its partners.

No check may become worse. A check that failed before may keep failing, and a subject that was not measured before
proves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from typing import TypeAlias

from eventready.change.errors import SendCommands
from eventready.checks.finding import Finding, Outcome
from eventready.core.messages import Message, message
from eventready.evaluation.limits import ResolvedLimits
from eventready.evaluation.matrix import CellState, Matrix, build_matrix
from eventready.evaluation.runner import evaluate
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.observation import Observation
from eventready.facts.observe import observe
from eventready.facts.platform import Platform
from eventready.facts.rows import FactRows
from eventready.workspace.devices.device import Device

Findings: TypeAlias = tuple[Finding, ...]

_PARTNERS_AT_ONCE = 4
#: Facts that differ until the change is saved, which follows verification.
_LATER = frozenset({"saved_config"})


@dataclass(frozen=True)
class DeviceChecks:
    """Checks of a device, selected before the first connection.

    `partners` are the devices that checks across devices compare with it: the other ends of its links, and its
    redundant partners. Waivers do not count: a waived failure that stays is not worse.
    """

    device: Device
    platform: Platform
    limits: ResolvedLimits | None = None
    partners: tuple[tuple[Device, Platform], ...] = ()

    @cached_property
    def _matrix(self) -> Matrix:
        platforms = {platform.name: platform for _device, platform in self.partners}
        devices = [self.device, *(device for device, _platform in self.partners)]
        return build_matrix(devices, {**platforms, self.platform.name: self.platform}, fleet=bool(self.partners))

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """Return the facts needed by the checks of this device, except facts with a difference until the change is
        saved."""
        return tuple(fact for fact in self._matrix.facts_for(self.device.name) if fact not in _LATER)

    @cached_property
    def counters(self) -> tuple[str, ...]:
        """Return the counters among the facts of this device."""
        return tuple(fact for fact in self.facts if CATALOGUE[fact].counter)

    def read(self, send: Mapping[str, SendCommands]) -> tuple[Observation, ...]:
        """Read the device and its partners; `send` is by device name."""
        found = observe(self.device.name, self.platform, self.facts, send[self.device.name]) if self.facts else []
        if self.partners:
            with ThreadPoolExecutor(_PARTNERS_AT_ONCE) as pool:
                for observations in pool.map(partial(self._read_partner, send), self.partners):
                    found += observations
        return tuple(found)

    def _read_partner(
        self, send: Mapping[str, SendCommands], partner: tuple[Device, Platform]
    ) -> Sequence[Observation]:
        """Read a partner's facts for the checks across devices."""
        device, platform = partner
        shared = [fact for fact in platform.facts if fact in self._matrix.shared(device.name)]
        return observe(device.name, platform, shared, send[device.name]) if shared else ()

    def read_counters(self, send: SendCommands) -> tuple[Observation, ...]:
        """Read the counters of the device a second time."""
        return tuple(observe(self.device.name, self.platform, self.counters, send, 2)) if self.counters else ()

    def evaluate(self, observations: Sequence[Observation], moment: datetime, interval_s: float = 0.0) -> Findings:
        """Evaluate the observations at the event's time `moment` (aware). Unreachable subjects are not measured.

        `interval_s`: seconds between the two readings of counters. Findings of partners have their name in the subject.
        """
        own = evaluate(
            [self.device], self._matrix, observations, moment=moment, limits=self.limits, scope="device",
            intervals={self.device.name: interval_s},
        )  # fmt: skip
        across: Findings = ()
        if self.partners:
            devices = [self.device, *(device for device, _platform in self.partners)]
            found = evaluate(devices, self._matrix, observations, moment=moment, limits=self.limits, scope="fleet")
            across = tuple(
                one if one.device == self.device.name else one.replace(subject=f"{one.subject} on {one.device}")
                for one in found
            )
        checks = self._matrix.checks.items()
        left_out = {name for name, check in checks if check.varies or _LATER & set(check.needs)}
        return tuple(finding for finding in (*own, *across) if finding.check not in left_out)

    @property
    def applicable(self) -> bool:
        """Return False if no check applies or the platform supports none: the change cannot be verified then."""
        return any(cell.state is CellState.APPLICABLE for cell in self._matrix.of(self.device.name))


def ages(observations: Sequence[Observation]) -> dict[tuple[str, str], float]:
    """Return the seconds since each adjacency or device came up, by (fact, subject)."""
    return {
        (one.fact, f"{row.subject} on {one.device}"): float(seconds)
        for one in observations
        if one.status.measured
        for row in FactRows.of(one).each_row()
        if (seconds := getattr(row, "uptime_s", None)) is not None
    }


def lost_meanwhile(
    start: Mapping[tuple[str, str], float], end: Mapping[tuple[str, str], float], elapsed_s: float
) -> tuple[str, ...]:
    """Return the states reset between two readings `elapsed_s` apart: their age did not grow with the time.

    Devices print ages in whole seconds, minutes or hours: an age that stays equal has not been reset.
    """
    return tuple(
        f"{fact.replace('_', ' ')} {subject}"
        for (fact, subject), age in sorted(start.items())
        if (now := end.get((fact, subject))) is not None and now < age and now <= elapsed_s + _RESOLUTION_S
    )


#: Seconds of the coarsest age below an hour that a device prints.
_RESOLUTION_S = 60.0


#: Checks that did not pass: (check, subject, status), as recorded in the journal.
OpenIssues: TypeAlias = tuple[tuple[str, str, str], ...]

_RANK = {Outcome.PASS: 0, Outcome.WAIVED: 0, Outcome.WARN: 1, Outcome.FAIL: 2}


@dataclass(frozen=True)
class Regression:
    """Check and subject with a worse status than before; `before` is None for a new failure."""

    check: str
    subject: str
    before: Finding | None
    after: Finding | None

    @property
    def summary(self) -> Message:
        """Return a sentence: the check, the status before and after."""
        name = f"{self.check} {self.subject}".rstrip()
        was = (
            message(f"change:regression_before.{self.before.status}")
            if self.before
            else message("change:regression.new")
        )
        if self.after is None:
            return message("change:regression.gone", name=name, was=was)
        now = Message(self.after.message_id, self.after.params)
        return message("change:regression.now", name=name, was=was, now=now)


def regressions(before: Findings, after: Findings) -> tuple[Regression, ...]:
    """Return subjects with a worse status or no measurement, and new subjects with a failure.

    A missing subject is no regression while its check reports others: an expected one would fail.
    """
    was, now = _worst(before), _worst(after)
    telling = {finding.check for finding in after if finding.status is not Outcome.NOT_MEASURED}
    found = []
    for key in sorted(was.keys() | now.keys()):
        old, new = was.get(key), now.get(key)
        if old is None:
            bad = new is not None and new.status is Outcome.FAIL
        elif old.status is Outcome.NOT_MEASURED:
            bad = False
        elif new is None:
            bad = old.check not in telling
        else:
            bad = _rank(new) > _rank(old)
        if bad:
            found.append(Regression(*key, old, new))
    return tuple(found)


def improvements(before: Findings, after: Findings) -> Findings:
    """Return the findings with a pass now, and a failure or a warning before."""
    was = _worst(before)
    now = _worst(after)
    return tuple(
        now[key]
        for key in sorted(was.keys() & now.keys())
        if was[key].status in (Outcome.WARN, Outcome.FAIL) and _rank(now[key]) < _rank(was[key])
    )


def open_issues(findings: Findings) -> OpenIssues:
    """Return the findings with a warning, a failure or no measurement; a check without any measurement has an empty
    subject."""
    measured = {one.check for one in findings if one.status is not Outcome.NOT_MEASURED}
    found = {key: one.status for key, one in _worst(findings).items()}
    found.update({(one.check, ""): Outcome.NOT_MEASURED for one in findings if one.check not in measured})
    return tuple(
        (check, subject, str(status))
        for (check, subject), status in sorted(found.items())
        if status not in (Outcome.PASS, Outcome.WAIVED)
    )


def tolerate(now: Findings, before: OpenIssues) -> Findings:
    """Return the baseline of a rollback: issues from before the change may occur again, and no worse.

    Otherwise a change that fixed an issue could not be rolled back.
    """
    known = {(check, subject): Outcome(status) for check, subject, status in before}
    unmeasured = {check for (check, subject), status in known.items() if not subject and status is Outcome.NOT_MEASURED}
    # a check without measurements before the change may lack them again: its present findings do not bind
    kept = (_unmeasured(one) if one.check in unmeasured else one for one in now)
    was = (Finding(status, subject, "", check=check) for (check, subject), status in known.items())
    return (*(one for one in kept if one is not None), *was)


def _unmeasured(finding: Finding) -> Finding | None:
    """Return a failing finding as not measured (a tolerated state); None for a passing finding (a required state)."""
    return None if _rank(finding) == 0 else replace(finding, status=Outcome.NOT_MEASURED)


def _rank(finding: Finding) -> int:
    return _RANK.get(finding.status, 3)


def _worst(findings: Iterable[Finding]) -> dict[tuple[str, str], Finding]:
    """Return the worst finding by check and subject."""
    worst: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        key = (finding.check, finding.subject)
        if key not in worst or _rank(finding) > _rank(worst[key]):
            worst[key] = finding
    return worst


@dataclass(frozen=True)
class SettleResult:
    """The final state of the device. `regressions` is empty if the change may stay; `looks` counts the rounds."""

    findings: Findings
    regressions: tuple[Regression, ...]
    improvements: Findings
    looks: int

    @property
    def good(self) -> bool:
        """Return True if nothing is worse and something was measured."""
        return not self.regressions and self.measured > 0

    @property
    def unmeasured(self) -> bool:
        """Return True if no check is worse, but some have no measurement any more."""
        now = [one.after.status if one.after else Outcome.NOT_MEASURED for one in self.regressions]
        return not self.good and set(now) <= {Outcome.NOT_MEASURED}

    @property
    def measured(self) -> int:
        """Return the number of findings with a measurement."""
        return sum(finding.status is not Outcome.NOT_MEASURED for finding in self.findings)

    @property
    def summary(self) -> str | Message:
        """Return a line for tables and the journal: the measurement, or the first regression."""
        if self.regressions:
            first, more = self.regressions[0].summary, len(self.regressions) - 1
            return message("change:verified.regressions", first=first, more=more) if more else first
        if not self.measured:
            return message("change:verified.nothing")
        if self.improvements:
            return message("change:verified.better", measured=self.measured, better=len(self.improvements))
        return message("change:verified.none_worse", measured=self.measured)


def compare_findings(before: Findings, after: Findings, looks: int = 1) -> SettleResult:
    """Return the comparison of the checks before and after the change."""
    return SettleResult(after, regressions(before, after), improvements(before, after), looks)


def verify_until_stable(
    look: Callable[[], Findings],
    before: Findings,
    *,
    limit_s: float,
    every_s: float = 3.0,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> SettleResult:
    """Run the checks until none is worse, or until another round would exceed `limit_s` (shorter than the guard's
    time).

    Protocols need time to converge. At least one round runs; its exceptions reach the caller.
    """
    end = clock() + limit_s
    looks = 0
    while True:
        began = clock()
        after = look()
        looks += 1
        settled = compare_findings(before, after, looks)
        now = clock()
        if settled.good or now + every_s + (now - began) > end:
            return settled
        sleep(every_s)
