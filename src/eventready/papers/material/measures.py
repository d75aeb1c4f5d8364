"""The measured figures of a run beside their limits, those nearest to their limits first."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from eventready.papers.material.findings import ranked

#: Figures that a report keeps; the rest is far from its limits.
KEPT = 2_000
_NUMBERS = frozenset({int, float})


@dataclass(frozen=True)
class Measure:
    """Figure of a subject, in the unit of its limit."""

    device: str
    check: str
    subject: str
    value: float
    limit: float
    unit: str
    status: str
    services: tuple[str, ...] = ()


class MeasureHeap:
    """The measures nearest to their limits, from any number of findings."""

    def __init__(self) -> None:
        self._total = 0
        self._nearest: list[tuple[tuple[float, float], int, Mapping[str, Any]]] = []

    def add(self, findings: Iterable[Mapping[str, Any]]) -> bool:
        """Include findings with a figure and a limit; ignore others. Return False once no pass would be kept."""
        for finding in findings:
            if type(finding.get("value")) not in _NUMBERS or type(finding.get("limit")) not in _NUMBERS:
                continue
            self._total += 1
            rank = -ranked(finding["status"])
            if len(self._nearest) < KEPT:
                heapq.heappush(self._nearest, ((rank, _share(finding)), -self._total, finding))
            elif rank >= self._nearest[0][0][0]:
                heapq.heappushpop(self._nearest, ((rank, _share(finding)), -self._total, finding))
        return len(self._nearest) < KEPT or self._nearest[0][0][0] <= -ranked("pass")

    def measures(self) -> tuple[Measure, ...]:
        """The kept measures: failures first, then by their share of the limit."""
        found = [finding for _, _, finding in self._nearest]
        return tuple(_measure(finding) for finding in sorted(found, key=_nearness))


def highest(measures: Iterable[Measure], checks: Iterable[str], service: str) -> Measure | None:
    """Return the measure of these checks with the highest value, among the measures of a service."""
    wanted = frozenset(checks)
    found = [one for one in measures if one.check in wanted and (not one.services or service in one.services)]
    return max(found, key=lambda one: one.value, default=None)


def _measure(finding: Mapping[str, Any]) -> Measure:
    return Measure(
        device=str(finding.get("device", "")),
        check=str(finding.get("check", "")),
        subject=str(finding.get("subject", "")),
        value=finding["value"],
        limit=finding["limit"],
        unit=str(finding.get("unit") or ""),
        status=str(finding["status"]),
        services=tuple(map(str, finding.get("services", ()))),
    )


def _nearness(finding: Mapping[str, Any]) -> tuple[object, ...]:
    device, check, subject = (str(finding.get(key)) for key in ("device", "check", "subject"))
    return ranked(str(finding["status"])), -_share(finding), device, check, subject


def _share(finding: Mapping[str, Any]) -> float:
    value, limit = float(finding["value"]), float(finding["limit"])
    return value / limit if limit > 0 and value >= 0 else -1.0
