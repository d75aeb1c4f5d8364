"""Score of an audit in a lab: expected findings reported or missing, and unexpected findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Finding = tuple[str, str, str, str]
_PROBLEMS = frozenset({"warn", "fail", "not_measured"})


@dataclass(frozen=True)
class Score:
    """Findings as (check, device, subject, status), sorted. `unexpected` findings are not part of the scenario."""

    found: tuple[Finding, ...]
    missed: tuple[Finding, ...]
    unexpected: tuple[Finding, ...]

    @property
    def perfect(self) -> bool:
        """True when exactly the expected findings were reported."""
        return not self.missed and not self.unexpected


def score(findings: Iterable[Mapping[str, Any]], expected: Iterable[Sequence[str]]) -> Score:
    """Compare a run's findings with the expected ones. Blind spots of a platform are not counted."""
    reported = {
        (str(f["check"]), str(f["device"]), str(f["subject"]), str(f["status"]))
        for f in findings
        if f["status"] in _PROBLEMS and not f["blind"]
    }
    wanted = {(check, device, subject, status) for check, device, subject, status in expected}
    return Score(tuple(sorted(wanted & reported)), tuple(sorted(wanted - reported)), tuple(sorted(reported - wanted)))
