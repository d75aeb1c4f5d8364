"""State of each clause: done only with evidence, with nothing missing and no counter-evidence."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from eventready.assurance.clauses.applies import applying
from eventready.assurance.clauses.attestation import Attestation
from eventready.assurance.clauses.document_names import document_titles
from eventready.assurance.clauses.documents import Records, of_attestation, of_documents
from eventready.assurance.clauses.forms import Forms
from eventready.assurance.clauses.proof import (
    AppliedChange,
    Evidence,
    ProofResult,
    index_findings,
    of_changes,
    of_checks,
    of_drills,
    of_roster,
)
from eventready.assurance.clauses.sent import SentDocument
from eventready.assurance.incidents.incident import Incident
from eventready.assurance.roster.finding import RosterReport
from eventready.core.messages import Bilingual, Text, in_both, message
from eventready.drill.record import DrillRun
from eventready.store.run import Run
from eventready.workspace.duties import Duty
from eventready.workspace.workspace import Workspace

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


def clauses(
    workspace: Workspace,
    run: Run | None,
    *,
    attestations: Sequence[Attestation],
    roster_report: RosterReport | None,
    documents: Sequence[SentDocument],
    incidents: Sequence[Incident],
    moment: datetime,
    changes: Sequence[AppliedChange] = (),
    roster_version: str = "",
    example_owners: Collection[str] = (),
    drills: Sequence[DrillRun] = (),
) -> tuple[ClauseState, ...]:
    """Return the state of every clause applicable to this operator, in the order of duties.yaml, at a moment.

    `moment` is of the event's clock. A run of another event proves nothing. `example_owners`: clauses whose owner is
    that of the example.
    """
    event = workspace.event
    if run is not None and run.document.get("event") != event.id:
        run = None
    records = Records(
        tuple(attestations),
        tuple(documents),
        tuple(incidents),
        forms=Forms(workspace.forms),
        titles=document_titles(workspace),
    )
    has_devices = bool(workspace.devices) or event.operator != "postal"
    indexed = index_findings(run) if run is not None and has_devices else {}
    found = []
    for duty in applying(workspace.duties, event.operator):
        results = [
            of_checks(duty, run, workspace.devices, indexed) if has_devices else ProofResult(),
            of_changes(duty, changes) if has_devices else ProofResult(),
            of_roster(duty, roster_report, roster_version),
            of_drills(duty, drills),
            *of_documents(duty, event, records, moment),
            of_attestation(duty, event, records, moment),
            ProofResult.lacking("clauses:proof.example_owner") if duty.id in example_owners else ProofResult(),
        ]
        found.append(_state(duty, results, moment))
    return tuple(found)


def _state(duty: Duty, results: Sequence[ProofResult], moment: datetime) -> ClauseState:
    evidence = tuple(dict.fromkeys(piece for result in results for piece in result.evidence))
    missing = tuple(dict.fromkeys(text for result in results for text in result.missing))
    against = tuple(dict.fromkeys(text for result in results for text in result.against))
    if duty.not_applicable and not against:
        return ClauseState(duty, "not_applicable", Bilingual(duty.not_applicable, duty.not_applicable))
    deadline = min((part.due for part in results if part.due is not None), default=duty.due)
    if duty.due is not None and deadline is not None:
        deadline = min(deadline, duty.due)
    done = bool(evidence) and not missing and not against
    late = not done and deadline is not None and deadline < moment
    state: State = "done" if done else ("in_progress" if evidence and not late else "not_done")
    reason = _reason(evidence, missing, against)
    return ClauseState(duty, state, reason, evidence, missing, against, deadline, late)


def _reason(evidence: Sequence[Evidence], missing: Sequence[Text], against: Sequence[Text]) -> Text:
    texts = [*against, *missing] or [piece.text for piece in evidence]
    return message("terms:several", items=texts)
