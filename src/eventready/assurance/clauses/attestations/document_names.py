"""Names of the documents of duties.yaml."""

from __future__ import annotations

from collections.abc import Mapping

from eventready.assurance.clauses.attestations.forms import form_specs
from eventready.core.messages import Bilingual, Text, known, message
from eventready.workspace.workspace import Workspace

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
