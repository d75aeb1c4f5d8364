"""Gravity of a finding in a verdict, by the kind of its check."""

from __future__ import annotations

from enum import StrEnum

from eventready.checks.check import Kind
from eventready.checks.finding import Finding, Outcome


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
#: Check of the ways themselves: its findings are the state of the users.
WAYS = "service_way"


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
    if finding.check == WAYS or plain in {Gravity.RISK, Gravity.NONE}:
        return plain
    if kind == "care" or (kind == "state" and plain is Gravity.FAILURE):
        return Gravity.RISK
    return plain
