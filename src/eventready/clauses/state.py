"""State of each clause: done only with evidence, with nothing missing and no counter-evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from eventready.clauses.proof import Evidence, ProofResult
from eventready.core.messages import Bilingual, Text, in_both, message
from eventready.workspace.settings.duties import Duty

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


def state_of(duty: Duty, results: Sequence[ProofResult], moment: datetime) -> ClauseState:
    """Return the state of a clause from the results of its kinds of proof."""
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
