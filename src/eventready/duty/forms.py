"""All forms, by the paper or the clause that they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from eventready.duty.attestation import Attestation
from eventready.duty.common_forms import FORMS as COMMON
from eventready.duty.form import Form
from eventready.duty.sent import SentDocument
from eventready.duty.telecom_forms import FORMS as TELECOM
from eventready.duty.words import moment_of
from eventready.workspace.duties import Duty

FORMS: Mapping[str, Form] = {form.name: form for form in (*TELECOM, *COMMON)}

#: Papers that people may hand over themselves, and then sign for when and how.
HANDED_OVER = ("weekly-report", "duty-list")


def form_of(duty: Duty, document: str) -> Form | None:
    """The form of a clause's paper, or of the clause itself where it is proved by a signed word; None without one."""
    return FORMS.get(document or duty.id)


def handed_over(attestations: Iterable[Attestation]) -> tuple[SentDocument, ...]:
    """The papers that people handed over themselves and signed for."""
    return tuple(
        SentDocument(
            kind=attestation.document,
            at=moment_of(row["at"]),
            due=date.fromisoformat(row["due"]),
            recipients=(row["recipient"],),
            reference=row["reference"] or attestation.id,
        )
        for attestation in attestations
        if attestation.stands and attestation.document in HANDED_OVER
        for row in attestation.rows
    )
