"""Results of a run for papers: findings, verdict summary, and the department's topics."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import get_args

from eventready.checks.check import Topic
from eventready.checks.registry import all_checks
from eventready.core.language import Language
from eventready.papers.material.findings import ORDER, FindingLine, RunContext, RunFindings, ranked
from eventready.store.run import Run, Summary
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


TOPICS: tuple[Topic, ...] = get_args(Topic)


@dataclass(frozen=True)
class TopicResults:
    """Findings of a topic: numbers by status, and the lines except passes, the most urgent first."""

    counts: Mapping[str, int]
    lines: tuple[FindingLine, ...]
    devices: int

    @property
    def total(self) -> int:
        """The number of findings."""
        return sum(self.counts.values())

    @property
    def wrong(self) -> tuple[FindingLine, ...]:
        """Failures and warnings."""
        return tuple(line for line in self.lines if line.status in ("fail", "warn"))


@dataclass(frozen=True)
class RunResults:
    """A run with its findings by topic."""

    run: Run
    context: RunContext
    findings: RunFindings
    topics: Mapping[Topic, TopicResults]
    measures: tuple[Measure, ...]
    summary: Summary

    @classmethod
    def of(cls, run: Run, language: Language, *, measures: bool = True) -> RunResults:
        """Read a run document once; without `measures`, passes are only counted."""
        context = RunContext.of(run.header, language)
        figures = MeasureHeap()
        findings = RunFindings.of(run, context, figures.add if measures else lambda _: False)
        summary = Summary.of(run, findings.counts)
        return cls(run, context, findings, _topics(findings), figures.measures(), summary)


def topic_of(check: str) -> Topic:
    """Return the topic of a check; `network` for an unknown check."""
    return _check_topics().get(check, "network")


@cache
def _check_topics() -> Mapping[str, Topic]:
    return {check.name: check.topic for check in all_checks()}


def _topics(findings: RunFindings) -> dict[Topic, TopicResults]:
    counts: dict[Topic, dict[str, int]] = {topic: dict.fromkeys(ORDER, 0) for topic in TOPICS}
    lines: dict[Topic, list[FindingLine]] = {topic: [] for topic in TOPICS}
    devices: dict[Topic, set[str]] = {topic: set() for topic in TOPICS}
    for (check, status), number in findings.by_check.items():
        in_topic = counts[topic_of(check)]
        in_topic[status] = in_topic.get(status, 0) + number
    for line in findings.lines:
        lines[topic_of(line.check)].append(line)
        devices[topic_of(line.check)].add(line.device)
    for device, passes in findings.passes.items():
        for one in passes:
            devices[topic_of(one.check)].add(device)
    return {topic: TopicResults(counts[topic], tuple(lines[topic]), len(devices[topic])) for topic in TOPICS}
