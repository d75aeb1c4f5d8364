"""Proof of a clause by kind: evidence, missing proofs, and counter-evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Literal, TypeAlias

from eventready.clauses.changes import ChangeOnRecord
from eventready.core.messages import Bilingual, Message, Param, Text, in_both, message
from eventready.core.strings.texts import few, moment_of
from eventready.drill.record import DrillRun
from eventready.drill.steps import MEASURED
from eventready.roster.finding import RosterReport
from eventready.roster.roster import Role
from eventready.store.run import Run
from eventready.store.run_records import RunFinding, RunVenue
from eventready.store.watch_log import WatchLog
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.duties import Duty
from eventready.workspace.settings.event import Event, Window

EvidenceKind: TypeAlias = Literal[
    "check", "change", "roster", "document", "attestation", "incident", "register", "drill", "watch"
]

#: The roster's code of each role that duties.yaml names.
ROLE_CODES: Mapping[str, Role] = {"leadership": "LD", "command": "DH", "shift": "CA", "emergency": "UC",
                                  "operations": "VH"}  # fmt: skip
#: The rule on submission: documents sent prove it, and the roster does not.
_SUBMISSION = 7
#: The message for each status of findings that speak against a clause, the worst first.
_BAD = {
    "fail": "clauses:proof.checks_fail",
    "not_measured": "clauses:proof.checks_not_measured",
    "warn": "clauses:proof.checks_warn",
}
#: Names listed before the rest is cut.
_SHOWN = 3


@dataclass(frozen=True)
class Evidence:
    """A piece of evidence. `ref` is a run, a change, an attestation, a mail, or a version of the roster."""

    kind: EvidenceKind
    ref: str
    text: Text


@dataclass(frozen=True)
class ProofResult:
    """State of a kind of proof. `due`, if set, replaces the clause's own deadline."""

    evidence: tuple[Evidence, ...] = ()
    missing: tuple[Text, ...] = ()
    against: tuple[Text, ...] = ()
    due: datetime | None = None

    @classmethod
    def lacking(cls, msgid: str, /, **params: Param) -> ProofResult:
        """Return a result without evidence, with a message about the missing proof."""
        return cls(missing=(Message(msgid, params),))

    @classmethod
    def proven(cls, kind: EvidenceKind, ref: str, msgid: str, /, **params: Param) -> ProofResult:
        """A piece of evidence."""
        return cls(evidence=(Evidence(kind, ref, Message(msgid, params)),))


@dataclass(frozen=True)
class FindingCount:
    """Number of findings of a device with the same check, venues and status."""

    check: str
    device: str
    venues: frozenset[str]
    status: str
    count: int


def index_findings(run: Run) -> Mapping[str, Sequence[FindingCount]]:
    """Counts of a run's findings by check, read once for all clauses; venues are the finding's or its device's."""
    venues = {device.name: device.venues for device in run.header.devices}
    totals: Counter[tuple[str, str, frozenset[str], str]] = Counter()
    for group in run.sifted_findings():
        for (check, device, own, status), number in group.numbers(_about).items():
            totals[check, device, frozenset(own or venues.get(device, ())), status] += number
    found: dict[str, list[FindingCount]] = {}
    for (check, device, at, status), count in totals.items():
        found.setdefault(check, []).append(FindingCount(check, device, at, status, count))
    return found


def _about(finding: RunFinding) -> tuple[str, str, tuple[str, ...], str]:
    return finding.check, finding.device, finding.venues, _status(finding)


def _status(finding: RunFinding) -> str:
    """Return the status of a finding; a waiver is no measurement where the equipment could have been measured."""
    return "not_measured" if finding.was == "not_measured" and not finding.blind else finding.status


def of_checks(
    duty: Duty, run: Run | None, devices: Sequence[Device], findings: Mapping[str, Sequence[FindingCount]]
) -> ProofResult:
    """Return the findings of a run about a clause: only a pass is evidence, only a pass or a waiver is not
    counter-evidence.

    A finding is about the clauses whose proof names its check. Of `devices`, which are all there are, those that the
    run left out prove nothing. Where the clause names venues, each needs a pass of its own. `findings` are those of the
    run by check.
    """
    if not duty.proof.checks:
        return ProofResult()
    if run is None:
        return ProofResult.lacking("clauses:proof.no_audit")
    mine = [
        found
        for check, counts in findings.items()
        if _matches(check, duty.proof.checks)
        for found in counts
        if not duty.proof.venues or not found.venues.isdisjoint(duty.proof.venues)
    ]
    passed = sum(found.count for found in mine if found.status == "pass")
    against = [text for status in _BAD if (text := _bad(mine, status)) is not None]
    if run.interrupted:
        against.append(message("clauses:proof.audit_interrupted"))
    audited = {device.name for device in run.header.devices}
    if passed and (left_out := _left_out(duty, audited, devices)):
        against.append(left_out)
    if not mine:
        return ProofResult((), (message("clauses:proof.no_check"),), tuple(against))
    if not passed:
        return ProofResult((), (message("clauses:proof.no_check_passes"),), tuple(against))
    unproven = _unproven(duty, run, mine)
    return ProofResult((_passed(run, passed, sum(found.count for found in mine)),), unproven, tuple(against))


