"""Open findings of a watch: bad states in force, with the time since when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from eventready.checks.finding import Finding, Outcome
from eventready.core.clock import TZ
from eventready.core.messages import to_json
from eventready.core.strings.json_text import canonical
from eventready.watch.states import Key, Often, States

#: Order of open states, the worst first.
RANK: Mapping[str, int] = {"fail": 0, "not_measured": 1, "warn": 2}


def sentence_of(finding: Finding) -> dict[str, Any]:
    """State and sentence of a finding as plain JSON types."""
    return {
        "status": str(finding.status),
        "message": finding.message,
        "message_id": finding.message_id,
        "params": {name: to_json(value) for name, value in finding.params.items()},
    }


@dataclass(frozen=True)
class OpenFinding:
    """Finding with its state in force since a time, in seconds of the event's clock.

    `often`: of a state that changes often, which is a warning at least, whatever the finding is now. `cause`: of a
    missing measurement.
    """

    finding: Finding
    status: str
    since: float
    often: Often | None = None
    cause: str = ""

    @cached_property
    def key(self) -> Key:
        """Identity of the finding."""
        return Key(self.finding.device, self.finding.check, self.finding.subject)

    @cached_property
    def sentence(self) -> dict[str, Any]:
        """State and sentence as plain JSON types, with the number of frequent changes."""
        finding, often = self.finding, self.often
        return {
            **sentence_of(finding),
            "status": self.status,
            **({"often": {**often._asdict(), "now": str(finding.status)}} if often else {}),
        }

    @cached_property
    def document(self) -> bytes:
        """The finding in a snapshot, as canonical JSON."""
        finding = self.finding
        return canonical({
            "device": finding.device,
            "check": finding.check,
            "subject": finding.subject,
            "since": datetime.fromtimestamp(self.since, TZ).isoformat(timespec="seconds"),
            "venues": list(finding.venues),
            "services": list(finding.services),
            "cause": self.cause,
            **self.sentence,
        })  # fmt: skip


def open_of(findings: Iterable[Finding], states: States) -> Iterator[OpenFinding]:
    """Yield the open findings and those with frequent changes, without blind spots."""
    for finding in findings:
        key = Key(finding.device, finding.check, finding.subject)
        known, often = states.status(key), states.often(key)
        if known is None or finding.blind:
            continue
        if often:
            status = str(finding.status) if finding.status in RANK else str(Outcome.WARN)
            yield OpenFinding(finding, status, known[1], often)
        elif known[0] in RANK and finding.status in RANK:
            yield OpenFinding(finding, *known, cause=states.cause(key))
