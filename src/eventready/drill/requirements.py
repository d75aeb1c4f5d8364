"""Requirements of a drill, held against the findings of an audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from eventready.core.messages import Message, from_json, message
from eventready.drill.spec import Drill

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
