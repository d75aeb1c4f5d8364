"""States of the devices of a map: findings by device and status, and single points of failure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from eventready.store.run_records import RunFinding

_SINGLE = "single_point"


@dataclass(frozen=True)
class DeviceStates:
    """Findings by device and status without blind spots, and single points of failure by name."""

    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    single: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, findings: Iterable[RunFinding]) -> DeviceStates:
        """States after these findings."""
        states = cls()
        for finding in findings:
            states.count(finding.status, finding.device, finding.check, 1, blind=finding.blind)
            states.include(finding)
        return states

    def count(self, status: str, device: str, check: str, number: int, *, blind: bool) -> None:
        """Count findings of a check on a device."""
        if check != _SINGLE and not blind:
            self.counts[device][status] += number

    def include(self, finding: RunFinding) -> None:
        """Include the single point of failure of a finding."""
        if finding.check == _SINGLE and finding.status in ("fail", "warn"):
            self.single.add(finding.subject)
