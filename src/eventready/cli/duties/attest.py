"""`eventready duties attest`: attest a clause outside the reach of devices, with files and the fields of a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eventready.clauses.attestations.attestation import Attestation
from eventready.clauses.attestations.form import Form
from eventready.clauses.attestations.forms import forms_of
from eventready.clauses.attesting import (
    AttestationRequest,
    attest,
    attestable,
    attestations,
    duty_named,
    forms_named,
    withdraw,
)
from eventready.cli.console import Cell, Listing
from eventready.cli.context import App
from eventready.core.errors import UsageError
from eventready.core.messages import in_both, message
from eventready.core.redaction.masking import mask_text
from eventready.core.strings.texts import at
from eventready.store.store import Store

LIST = "list"
_COLUMNS = ("id", "clause", "document", "by", "at", "rows", "files", "note")


def command(
    app: App,
    *,
    clause: str | None,
    only: str | None,
    by: str,
    note: str,
    files: tuple[Path, ...],
    document: str | None,
    pairs: tuple[str, ...],
    form: Path | None,
    form_template: str | None,
    withdrawn: str | None,
) -> None:
    """Attest CLAUSE with a statement (--note), files, and the fields of its form."""
    if form_template is not None:
        _templates(app, forms_named(form_template, app.workspace))
    elif withdrawn is not None:
        with Store.of_workspace(app.workspace_path, make=False) as store:
            _show(app, withdraw(withdrawn, by, note, store, app.clock), "cli:attest.withdrawn")
    elif clause == LIST:
        _list(app, duty_named(only, app.workspace).id if only else None)
    elif clause is None or only is not None:
        raise UsageError(message("cli:attest.one_clause"))
    else:
        _record(app, AttestationRequest(clause, by, note, files, document, _fields(pairs), form))


def _record(app: App, request: AttestationRequest) -> None:
    workspace = app.workspace
    duty = duty_named(request.clause, workspace)
    with Store.of_workspace(app.workspace_path) as store:
        made = attest(request, workspace, store, app.clock)
    _show(app, made, "cli:attest.recorded")
    if not attestable(duty) and not duty.proof.attestation:
        app.notify("cli:attest.remark", clause=duty.id)
    elif forms_of(workspace).get(made.document or duty.id) is not None and not made.rows:
        app.notify("cli:attest.form_empty", form=made.document or duty.id)


def _fields(pairs: Sequence[str]) -> dict[str, str] | None:
    fields: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        key = key.strip().replace("-", "_")
        if not equals or not key:
            raise UsageError(message("cli:attest.sets_nothing", pair=mask_text(pair)))
        if key in fields:
            raise UsageError(message("cli:attest.set_twice", key=key))
        fields[key] = value
    return fields or None


def _templates(app: App, forms: Sequence[Form]) -> None:
    others = [form.name for form in forms[1:]]
    app.show(
        [{"form": form.name, "title": in_both(form.title), "template": form.template(app.lang)} for form in forms],
        forms[0].template(app.lang).rstrip("\n"),
        closing=[message("cli:attest.other_forms", form=forms[0].name, others=others)] if others else (),
    )


def _list(app: App, clause: str | None) -> None:
    made: tuple[Attestation, ...] = ()
    if Store.exists(app.workspace_path):
        with Store.of_workspace(app.workspace_path) as store:
            made = attestations(store, app.workspace_path)
    made = tuple(attestation for attestation in made if clause in (None, attestation.clause))
    none = message("cli:attest.none") if clause is None else message("cli:attest.none_of", clause=clause)
    table = Listing("cli:attest_column", _COLUMNS, (_cells(app, attestation) for attestation in made))
    app.show(
        [_json(app, attestation) for attestation in made],
        table if made else (),
        closing=() if made else [none],
    )


def _cells(app: App, attestation: Attestation) -> Sequence[Cell]:
    note, altered = mask_text(attestation.note), app.text("cli:attest.altered")
    if attestation.withdrawn:
        note += app.text("cli:attest.withdrawn_note", reason=mask_text(attestation.withdrawn))
    files = ", ".join(mask_text(file.name) + ("" if file.sound else altered) for file in attestation.files)
    by, moment, rows = mask_text(attestation.by), at(attestation.at), str(len(attestation.rows))
    return attestation.id, attestation.clause, attestation.document, by, moment, rows, files, note


def _show(app: App, attestation: Attestation, msgid: str) -> None:
    line = message(
        msgid,
        attestation=attestation.id,
        clause=attestation.clause,
        document=f" ({attestation.document})" if attestation.document else "",
        rows=len(attestation.rows),
        files=len(attestation.files),
    )
    app.show(_json(app, attestation), line)


def _json(app: App, attestation: Attestation) -> dict[str, Any]:
    return {
        "id": attestation.id,
        "clause": attestation.clause,
        "document": attestation.document or None,
        "by": mask_text(attestation.by),
        "note": mask_text(attestation.note),
        "at": attestation.at.isoformat(timespec="seconds"),
        "recorded": attestation.recorded.isoformat(timespec="seconds"),
        "rehearsal": attestation.rehearsal,
        "withdrawn": mask_text(attestation.withdrawn) or None,
        "stands": attestation.stands,
        "files": [{**asdict(file), "name": mask_text(file.name)} for file in attestation.files],
        "rows": [_row(app, attestation, row) for row in attestation.rows],
    }


def _row(app: App, attestation: Attestation, row: Mapping[str, Any]) -> dict[str, Any]:
    form = forms_of(app.workspace).get(attestation.document or attestation.clause)
    if form is not None:
        return form.shown(row)
    return {name: mask_text(value) if isinstance(value, str) else value for name, value in row.items()}
