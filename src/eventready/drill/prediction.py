"""Findings of the audit before a drill, compared with the measured outage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
