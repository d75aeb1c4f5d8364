"""Two runs laid side by side, finding by finding: new, fixed, still, worse, better, and no longer seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Entry = Mapping[str, Any]
Identity = tuple[str, str, str]

_RANK = {"pass": 0, "waived": 1, "warn": 3, "not_measured": 4, "fail": 5}
_BLIND_RANK = 2


@dataclass(frozen=True)
class Change:
    """Finding before and after, as in the run documents; None where a run lacks the finding."""

    before: Entry | None
    after: Entry | None

    @property
    def identity(self) -> Identity:
        """Check, device, subject."""
        return identity(self.after or self.before or {})


@dataclass(frozen=True)
class Diff:
    """Findings by kind of change. `unseen`: bad before and not measured in the later run."""

    new: tuple[Change, ...] = ()
    fixed: tuple[Change, ...] = ()
    still: tuple[Change, ...] = ()
    worse: tuple[Change, ...] = ()
    better: tuple[Change, ...] = ()
    unseen: tuple[Change, ...] = ()


def identity(finding: Entry) -> Identity:
    """Identity of a finding across runs: check, device, subject."""
    return (str(finding.get("check", "")), str(finding.get("device", "")), str(finding.get("subject", "")))


def compare(earlier: Iterable[Entry], later: Iterable[Entry]) -> Diff:
    """Compare the `findings` of two run documents; findings good in both runs are left out."""
    before, after = _worst(earlier), _worst(later)
    measured = {key[:2] for key, finding in after.items() if _measured(finding)}
    sorted_out: dict[str, list[Change]] = {}
    for key in sorted(before.keys() | after.keys()):
        change = Change(before.get(key), after.get(key))
        kind = _kind(change, measured=key[:2] in measured)
        if kind:
            sorted_out.setdefault(kind, []).append(change)
    return Diff(**{kind: tuple(changes) for kind, changes in sorted_out.items()})


def _measured(finding: Entry) -> bool:
    """True for a finding based on a measurement, also with a waiver."""
    return "not_measured" not in (finding["status"], finding.get("was"))


def _worst(findings: Iterable[Entry]) -> dict[Identity, Entry]:
    worst: dict[Identity, Entry] = {}
    for finding in findings:
        key = identity(finding)
        if key not in worst or _rank(finding) > _rank(worst[key]):
            worst[key] = finding
    return worst


def _rank(finding: Entry) -> int:
    if finding["status"] == "not_measured" and finding.get("blind"):
        return _BLIND_RANK
    return _RANK[finding["status"]]


def _kind(change: Change, *, measured: bool) -> str:
    """Name of the field of Diff for a change; empty for a finding good in both runs."""
    before = _rank(change.before) if change.before else 0
    after = _rank(change.after) if change.after else 0
    if change.after is None and before:
        return "fixed" if measured else "unseen"
    if not before or not after:
        return "new" if after else "fixed" if before else ""
    if before == after or (before > after == _RANK["not_measured"]):
        return "still"  # a failure that can no longer be measured has not become better
    return "worse" if after > before else "better"
