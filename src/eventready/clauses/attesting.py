"""Attesting a clause: validate the request, store the files, record an entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from eventready.clauses.attestations.attestation import (
    STREAM,
    Attachments,
    Attestation,
    Attested,
    Values,
    Withdrawn,
    replay,
)
from eventready.clauses.attestations.form import Form
from eventready.clauses.attestations.forms import forms_of
from eventready.clauses.deadlines import applies
from eventready.clauses.documents import DERIVED_ONLY
from eventready.core.clock import Clock
from eventready.core.errors import UsageError
from eventready.core.messages import Message, message
from eventready.core.strings.texts import required
from eventready.core.validation_messages import suggest
from eventready.store.store import Store
from eventready.store.streams.journal import JournalEntry
from eventready.workspace.settings.duties import Duty
from eventready.workspace.settings.event import Event
from eventready.workspace.workspace import Workspace


@dataclass(frozen=True)
class AttestationRequest:
    """Attestation to be recorded. `fields` is a row of the form, `form` a filled file with many rows."""

    clause: str
    by: str
    note: str
    files: Sequence[Path] = ()
    document: str | None = None
    fields: Mapping[str, str] | None = None
    form: Path | None = None


def duty_named(clause: str, workspace: Workspace) -> Duty:
    """Return the clause of this name; the clause must apply to this operator. Raises UsageError with a suggestion."""
    wanted = clause.strip().casefold()
    duty = next((duty for duty in workspace.duties if duty.id.casefold() == wanted), None)
    if duty is None:
        known = [duty.id for duty in workspace.duties if applies(duty, workspace.event.operator)]
        raise UsageError(message("clauses:attest.unknown", clause=clause), do=suggest(clause, known, noun="Clauses"))
    if not applies(duty, workspace.event.operator):
        raise UsageError(_of_others(duty, workspace.event.operator))
    return duty


def _of_others(duty: Duty, operator: str) -> Message:
    if duty.applies_to == "department":
        return message("clauses:attest.department", clause=duty.id, operator=operator)
    return message("clauses:attest.enterprises", clause=duty.id, kind=duty.applies_to, operator=operator)


def _named(duty: Duty, document: str) -> Message:
    if document:
        return message("clauses:attest.document", document=document, clause=duty.id)
    return message("clauses:attest.clause", clause=duty.id)


def attest(request: AttestationRequest, workspace: Workspace, store: Store, clock: Clock) -> Attestation:
    """Record an attestation. Raises UsageError for an invalid request; then nothing is recorded."""
    duty = duty_named(request.clause, workspace)
    by, note = required(request.by, "by", "who signs for it"), required(request.note, "note", "what is signed for")
    forms = forms_of(workspace)
    document = _document(request, duty, forms)
    form = forms.get(document or duty.id)
    now = clock.now()
    rows = _rows(request, _named(duty, document), form, workspace.event, now)
    _require_files(request, duty, document, form)
    files = Attachments(workspace.path).keep(request.files)
    attested = Attested(by, note, now, document, files, tuple(rows), clock.rehearsal)
    return replay([store.journal(STREAM).append(lambda _: (duty.id, attested), clock.real())])[0]


def _require_files(request: AttestationRequest, duty: Duty, document: str, form: Form | None) -> None:
    """Require a file for a document without a form, else the form's number of files. Raises UsageError."""
    needed = (1 if document else 0) if form is None else form.spec.files
    if len(request.files) < needed:
        named = _named(duty, document)
        raise UsageError(message("clauses:attest.files", named=named, needed=needed, given=len(request.files)))


def withdraw(attestation_id: str, by: str, note: str, store: Store, clock: Clock) -> Attestation:
    """Withdraw an attestation: the entry stays on record and no longer counts. Raises UsageError."""
    by, note = required(by, "by", "who takes it back"), required(note, "note", "why it is taken back")
    wanted = attestation_id.strip().upper()

    def decide(entries: Sequence[JournalEntry[Attested | Withdrawn]]) -> tuple[str, Withdrawn]:
        found = {attestation.id: attestation for attestation in replay(entries)}
        if wanted not in found:
            raise UsageError(message("clauses:attest.none", attestation=attestation_id))
        if found[wanted].withdrawn:
            raise UsageError(message("clauses:attest.withdrawn", attestation=wanted, withdrawn=found[wanted].withdrawn))
        return found[wanted].clause, Withdrawn(wanted, by, note)

    journal = store.journal(STREAM)
    journal.append(decide, clock.real())
    return next(attestation for attestation in replay(journal.entries()) if attestation.id == wanted)


def attestations(store: Store, workspace: Path) -> tuple[Attestation, ...]:
    """All attestations in order, with their files verified."""
    attachments = Attachments(workspace)
    return tuple(
        replace(attestation, files=attachments.checked(attestation.files))
        for attestation in replay(store.journal(STREAM).entries())
    )


def attestable(duty: Duty) -> tuple[str, ...]:
    """Return the documents of a clause open to attestation."""
    return tuple(document for document in duty.proof.documents if document not in DERIVED_ONLY)


def forms_named(text: str, workspace: Workspace) -> tuple[Form, ...]:
    """Return the forms of a clause, or the form of a document. Raises UsageError."""
    forms = forms_of(workspace)
    named = forms.get(text)
    if named is not None:
        return (named,)
    duty = duty_named(text, workspace)
    found = _forms(duty, forms)
    if not found:
        have = ", ".join(other.id for other in workspace.duties if _forms(other, forms))
        raise UsageError(message("clauses:attest.no_form", clause=duty.id, have=have))
    return found


def _forms(duty: Duty, forms: Mapping[str, Form]) -> tuple[Form, ...]:
    return tuple(form for name in (*attestable(duty), duty.id) if (form := forms.get(name)))


def _document(request: AttestationRequest, duty: Duty, forms: Mapping[str, Form]) -> str:
    """Return the document: by name, the only document, or by the fields of its form. Raises UsageError."""
    papers = attestable(duty)
    if request.document is not None:
        if request.document not in papers:
            do = suggest(request.document, papers, noun="Papers") or message("clauses:attest.word_only", clause=duty.id)
            raise UsageError(message("clauses:attest.no_paper", clause=duty.id, document=request.document), do=do)
        return request.document
    if len(papers) <= 1:
        return papers[0] if papers else ""
    fitting = [paper for paper in papers if _has_fields(forms.get(paper), request.fields)]
    if len(fitting) == 1:
        return fitting[0]
    raise UsageError(message("clauses:attest.papers", clause=duty.id, papers=papers))


def _has_fields(form: Form | None, fields: Mapping[str, str] | None) -> bool:
    if form is None or not fields:
        return False
    return fields.keys() <= form.spec.fields.keys()


def _rows(
    request: AttestationRequest, named: Message, form: Form | None, event: Event, moment: datetime
) -> list[Values]:
    if request.form is None and not request.fields:
        return []
    if form is None:
        raise UsageError(message("clauses:attest.named_no_form", named=named))
    rows = form.read_file(request.form, event, moment) if request.form is not None else []
    if request.fields:
        rows.append(form.read(request.fields, event, moment))
    return [form.to_dict(row) for row in rows]
