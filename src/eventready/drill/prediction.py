"""Findings of the audit before a drill: held against its requirements, and compared with the measured outage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from eventready.core.messages import Message, Rendered, from_json, message
from eventready.drill.spec import Drill
from eventready.drill.steps import Predicted, ProbeResult
from eventready.store.run_records import RunFinding

_WARNINGS = ("warn", "fail")
_HOLDS = ("pass", "waived")


def predictions(drill: Drill, findings: Iterable[RunFinding]) -> tuple[Predicted, ...]:
    """Warnings and failures of the drill's predicting checks, on any device of the audit."""
    return tuple(
        Predicted(one.check, one.device, one.subject, one.status, _sentence(one))
        for one in findings
        if one.check in drill.predicted_by and one.status in _WARNINGS
    )


def unpredicted(probes: Sequence[ProbeResult], predicted: Sequence[Predicted]) -> bool:
    """True for a missed limit without an announcing finding: a gap in the checks."""
    return not predicted and any(not probe.within for probe in probes)


def unmet(drill: Drill, findings: Iterable[RunFinding]) -> tuple[Message, ...]:
    """Sentences for requirements without a passing finding of the audit."""
    return tuple(_unmet(drill, findings))


def _unmet(drill: Drill, findings: Iterable[RunFinding]) -> Iterator[Message]:
    by_name: dict[tuple[str, str], list[RunFinding]] = defaultdict(list)
    for finding in findings:
        by_name[finding.check, finding.device].append(finding)
    for requirement in drill.requires:
        for device in requirement.devices:
            found = by_name.get((requirement.check, device), [])
            if not found:
                yield message("drill:unmet.not_evaluated", check=requirement.check, device=device)
            for finding in found:
                if finding.status not in _HOLDS:
                    sentence = _sentence(finding)
                    yield message("drill:unmet.finding", check=requirement.check, device=device, finding=sentence)


def _sentence(finding: RunFinding) -> str:
    """Sentence of a finding, with its message, or its text alone."""
    if not finding.message_id:
        return finding.message
    return Rendered(from_json({"id": finding.message_id, "params": finding.params}), finding.message)