def _unproven(duty: Duty, run: Run, mine: Iterable[FindingCount]) -> tuple[Message, ...]:
    proven = frozenset[str]().union(*(found.venues for found in mine if found.status == "pass"))
    venues = {venue.id: venue for venue in run.header.event_info.venues}
    return tuple(
        message("clauses:proof.no_check_passes_at", venue=venues.get(name, RunVenue(name)).title)
        for name in duty.proof.venues
        if name not in proven
    )


def _passed(run: Run, passed: int, count: int) -> Evidence:
    at, rehearsal = moment_of(run.header.moment), run.header.clock.rehearsal
    msgid = "clauses:proof.checks_pass_rehearsal" if rehearsal else "clauses:proof.checks_pass"
    return Evidence("check", run.id, message(msgid, passed=passed, count=count, at=at))


def _left_out(duty: Duty, audited: Collection[str], devices: Iterable[Device]) -> Message | None:
    """Return a message about the devices at the clause's venues outside the audit."""
    venues = set(duty.proof.venues)
    names = [d.name for d in devices if d.name not in audited and (not venues or venues & set(d.venues))]
    if not names:
        return None
    return message("clauses:proof.devices_left_out", n=len(names), names=few(names, _SHOWN, "…"))


@cache
def _matches(check: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(check, glob) for glob in globs)


def _bad(findings: Iterable[FindingCount], status: str) -> Message | None:
    bad = [found for found in findings if found.status == status]
    if not bad:
        return None
    places = list(dict.fromkeys((found.check, found.device) for found in bad))
    named = [
        message("clauses:proof.check_on_device", check=check, device=device)
        if device
        else message("clauses:proof.check", check=check)
        for check, device in places[: _SHOWN + 1]
    ]
    return message(_BAD[status], n=sum(found.count for found in bad), checks=few(named, _SHOWN, "…"))


def of_changes(duty: Duty, changes: Sequence[ChangeOnRecord]) -> ProofResult:
    """Return the proof by changes: every intent of the clause must be applied."""
    evidence, missing = [], []
    for intent in duty.proof.changes:
        made = [change for change in changes if change.in_force and intent in change.intents]
        last = max(made, key=lambda change: change.done_at, default=None)
        if last is None:
            missing.append(message("clauses:proof.change_missing", intent=intent))
        else:
            applied = message("clauses:proof.change_applied", intent=intent, at=last.done_at)
            evidence.append(Evidence("change", last.id, applied))
    return ProofResult(tuple(evidence), tuple(missing))


def of_drills(duty: Duty, drills: Sequence[DrillRun]) -> ProofResult:
    """Return the proof by drills: the last measured run of every drill of the clause must pass. `drills`: oldest
    first."""
    evidence, missing, against = [], [], []
    for name in duty.proof.drills:
        run = next((run for run in reversed(drills) if run.drill.name == name and run.outcome in MEASURED), None)
        if run is None:
            missing.append(message("clauses:proof.drill_missing", drill=name))
            continue
        title = run.drill.title.text
        if run.outcome != "passed":
            against.append(message("clauses:proof.drill_failed", drill=title, at=run.begun))
            continue
        rehearsal = run.opened.rehearsal
        msgid = "clauses:proof.drill_passed_rehearsal" if rehearsal else "clauses:proof.drill_passed"
        evidence.append(Evidence("drill", run.id, message(msgid, drill=title, at=run.begun)))
    return ProofResult(tuple(evidence), tuple(missing), tuple(against))


def of_watch(duty: Duty, windows: Sequence[Window], log: WatchLog, devices: int, moment: datetime) -> ProofResult:
    """Return the proof by the time watched: no gap in the windows of the clause until a moment."""
    if not duty.proof.watch:
        return ProofResult()
    results = [_of_window(window, log, devices, moment) for window in windows if window.kind in duty.proof.watch]
    if not results:
        return ProofResult.lacking("clauses:proof.watch_no_window")
    return ProofResult(
        tuple(piece for one in results for piece in one.evidence),
        tuple(text for one in results for text in one.missing),
        tuple(text for one in results for text in one.against),
    )


