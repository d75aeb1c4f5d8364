"""What a change did to a device: the audit's own facts and checks, asked before and after.

A change may not make anything worse. Nothing here asks whether all is well: what failed before the change may go on
failing, and what could not be measured before proves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TypeAlias

from eventready.checks.finding import Finding, Outcome
from eventready.checks.limits import ResolvedLimits
from eventready.checks.matrix import Ask, Matrix, build_matrix
from eventready.checks.runner import judge
from eventready.facts.platform import Platform
from eventready.facts.read import observe
from eventready.session.reply import Reply
from eventready.workspace.device import Device

Findings: TypeAlias = tuple[Finding, ...]
#: Sends commands that only read and gives one reply for each, as `Session.ask` does.
AskDevice: TypeAlias = Callable[[Sequence[str]], Sequence[Reply]]

#: What was not good: (check, subject, status), as it stands on record.
Amiss: TypeAlias = tuple[tuple[str, str, str], ...]

#: A change is saved after it has been verified: until then the running configuration is not the saved one.
_LATER = frozenset({"saved_config"})
_RANK = {Outcome.PASS: 0, Outcome.WAIVED: 0, Outcome.WARN: 1, Outcome.FAIL: 2}
_SAID = {
    Outcome.PASS: "passed",
    Outcome.WARN: "warned",
    Outcome.FAIL: "failed",
    Outcome.NOT_MEASURED: "was not measured",
    Outcome.WAIVED: "was waived",
}


@dataclass(frozen=True)
class Examination:
    """What one device is asked, settled before the first connection.

    Only checks that look at one device: those that compare devices need the fleet. Waivers do not count, for what was
    waived and is as bad as before is no worse. Counters are read once, so that rates are measured neither before nor
    after.
    """

    device: Device
    platform: Platform
    limits: ResolvedLimits | None = None

    @cached_property
    def _matrix(self) -> Matrix:
        return build_matrix([self.device], {self.platform.name: self.platform}, fleet=False)

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """The facts that the checks of this device need, but those that a change moves until it is saved."""
        return tuple(fact for fact in self._matrix.facts_for(self.device.name) if fact not in _LATER)

    def look(self, ask: AskDevice, moment: datetime) -> Findings:
        """Read and judge the device. `moment` (aware) is the event's. A device that does not answer is not measured."""
        observations = observe(self.device.name, self.platform, self.facts, ask) if self.facts else []
        found = judge([self.device], self._matrix, observations, moment=moment, limits=self.limits, scope="device")
        later = {name for name, check in self._matrix.checks.items() if _LATER & set(check.needs)}
        return tuple(finding for finding in found if finding.check not in later)

    @property
    def asks(self) -> bool:
        """False where no check applies, or the platform has words for none: then a change cannot be verified."""
        return any(cell.state is Ask.ASKED for cell in self._matrix.of(self.device.name))


@dataclass(frozen=True)
class Worsened:
    """One check and subject that is worse than before; `before` is None for a failure that nobody knew."""

    check: str
    subject: str
    before: Finding | None
    after: Finding | None

    @property
    def said(self) -> str:
        """One sentence: the check, how it was and how it is."""
        name = f"{self.check} {self.subject}".rstrip()
        was = f"{_SAID[self.before.status]} before" if self.before else "new"
        return f"{name}: {was}, now: {self.after.message}" if self.after else f"{name}: {was}, and no longer told"


def worse(before: Findings, after: Findings) -> tuple[Worsened, ...]:
    """What passed or warned before and is worse now or not measured, and subjects that fail and were not there before.

    A subject that is gone is no worse where its check still tells of others: an expected one would fail.
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
            found.append(Worsened(*key, old, new))
    return tuple(found)


def better(before: Findings, after: Findings) -> Findings:
    """What failed or warned before and now passes, as it is now."""
    was = _worst(before)
    now = _worst(after)
    return tuple(
        now[key]
        for key in sorted(was.keys() & now.keys())
        if was[key].status in (Outcome.WARN, Outcome.FAIL) and _rank(now[key]) < _rank(was[key])
    )


def amiss(findings: Findings) -> Amiss:
    """What warns, fails or is not measured, by check and subject; a check of which nothing was measured stands for
    itself too, with an empty subject."""
    told = {one.check for one in findings if one.status is not Outcome.NOT_MEASURED}
    found = {key: one.status for key, one in _worst(findings).items()}
    found.update({(one.check, ""): Outcome.NOT_MEASURED for one in findings if one.check not in told})
    return tuple(
        (check, subject, str(status))
        for (check, subject), status in sorted(found.items())
        if status not in (Outcome.PASS, Outcome.WAIVED)
    )


def tolerating(now: Findings, before: Amiss) -> Findings:
    """The findings to hold a rollback against: what was amiss before the change may be so again, and no worse.

    A change that has mended something could otherwise never be taken back.
    """
    known = {(check, subject): Outcome(status) for check, subject, status in before}
    untold = {check for (check, subject), status in known.items() if not subject and status is Outcome.NOT_MEASURED}
    # a check that told nothing before the change may tell nothing again: it holds to none of what it tells now
    kept = (_untold(one) if one.check in untold else one for one in now)
    was = (Finding(status, subject, "", check=check) for (check, subject), status in known.items())
    return (*(one for one in kept if one is not None), *was)


def _untold(finding: Finding) -> Finding | None:
    """What is bad now may stay so; what is good now would have to stay so, and is left out."""
    return None if _rank(finding) == 0 else replace(finding, status=Outcome.NOT_MEASURED)


def _rank(finding: Finding) -> int:
    return _RANK.get(finding.status, 3)


def _worst(findings: Iterable[Finding]) -> dict[tuple[str, str], Finding]:
    """By check and subject; of two that say different things of one subject the worse one."""
    worst: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        key = (finding.check, finding.subject)
        if key not in worst or _rank(finding) > _rank(worst[key]):
            worst[key] = finding
    return worst


@dataclass(frozen=True)
class Settled:
    """What the device looked like in the end. `worse` is empty when the change may stay; `looks` how often it took."""

    findings: Findings
    worse: tuple[Worsened, ...]
    better: Findings
    looks: int

    @property
    def good(self) -> bool:
        """Nothing is worse, and something was measured at all."""
        return not self.worse and self.measured > 0

    @property
    def measured(self) -> int:
        """How many findings rest on an answer."""
        return sum(finding.status is not Outcome.NOT_MEASURED for finding in self.findings)

    @property
    def said(self) -> str:
        """One line for tables and the journal: what was verified, or what speaks against it."""
        if self.worse:
            more = f" (and {len(self.worse) - 1} more)" if len(self.worse) > 1 else ""
            return f"{self.worse[0].said}{more}"
        if not self.measured:
            return "nothing could be measured"
        improved = f", {len(self.better)} better" if self.better else ""
        return f"{self.measured} findings, none worse{improved}"


def settle(
    look: Callable[[], Findings],
    before: Findings,
    *,
    limit_s: float,
    every_s: float = 3.0,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Settled:
    """Look until nothing is worse, or until another look would not fit into `limit_s` (keep it below the guard's time).

    Protocols need a moment after a change; a look is taken in any case, and what it raises goes to the caller.
    """
    end = clock() + limit_s
    looks = 0
    while True:
        began = clock()
        after = look()
        looks += 1
        settled = Settled(after, worse(before, after), better(before, after), looks)
        now = clock()
        if settled.good or now + every_s + (now - began) > end:
            return settled
        sleep(every_s)
