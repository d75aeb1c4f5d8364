"""Score of an audit in a lab: expected findings reported or missing, and unexpected findings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eventready.checks.registry import all_checks
from eventready.evaluation.waivers import WAIVER

Finding = tuple[str, str, str, str]
_PROBLEMS = frozenset({"warn", "fail", "not_measured"})


@dataclass(frozen=True)
class Score:
    """Findings as (check, device, subject, status), sorted. `unexpected` findings are neither part of the scenario nor
    known from the inventory."""

    found: tuple[Finding, ...]
    missed: tuple[Finding, ...]
    unexpected: tuple[Finding, ...]

    @property
    def perfect(self) -> bool:
        """True when exactly the expected findings were reported."""
        return not self.missed and not self.unexpected


def score(
    findings: Iterable[Mapping[str, Any]], expected: Iterable[Sequence[str]], absent: Collection[str] = ()
) -> Score:
    """Compare a run's findings with the expected ones.

    Not counted as unexpected: blind spots of a platform, findings of `absent` devices, which the lab does not simulate,
    and findings from the inventory alone, which no fault causes (a device with a login in clear text).
    """
    known = _inventory_checks()
    reported = {
        (str(f["check"]), str(f["device"]), str(f["subject"]), str(f["status"]))
        for f in findings
        if f["status"] in _PROBLEMS and not f["blind"]
    }
    wanted = {(check, device, subject, status) for check, device, subject, status in expected}
    unexpected = {one for one in reported - wanted if one[0] not in known and one[1] not in absent}
    return Score(tuple(sorted(wanted & reported)), tuple(sorted(wanted - reported)), tuple(sorted(unexpected)))


def _inventory_checks() -> frozenset[str]:
    """The checks without a measurement: their findings follow from the inventory, in any state of the network."""
    return frozenset({WAIVER, *(check.name for check in all_checks() if not check.needs)})
