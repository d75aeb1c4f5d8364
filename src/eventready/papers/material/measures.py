"""The measured figures of a run beside their limits, those nearest to their limits first."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

from eventready.papers.material.findings import ranked
from eventready.store.run_records import FindingStatus, RunFinding

#: Figures that a report keeps; the rest is far from its limits.
KEPT = 2_000


@dataclass(frozen=True)
class Measure:
    """Figure of a subject, in the unit of its limit."""

    device: str
    check: str
    subject: str
    value: float
    limit: float
    unit: str
    status: FindingStatus
    services: tuple[str, ...] = ()


class MeasureHeap:
    """The measures nearest to their limits, from any number of findings."""

    def __init__(self) -> None:
        self._total = 0
        self._nearest: list[tuple[tuple[float, float], int, Measure]] = []

    def add(self, findings: Iterable[RunFinding]) -> bool:
        """Include findings with a figure and a limit; ignore others. Return False once no pass would be kept."""
        for one in findings:
            value, limit = one.value, one.limit
            if not (isinstance(value, int | float) and isinstance(limit, int | float)):
                continue
            self._total += 1
            place = -ranked(one.status), _share(value, limit)
            if len(self._nearest) == KEPT and place <= self._nearest[0][0]:
                continue
            measure = Measure(one.device, one.check, one.subject, value, limit, one.unit, one.status, one.services)
            heapq.heappush(self._nearest, (place, -self._total, measure))
            if len(self._nearest) > KEPT:
                heapq.heappop(self._nearest)
        return len(self._nearest) < KEPT or self._nearest[0][0][0] <= -ranked("pass")

    def measures(self) -> tuple[Measure, ...]:
        """The kept measures: failures first, then by their share of the limit."""
        return tuple(sorted((measure for _, _, measure in self._nearest), key=_nearness))


def highest(measures: Iterable[Measure], checks: Iterable[str], service: str) -> Measure | None:
    """Return the measure of these checks with the highest value, among the measures of a service."""
    wanted = frozenset(checks)
    found = [one for one in measures if one.check in wanted and (not one.services or service in one.services)]
    return max(found, key=lambda one: one.value, default=None)


def _nearness(one: Measure) -> tuple[object, ...]:
    return ranked(one.status), -_share(one.value, one.limit), one.device, one.check, one.subject


def _share(value: float, limit: float) -> float:
    return value / limit if limit > 0 and value >= 0 else -1.0