def _of_window(window: Window, log: WatchLog, devices: int, moment: datetime) -> ProofResult:
    span = {"start": window.start, "end": window.end}
    if window.start >= moment:
        return ProofResult.lacking("clauses:proof.watch_ahead", **span)
    found = log.watched(window.start, min(window.end, moment), devices)
    if not found.minutes:
        return ProofResult.lacking("clauses:proof.watch_none", **span)
    if found.gaps:
        lost = round(sum((end - start).total_seconds() for start, end in found.gaps) / 60)
        return ProofResult(against=(message("clauses:proof.watch_gaps", **span, lost=lost, n=len(found.gaps)),))
    if window.end > moment:
        return ProofResult.lacking("clauses:proof.watch_so_far", **span, n=found.minutes)
    ref = f"watch {window.start:%Y-%m-%d %H:%M}"
    return ProofResult.proven("watch", ref, "clauses:proof.watched", **span, n=found.minutes)


def of_roster(duty: Duty, report: RosterReport | None, version: str = "") -> ProofResult:
    """Return the proof by roster: the clause's roles are filled at every minute; with all five roles, no rule is
    broken."""
    roles = duty.proof.roster
    if not roles:
        return ProofResult()
    if report is None:
        return ProofResult.lacking("clauses:proof.no_roster")
    evidence, against = [], []
    for role in roles:
        code = ROLE_CODES[role]
        minutes = report.gap_minutes(code)
        if minutes:
            against.append(message("clauses:proof.role_gap", role=role, n=minutes))
        elif code in report.unmanned:
            against.append(message("clauses:proof.role_unmanned", role=role))
        else:
            filled = message("clauses:proof.role_filled", role=role, start=report.start, end=report.end)
            evidence.append(Evidence("roster", version, filled))
    if set(roles) >= set(ROLE_CODES):
        errors = sum(finding.severity == "error" and finding.rule != _SUBMISSION for finding in report.findings)
        if errors:
            against.append(message("clauses:proof.roster_errors", n=errors))
    return ProofResult(tuple(evidence), (), tuple(against))


State: TypeAlias = Literal["done", "in_progress", "not_done", "not_applicable"]


@dataclass(frozen=True)
class ClauseState:
    """State of a clause at a moment, with evidence, missing proofs, and counter-evidence.

    `deadline` is the clause's own, or that of its next report; None for a continuous duty. `late`: the deadline is past
    and the clause is not done.
    """

    duty: Duty
    state: State
    reason: Text
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[Text, ...] = ()
    against: tuple[Text, ...] = ()
    deadline: datetime | None = None
    late: bool = False

    @property
    def owner(self) -> str:
        """The unit or person responsible."""
        return self.duty.owner

    def open_text(self, lang: str) -> str:
        """Return the counter-evidence and the missing proofs; for an inapplicable clause the reason."""
        texts = (self.reason,) if self.state == "not_applicable" else (*self.against, *self.missing)
        return "; ".join(text.render(lang) for text in texts)

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain JSON types."""
        return {
            "clause": self.duty.id,
            "vi": self.duty.vi,
            "en": self.duty.en,
            "owner": self.owner,
            "deadline": self.deadline.isoformat(timespec="minutes") if self.deadline else None,
            "deadline_text": self.duty.deadline,
            "state": self.state,
            "late": self.late,
            "reason": in_both(self.reason),
            "evidence": [{"kind": piece.kind, "ref": piece.ref, **in_both(piece.text)} for piece in self.evidence],
            "missing": [in_both(text) for text in self.missing],
            "against": [in_both(text) for text in self.against],
        }  # fmt: skip


def state_of(duty: Duty, results: Sequence[ProofResult], event: Event, moment: datetime) -> ClauseState:
    """Return the state of a clause from the results of its kinds of proof."""
    evidence = tuple(dict.fromkeys(piece for result in results for piece in result.evidence))
    missing = tuple(dict.fromkeys(text for result in results for text in result.missing))
    against = tuple(dict.fromkeys(text for result in results for text in result.against))
    if duty.not_applicable and not against:
        return ClauseState(duty, "not_applicable", Bilingual(duty.not_applicable, duty.not_applicable))
    own = event.owed(duty.due) if duty.due else None
    deadline = min((due for due in (own, *(part.due for part in results)) if due is not None), default=None)
    done = bool(evidence) and not missing and not against
    late = not done and deadline is not None and deadline < moment and not event.forgone(deadline, moment)
    state: State = "done" if done else ("in_progress" if evidence and not late else "not_done")
    reason = _reason(evidence, missing, against)
    return ClauseState(duty, state, reason, evidence, missing, against, deadline, late)


def _reason(evidence: Sequence[Evidence], missing: Sequence[Text], against: Sequence[Text]) -> Text:
    texts = [*against, *missing] or [piece.text for piece in evidence]
    return message("terms:several", items=texts)
