"""How every clause of the letter stands: done only with evidence, and with nothing missing and nothing against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from eventready.duty.applies import applying
from eventready.duty.attestation import Attestation
from eventready.duty.incident import Incident
from eventready.duty.papers import Records, of_documents, of_word
from eventready.duty.proof import Carried, Evidence, Told, of_changes, of_checks, of_roster
from eventready.duty.sent import SentDocument
from eventready.duty.words import NOTHING, Words
from eventready.roster.finding import RosterReport
from eventready.run import Run
from eventready.workspace.duties import Duty
from eventready.workspace.workspace import Workspace

State: TypeAlias = Literal["done", "in_progress", "not_done", "not_applicable"]

STATE_WORDS: dict[State, Words] = {
    "done": Words("đạt", "done"),
    "in_progress": Words("đang thực hiện", "in progress"),
    "not_done": Words("chưa đạt", "not done"),
    "not_applicable": Words("không áp dụng", "not applicable"),
}


@dataclass(frozen=True)
class ClauseState:
    """A clause as it stands at a moment. `missing` is not there yet, `against` speaks against it.

    `deadline` is the clause's own, or that of its next report; None for what goes on all the time. `late`: it is past
    and the clause is not done.
    """

    duty: Duty
    state: State
    reason: Words
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[Words, ...] = ()
    against: tuple[Words, ...] = ()
    deadline: datetime | None = None
    late: bool = False

    @property
    def owner(self) -> str:
        """Who answers for it."""
        return self.duty.owner

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "clause": self.duty.id,
            "vi": self.duty.vi,
            "en": self.duty.en,
            "owner": self.owner,
            "deadline": self.deadline.isoformat(timespec="minutes") if self.deadline else None,
            "deadline_text": self.duty.deadline,
            "state": self.state,
            "late": self.late,
            "reason": {"vi": self.reason.vi, "en": self.reason.en},
            "evidence": [
                {"kind": e.kind, "ref": e.ref, "vi": e.words.vi, "en": e.words.en} for e in self.evidence
            ],
            "missing": [{"vi": words.vi, "en": words.en} for words in self.missing],
            "against": [{"vi": words.vi, "en": words.en} for words in self.against],
        }  # fmt: skip


def clauses(  # noqa: PLR0917  the contract between the rooms
    workspace: Workspace,
    run: Run | None,
    attestations: Sequence[Attestation],
    roster_report: RosterReport | None,
    documents: Sequence[SentDocument],
    incidents: Sequence[Incident],
    moment: datetime,
    *,
    changes: Sequence[Carried] = (),
    roster_version: str = "",
) -> tuple[ClauseState, ...]:
    """Every clause that applies to this operator, in the letter's order, as it stands at a moment of the event's clock.

    A run of another event proves nothing here.
    """
    event = workspace.event
    if run is not None and run.document.get("event") != event.id:
        run = None
    records = Records(tuple(attestations), tuple(documents), tuple(incidents))
    devices_speak = bool(workspace.devices) or event.operator != "postal"
    found = []
    for duty in applying(workspace.duties, event.operator):
        told = [
            of_checks(duty, run, workspace.devices) if devices_speak else Told(),
            of_changes(duty, changes) if devices_speak else Told(),
            of_roster(duty, roster_report, roster_version),
            *of_documents(duty, event, records, moment),
            of_word(duty, event, records, moment),
        ]
        found.append(_state(duty, told, moment))
    return tuple(found)


def _state(duty: Duty, told: Sequence[Told], moment: datetime) -> ClauseState:
    evidence = tuple(dict.fromkeys(piece for part in told for piece in part.evidence))
    missing = tuple(dict.fromkeys(words for part in told for words in part.missing))
    against = tuple(dict.fromkeys(words for part in told for words in part.against))
    if duty.not_applicable and not against:
        return ClauseState(duty, "not_applicable", Words(duty.not_applicable, duty.not_applicable))
    deadline = min((part.due for part in told if part.due is not None), default=duty.due)
    if duty.due is not None and deadline is not None:
        deadline = min(deadline, duty.due)
    done = bool(evidence) and not missing and not against
    late = not done and deadline is not None and deadline < moment
    state: State = "done" if done else ("in_progress" if evidence and not late else "not_done")
    reason = _reason(evidence, missing, against)
    return ClauseState(duty, state, reason, evidence, missing, against, deadline, late)


def _reason(evidence: Sequence[Evidence], missing: Sequence[Words], against: Sequence[Words]) -> Words:
    said = [*against, *missing] or [piece.words for piece in evidence]
    if not said:
        return NOTHING
    return Words("; ".join(words.vi for words in said), "; ".join(words.en for words in said))
