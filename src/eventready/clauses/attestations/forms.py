"""Forms of a workspace by document or clause, with the product's forms, and names of documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path

from eventready.clauses.attestations.attestation import Attestation
from eventready.clauses.attestations.form import Form
from eventready.core.messages import Bilingual, Text, known, message
from eventready.core.strings.texts import moment_of
from eventready.delivery.mail.delivery_log import SentDocument
from eventready.workspace.examples.example import example_home
from eventready.workspace.settings.forms import BUILT_IN, FormSpec, load_form, load_forms
from eventready.workspace.workspace import Workspace

_BUILTIN = Path(__file__).parent / "builtin"


@cache
def builtin_forms() -> Mapping[str, FormSpec]:
    """Return the product's forms, by document."""
    return load_forms(_BUILTIN)


def forms_of(workspace: Workspace) -> Mapping[str, Form]:
    """Return the forms by document, or by clause for the attestation of a clause itself."""
    return {name: Form(spec) for name, spec in {**form_specs(workspace), **builtin_forms()}.items()}


def form_specs(workspace: Workspace) -> dict[str, FormSpec]:
    """Return the workspace's forms, and the shipped forms of the documents of its duties without a form."""
    named = {name for duty in workspace.duties for name in duty.proof.documents} - workspace.forms.keys()
    home = example_home() / "inventory" / "forms"
    files = {name: home / f"{name}.yaml" for name in sorted(named - set(BUILT_IN))}
    return {**{name: load_form(file) for name, file in files.items() if file.is_file()}, **workspace.forms}


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


_FAMILY = "clauses:paper"


def document_titles(workspace: Workspace) -> dict[str, Bilingual]:
    """Return the names of a workspace's documents: the titles of forms, and `documents` of duties.yaml."""
    titles = {name: form.title.text for name, form in form_specs(workspace).items()}
    return titles | {name: title.text for name, title in workspace.documents.items()}


def document_name(document: str, titles: Mapping[str, Bilingual]) -> Text:
    """Return the name of a document: from the workspace, else from the product, else the id.

    Empty: the attestation of a clause.
    """
    msgid = f"{_FAMILY}.{document or 'attestation'}"
    if document not in titles and known(msgid):
        return message(msgid)
    return titles.get(document, Bilingual(document, document))
