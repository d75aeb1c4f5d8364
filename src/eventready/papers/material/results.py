"""Results of a run for papers: findings, verdict summary, and the department's topics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import get_args

from eventready.checks.check import Topic
from eventready.checks.registry import all_checks
from eventready.core.language import Language
from eventready.papers.material.findings import ORDER, FindingLine, RunContext, RunFindings
from eventready.papers.material.measures import Measure, MeasureHeap
from eventready.store.run import Run, Summary

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
