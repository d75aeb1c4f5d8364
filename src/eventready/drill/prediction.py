"""Findings of the audit before a drill: held against its requirements, and compared with the measured outage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eventready.core.messages import Message, from_json, message
from eventready.drill.record import ProbeResult
from eventready.drill.spec import Drill

_WARNINGS = ("warn", "fail")
_HOLDS = ("pass", "waived")


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
            _text(finding),
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
                    sentence = _text(finding)
                    text: Any = from_json(sentence) if sentence else str(finding["message"])
                    yield message("drill:unmet.finding", check=requirement.check, device=device, finding=text)


def _text(finding: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the message as JSON; None for a finding without."""
    return {"id": finding["message_id"], "params": finding["params"]} if finding.get("message_id") else None
