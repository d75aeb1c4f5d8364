"""Signing for a clause: what is asked is checked first, then files are kept, then one entry is recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eventready.clock import Clock
from eventready.duty.applies import applies
from eventready.duty.attachments import Attachments
from eventready.duty.attestation import STREAM, Attestation, name, replay
from eventready.duty.form import Form
from eventready.duty.forms import FORMS, form_of
from eventready.duty.papers import KNOWN_BY_ITSELF
from eventready.duty.words import tidy
from eventready.errors import UsageError
from eventready.store.journal import JournalEntry
from eventready.store.store import Store
from eventready.workspace.complaints import suggest
from eventready.workspace.duties import Duty
from eventready.workspace.event import Event
from eventready.workspace.workspace import Workspace


@dataclass(frozen=True)
class Asked:
    """What somebody asks to be recorded. `fields` is one row of the form, `form` a filled file with more of them."""

    clause: str
    by: str
    note: str
    files: Sequence[Path] = ()
    document: str | None = None
    fields: Mapping[str, str] | None = None
    form: Path | None = None


def duty_named(clause: str, workspace: Workspace) -> Duty:
    """The clause of that name, which must be ours. Raises UsageError with a suggestion."""
    wanted = clause.strip().casefold()
    duty = next((duty for duty in workspace.duties if duty.id.casefold() == wanted), None)
    if duty is None:
        known = [duty.id for duty in workspace.duties if applies(duty, workspace.event.operator)]
        raise UsageError(f"there is no clause {clause!r} in duties.yaml", do=suggest(clause, known, noun="Clauses"))
    if not applies(duty, workspace.event.operator):
        raise UsageError(
            f"the clause {duty.id} is for {_whose(duty)}, and event.yaml says `operator: {workspace.event.operator}`",
            do="Change the operator in event.yaml if that is wrong.",
        )
    return duty


def _whose(duty: Duty) -> str:
    return "the Department" if duty.applies_to == "department" else f"{duty.applies_to} enterprises"


def attest(asked: Asked, workspace: Workspace, store: Store, clock: Clock) -> Attestation:
    """Record it. Raises UsageError when something does not hold; then nothing is recorded."""
    duty = duty_named(asked.clause, workspace)
    by, note = required(asked.by, "by", "who signs for it"), required(asked.note, "note", "what is signed for")
    document = _document(asked, duty)
    rows = _rows(asked, duty, document, workspace.event)
    if document and form_of(duty, document) is None and not asked.files:
        raise UsageError(
            f"the {document} of clause {duty.id} is a paper, and no file is given", do="Attach it with --file FILE."
        )
    files = Attachments.of_workspace(workspace.path).keep(asked.files)
    draft = Attestation(
        id="",
        clause=duty.id,
        document=document,
        by=by,
        note=note,
        at=clock.now(),
        recorded=clock.real(),
        files=files,
        rows=tuple(rows),
        rehearsal=clock.rehearsal,
    )
    entry = store.journal(STREAM).append(lambda _: (duty.id, draft.body()), draft.recorded)
    return replace(draft, id=name(entry.position))


def withdraw(attestation_id: str, by: str, note: str, store: Store, clock: Clock) -> Attestation:
    """Take an attestation back: it stays on record, and counts no longer. Raises UsageError."""
    by, note = required(by, "by", "who takes it back"), required(note, "note", "why it is taken back")
    wanted = attestation_id.strip().upper()

    def decide(entries: Sequence[JournalEntry]) -> tuple[str, Mapping[str, Any]]:
        found = {attestation.id: attestation for attestation in _replayed(entries)}
        if wanted not in found:
            raise UsageError(f"there is no attestation {attestation_id!r}", do="`eventready attest list` shows them.")
        if found[wanted].withdrawn:
            raise UsageError(f"{wanted} is withdrawn already ({found[wanted].withdrawn})")
        return found[wanted].clause, {"kind": "withdrawn", "of": wanted, "by": by, "note": note}

    journal = store.journal(STREAM)
    journal.append(decide, clock.real())
    return next(attestation for attestation in _replayed(journal.entries()) if attestation.id == wanted)


def attestations(store: Store, workspace: Path) -> tuple[Attestation, ...]:
    """All of them in their order, their files looked at."""
    attachments = Attachments.of_workspace(workspace)
    return tuple(
        replace(attestation, files=attachments.checked(attestation.files))
        for attestation in _replayed(store.journal(STREAM).entries())
    )


def _replayed(entries: Sequence[JournalEntry]) -> tuple[Attestation, ...]:
    return replay((entry.position, entry.key, entry.recorded, entry.body) for entry in entries)


def required(text: str, option: str, what: str) -> str:
    """What was typed for an option that must not be empty, tidied. Raises UsageError."""
    cleaned = tidy(text, option)
    if not cleaned:
        raise UsageError(f"it must be said {what}", do=f"Give --{option}.")
    return cleaned


def attestable(duty: Duty) -> tuple[str, ...]:
    """The papers of a clause that people can sign for."""
    return tuple(document for document in duty.proof.documents if document not in KNOWN_BY_ITSELF)


def forms_named(text: str, workspace: Workspace) -> tuple[Form, ...]:
    """The forms of a clause, or the one of a paper. Raises UsageError."""
    if text in FORMS:
        return (FORMS[text],)
    duty = duty_named(text, workspace)
    found = _forms(duty)
    if not found:
        have = ", ".join(other.id for other in workspace.duties if _forms(other))
        raise UsageError(f"the clause {duty.id} has no form", do=f"Sign with --note and --file. Forms: {have}.")

    return found


def _forms(duty: Duty) -> tuple[Form, ...]:
    return tuple(form for document in (*attestable(duty), "") if (form := form_of(duty, document)))


def _document(asked: Asked, duty: Duty) -> str:
    """The paper that it stands for: the one named, the only one, or the one whose form has the fields given."""
    papers = attestable(duty)
    if asked.document is not None:
        if asked.document not in papers:
            do = suggest(asked.document, papers, noun="Papers") or f"Nothing is signed for in {duty.id} but its word."
            raise UsageError(f"the clause {duty.id} has no paper {asked.document!r} to sign for", do=do)
        return asked.document
    if len(papers) <= 1:
        return papers[0] if papers else ""
    fitting = [paper for paper in papers if _has_fields(form_of(duty, paper), asked.fields)]
    if len(fitting) == 1:
        return fitting[0]
    raise UsageError(
        f"the clause {duty.id} has more than one paper", do=f"Say which with --document: {', '.join(papers)}."
    )


def _has_fields(form: Form | None, fields: Mapping[str, str] | None) -> bool:
    if form is None or not fields:
        return False
    names = {info.alias or field for field, info in form.row.model_fields.items()}
    return fields.keys() <= names


def _rows(asked: Asked, duty: Duty, document: str, event: Event) -> list[dict[str, Any]]:
    if asked.form is None and not asked.fields:
        return []
    form = form_of(duty, document)
    if form is None:
        named = f"the {document} of clause {duty.id}" if document else f"clause {duty.id}"
        raise UsageError(f"{named} has no form", do="Sign with --note and --file.")
    rows = form.read_file(asked.form, event) if asked.form is not None else []
    if asked.fields:
        rows.append(form.read(asked.fields, event))
    return [form.plain(row) for row in rows]
