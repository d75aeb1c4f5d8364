"""Requirements of a drill and the prediction of its failure, held against the findings of an audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eventready.core.messages import Message, from_json, message
from eventready.drill.record import ProbeResult
from eventready.drill.spec import Drill

_WARNINGS = ("warn", "fail")


@dataclass(frozen=True)
class Predicted:
    """Finding of an audit, announcing a long outage."""

    check: str
    device: str
    subject: str
    status: str
    message: str
    text: Any = None  # the message as JSON; None in records before messages were kept


def predictions(drill: Drill, findings: Iterable[Mapping[str, Any]]) -> tuple[Predicted, ...]:
    """Warnings and failures of the drill's predicting checks, on any device of the audit."""
    return tuple(
        Predicted(
            str(finding["check"]),
            str(finding["device"]),
            str(finding["subject"]),
            str(finding["status"]),
            str(finding["message"]),
            {"id": finding["message_id"], "params": finding["params"]} if finding.get("message_id") else None,
        )
        for finding in findings
        if finding["check"] in drill.predicted_by and finding["status"] in _WARNINGS
    )


def unpredicted(probes: Sequence[ProbeResult], predicted: Sequence[Predicted]) -> bool:
    """True for a missed limit without an announcing finding: a gap in the checks."""
    return not predicted and any(not probe.within for probe in probes)


_HOLDS = ("pass", "waived")


def unmet(drill: Drill, findings: Iterable[Mapping[str, Any]]) -> tuple[Message, ...]:
    """Sentences for requirements without a passing finding of the audit."""
    by_name: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for finding in findings:
        by_name.setdefault((str(finding["check"]), str(finding["device"])), []).append(finding)
    return tuple(_unmet(drill, by_name))


def _unmet(drill: Drill, by_name: Mapping[tuple[str, str], list[Mapping[str, Any]]]) -> Iterable[Message]:
    for requirement in drill.requires:
        for device in requirement.devices:
            found = by_name.get((requirement.check, device), [])
            if not found:
                yield message("drill:unmet.not_evaluated", check=requirement.check, device=device)
            yield from (
                message("drill:unmet.finding", check=requirement.check, device=device, finding=finding_text(finding))
                for finding in found
                if finding["status"] not in _HOLDS
            )


def finding_text(finding: Mapping[str, Any]) -> str | Message:
    """Sentence of a finding in a document: its message, or the English text where there is none."""
    if not finding.get("message_id"):
        return str(finding["message"])
    found: Message = from_json({"id": finding["message_id"], "params": finding["params"]})
    return found
