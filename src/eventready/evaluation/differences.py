"""Two runs laid side by side, finding by finding: new, fixed, still, worse, better, and no longer seen."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from eventready.evaluation.alike import About, Identity, about
from eventready.store.run import Run, open_findings, read_findings
from eventready.store.run_parts import ItemsByCheck, all_passed
from eventready.store.run_records import Named, RunFinding

_RANK = {"pass": 0, "waived": 1, "warn": 3, "not_measured": 4, "fail": 5}
_BLIND_RANK = 2


@dataclass(frozen=True, slots=True)
class Change:
    """Finding before and after, as in the runs; None where a run lacks the finding."""

    before: RunFinding | None
    after: RunFinding | None

    @property
    def identity(self) -> Identity:
        """Check, device, subject."""
        return self.entry.identity

    @property
    def entry(self) -> RunFinding:
        """The finding after, else before."""
        return self.after or self.before or _NO_FINDING


def change_about(change: Change) -> About:
    """Subject of a change; alike changes have the same statuses before and after."""
    found = about(change.entry)
    return found._replace(kind=f"{change.before and change.before.status} {found.kind}")


#: Finding of a change without its findings.
_NO_FINDING = RunFinding("", "", "pass")
#: Change without its findings.
UNNAMED = Change(None, None)


@dataclass(frozen=True)
class Diff:
    """Findings by kind of change. `unseen`: bad before and not measured in the later run."""

    new: tuple[Change, ...] = ()
    fixed: tuple[Change, ...] = ()
    still: tuple[Change, ...] = ()
    worse: tuple[Change, ...] = ()
    better: tuple[Change, ...] = ()
    unseen: tuple[Change, ...] = ()


def rests_between(before: Run, after: Run) -> dict[Named, Named]:
    """Elements of two runs with the element below each; the later run counts for an element of both."""
    return {**before.header.below, **after.header.below}


def compare_runs(earlier: Run, later: Run, subjects_open: Mapping[tuple[str, str], int] | None = None) -> Diff:
    """Compare the findings of two runs, device by device where both are stored so.

    With `subjects_open`, the numbers of the later run's subjects without a pass by device and check, the changes that
    are `still` are counted only: each is UNNAMED.
    """
    before, after = earlier.findings_by_device(), later.findings_by_device()
    if before is None or after is None:
        return compare(earlier.findings(), later.findings())
    changes = [
        (kind, change)
        for device, old, new in _aligned(before, after)
        for check in old.keys() | new.keys()
        for kind, change in (
            [("still", UNNAMED)] * subjects_open.get((device, check.decode(errors="replace")), 0)
            if subjects_open is not None and old.get(check) == new.get(check)
            else _changes_of(old.get(check, b""), new.get(check, b""), unchanged=subjects_open is None)
        )
    ]
    named = sorted((item for item in changes if item[1] is not UNNAMED), key=lambda item: item[1].identity)
    return _sorted_out(named + [("still", UNNAMED)] * (len(changes) - len(named)))


def _aligned(
    before: Iterable[tuple[str, ItemsByCheck]], after: Iterable[tuple[str, ItemsByCheck]]
) -> Iterator[tuple[str, ItemsByCheck, ItemsByCheck]]:
    """Findings of each device in both runs."""
    sides = heapq.merge(((name, 0, found) for name, found in before), ((name, 1, found) for name, found in after))
    for device, found in groupby(sides, key=itemgetter(0)):
        of_side = {side: by_check for _, side, by_check in found}
        yield device, of_side.get(0, {}), of_side.get(1, {})


def _changes_of(before: bytes, after: bytes, *, unchanged: bool) -> Iterable[tuple[str, Change]]:
    """Changes of the findings of a check at a device."""
    if all_passed(before) and all_passed(after):
        return ()
    if before == after:
        return [("still", Change(finding, finding)) for finding in _worst(open_findings(after)).values()]
    changes = _changes(read_findings(before), read_findings(after))
    return changes if unchanged else ((kind, UNNAMED if kind == "still" else change) for kind, change in changes)


def compare(earlier: Iterable[RunFinding], later: Iterable[RunFinding]) -> Diff:
    """Compare the findings of two runs; findings good in both runs are left out."""
    return _sorted_out(_changes(earlier, later))


def _sorted_out(changes: Iterable[tuple[str, Change]]) -> Diff:
    sorted_out: dict[str, list[Change]] = {}
    for kind, change in changes:
        sorted_out.setdefault(kind, []).append(change)
    return Diff(**{kind: tuple(found) for kind, found in sorted_out.items()})


def _changes(earlier: Iterable[RunFinding], later: Iterable[RunFinding]) -> Iterator[tuple[str, Change]]:
    before, after = _worst(earlier), _worst(later)
    measured = {key[:2] for key, finding in after.items() if _measured(finding)}
    for key in sorted(before.keys() | after.keys()):
        change = Change(before.get(key), after.get(key))
        kind = _kind(change, measured=key[:2] in measured)
        if kind:
            yield kind, change


def _measured(finding: RunFinding) -> bool:
    """True for a finding based on a measurement, also with a waiver."""
    return "not_measured" not in (finding.status, finding.was)


def _worst(findings: Iterable[RunFinding]) -> dict[Identity, RunFinding]:
    worst: dict[Identity, RunFinding] = {}
    for finding in findings:
        key = finding.identity
        other = worst.setdefault(key, finding)
        if other is not finding and _rank(finding) > _rank(other):
            worst[key] = finding
    return worst


def _rank(finding: RunFinding) -> int:
    if finding.status == "not_measured" and finding.blind:
        return _BLIND_RANK
    return _RANK[finding.status]


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
