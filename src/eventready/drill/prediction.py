"""Findings of the audit before a drill: held against its requirements, and compared with the measured outage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from eventready.core.messages import Message, Rendered, from_json, message
from eventready.drill.spec import Drill
from eventready.drill.steps import Predicted, ProbeResult

_WARNINGS = ("warn", "fail")
_HOLDS = ("pass", "waived")


def predictions(drill: Drill, findings: Iterable[Mapping[str, Any]]) -> tuple[Predicted, ...]:
    """Warnings and failures of the drill's predicting checks, on any device of the audit."""
    return tuple(
        Predicted(
            str(finding["check"]),
            str(finding["device"]),
            str(finding["subject"]),
            str(finding["status"]),
            _sentence(finding),
        )
        for finding in findings
        if finding["check"] in drill.predicted_by and finding["status"] in _WARNINGS
    )


def unpredicted(probes: Sequence[ProbeResult], predicted: Sequence[Predicted]) -> bool:
    """True for a missed limit without an announcing finding: a gap in the checks."""
    return not predicted and any(not probe.within for probe in probes)


def unmet(drill: Drill, findings: Iterable[Mapping[str, Any]]) -> tuple[Message, ...]:
    """Sentences for requirements without a passing finding of the audit."""
    return tuple(_unmet(drill, findings))


def _unmet(drill: Drill, findings: Iterable[Mapping[str, Any]]) -> Iterator[Message]:
    by_name: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for finding in findings:
        by_name[str(finding["check"]), str(finding["device"])].append(finding)
    for requirement in drill.requires:
        for device in requirement.devices:
            found = by_name.get((requirement.check, device), [])
            if not found:
                yield message("drill:unmet.not_evaluated", check=requirement.check, device=device)
            for finding in found:
                if finding["status"] not in _HOLDS:
                    sentence = _sentence(finding)
                    yield message("drill:unmet.finding", check=requirement.check, device=device, finding=sentence)


def _sentence(finding: Mapping[str, Any]) -> str:
    """Sentence of a finding, with its message, or its text alone."""
    if not finding.get("message_id"):
        return str(finding["message"])
    return Rendered(from_json({"id": finding["message_id"], "params": finding["params"]}), str(finding["message"]))
