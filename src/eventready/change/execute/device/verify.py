"""Verification: the audit's facts and checks before and after a change; no check may become worse.

A check that failed before may keep failing, and a subject that was not measured before proves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from eventready.change.execute.device.checks import Findings
from eventready.checks.finding import Finding, Outcome
from eventready.core.messages import Message, message, rendered

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
    def summary(self) -> str:
        """Return a sentence: the check, the status before and after."""
        name = f"{self.check} {self.subject}".rstrip()
        was = (
            message(f"change:regression_before.{self.before.status}")
            if self.before
            else message("change:regression.new")
        )
        if self.after is None:
            return rendered("change:regression.gone", name=name, was=was)
        now = Message(self.after.message_id, self.after.params)
        return rendered("change:regression.now", name=name, was=was, now=now)


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
    def measured(self) -> int:
        """Return the number of findings with a measurement."""
        return sum(finding.status is not Outcome.NOT_MEASURED for finding in self.findings)

    @property
    def summary(self) -> str:
        """Return a line for tables and the journal: the measurement, or the first regression."""
        if self.regressions:
            first, more = self.regressions[0].summary, len(self.regressions) - 1
            return rendered("change:verified.regressions", first=first, more=more) if more else first
        if not self.measured:
            return rendered("change:verified.nothing")
        if self.improvements:
            return rendered("change:verified.better", measured=self.measured, better=len(self.improvements))
        return rendered("change:verified.none_worse", measured=self.measured)


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
