"""One device's part of a run: what it said and what was found, as it will stand in the run document.

A sheet is made where the device is read, in whatever thread or process that is, and is small from then on: JSON bytes
instead of records and findings, and of these only what others need to see.
"""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from eventready.checks.finding import Finding
from eventready.checks.matrix import Matrix
from eventready.checks.runner import Coverage, coverage
from eventready.checks.verdict import telling
from eventready.facts.observation import Observation, Status
from eventready.run import canonical

#: What these say of a device is that nobody could ask it anything.
_NO_SESSION = frozenset({Status.UNREACHABLE, Status.DENIED, Status.TIMEOUT})


@dataclass(frozen=True)
class Sheet:
    """`observations` are items of the document's list with commas between them, and so are `findings`, by check.

    `telling` are the findings that verdicts rest on, `counts` tells how many there are of each status,
    `packed` holds what `shared` gives, and `reason` says why a device was not reached.
    """

    device: str
    reachable: bool
    reason: str
    observations: bytes
    findings: Mapping[str, bytes]
    telling: tuple[Finding, ...]
    counts: Mapping[str, int]
    coverage: Coverage
    packed: bytes

    @property
    def shared(self) -> tuple[Observation, ...]:
        """The observations that checks across devices look at; made anew each time, from a tenth of their memory."""
        observations: tuple[Observation, ...] = pickle.loads(self.packed)  # noqa: S301  our own, from `sheet_of`
        return observations


def sheet_of(device: str, matrix: Matrix, observations: Sequence[Observation], findings: Sequence[Finding]) -> Sheet:
    """The sheet of one device, from everything that was observed of it and found about it alone."""
    told = sorted(observations, key=lambda o: (o.fact, o.reading))
    answered = any(o.status not in _NO_SESSION and o.evidence for o in told)
    shared = matrix.shared(device)
    return Sheet(
        device=device,
        reachable=answered,
        reason="" if answered else next((o.reason for o in told if o.reason), "It was not asked anything."),
        observations=_items(map(_observation, told)),
        findings=by_check(findings),
        telling=telling(findings),
        counts=Counter(str(finding.status) for finding in findings),
        coverage=coverage(matrix, told, [device]),
        packed=pickle.dumps(tuple(o for o in told if o.fact in shared)),
    )


def by_check(findings: Iterable[Finding]) -> dict[str, bytes]:
    """The findings about one device, which come in the order of their checks, as items of the document's list."""
    together = groupby(findings, key=lambda finding: finding.check)
    return {check: _items(map(_finding, group)) for check, group in together}


def _items(entries: Iterable[Mapping[str, Any]]) -> bytes:
    return canonical(list(entries))[1:-1]


def _observation(observation: Observation) -> dict[str, Any]:
    return {
        "device": observation.device,
        "fact": observation.fact,
        "reading": observation.reading,
        "status": str(observation.status),
        "command": observation.command,
        "evidence": observation.evidence,
        "reason": observation.reason,
        "rows": [row.model_dump(mode="json", exclude_none=True) for row in observation.rows],
        "unmatched": list(observation.unmatched),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "device": finding.device,
        "subject": finding.subject,
        "status": str(finding.status),
        "value": finding.value,
        "limit": finding.limit,
        "unit": finding.unit,
        "message": finding.message,
        "duties": finding.duties,
        "evidence": finding.evidence,
        "text": finding.text,
        "params": finding.params,
        "venues": finding.venues,
        "services": finding.services,
        "blind": finding.blind,
        "waiver": finding.waiver,
        "was": str(finding.was) if finding.was else "",
    }
