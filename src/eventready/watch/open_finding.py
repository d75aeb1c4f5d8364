"""Open findings of a watch: bad states in force, with the time since when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from eventready.checks.finding import Finding
from eventready.core.clock import TZ
from eventready.core.messages import to_json
from eventready.store.run import canonical
from eventready.watch.states import Key, States

#: Order of open states, the worst first.
RANK: Mapping[str, int] = {"fail": 0, "not_measured": 1, "warn": 2}


@dataclass(frozen=True)
class OpenFinding:
    """Finding with its state in force since a time, in seconds of the event's clock."""

    finding: Finding
    status: str
    since: float

    @cached_property
    def key(self) -> Key:
        """Identity of the finding."""
        return Key(self.finding.device, self.finding.check, self.finding.subject)

    @cached_property
    def document(self) -> bytes:
        """The finding in a snapshot, as canonical JSON."""
        finding = self.finding
        return canonical({
            "device": finding.device,
            "check": finding.check,
            "subject": finding.subject,
            "status": self.status,
            "since": datetime.fromtimestamp(self.since, TZ).isoformat(timespec="seconds"),
            "venues": list(finding.venues),
            "services": list(finding.services),
            "message": finding.message,
            "message_id": finding.message_id,
            "params": {name: to_json(value) for name, value in finding.params.items()},
        })  # fmt: skip


def open_of(findings: Iterable[Finding], states: States) -> Iterator[OpenFinding]:
    """Yield the open findings, without blind spots."""
    for finding in findings:
        if finding.blind or finding.status not in RANK:
            continue
        known = states.status(Key(finding.device, finding.check, finding.subject))
        if known is not None and known[0] in RANK:
            yield OpenFinding(finding, *known)
