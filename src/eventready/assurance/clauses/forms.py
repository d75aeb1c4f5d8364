"""Forms of a workspace by document or clause, with the product's forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path

from eventready.assurance.clauses.attestation import Attestation
from eventready.assurance.clauses.form import Form
from eventready.assurance.clauses.sent import SentDocument
from eventready.core.phrases import moment_of
from eventready.workspace.duties import Duty
from eventready.workspace.forms import BUILT_IN, FormSpec, load_forms

_BUILTIN = Path(__file__).parent / "builtin"


@cache
def builtin_forms() -> Mapping[str, FormSpec]:
    """Return the product's forms, by document."""
    return load_forms(_BUILTIN)


class Forms:
    """Forms by document or clause."""

    def __init__(self, specs: Mapping[str, FormSpec] | None = None) -> None:
        self._forms = {name: Form(spec) for name, spec in {**(specs or {}), **builtin_forms()}.items()}

    def of(self, duty: Duty, document: str) -> Form | None:
        """The form of a document of a clause, or of the clause's own attestation (`document` empty); None without."""
        return self._forms.get(document or duty.id)

    def named(self, name: str) -> Form | None:
        """Return the form of the document or clause."""
        return self._forms.get(name)


def handed_over(attestations: Iterable[Attestation]) -> tuple[SentDocument, ...]:
    """Return the documents delivered by people themselves and attested."""
    return tuple(
        SentDocument(
            kind=attestation.document,
            at=moment_of(row["at"]),
            due=date.fromisoformat(row["due"]),
            recipients=(row["recipient"],),
            reference=row["reference"] or attestation.id,
        )
        for attestation in attestations
        if attestation.stands and attestation.document in BUILT_IN
        for row in attestation.rows
    )
