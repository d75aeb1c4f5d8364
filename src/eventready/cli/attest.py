"""`eventready attest`: sign for what no device can prove, with files and the fields of a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from eventready.cli.context import App
from eventready.cli.listing import cell, listing, show
from eventready.duty.attestation import Attestation
from eventready.duty.attesting import Asked, attest, attestable, attestations, duty_named, forms_named, withdraw
from eventready.duty.form import Form
from eventready.duty.forms import FORMS, form_of
from eventready.duty.privacy import mask_text
from eventready.duty.words import at
from eventready.errors import UsageError
from eventready.store.store import Store
from eventready.workspace.duties import Duty

LIST = "list"


@click.command(short_help="Sign for what no device can prove; `attest list` shows what was signed")
@click.argument("clause", required=False)
@click.argument("only", required=False, metavar="[CLAUSE]")
@click.option("--by", default="", help="Who signs for it.")
@click.option("--note", default="", help="What is signed for.")
@click.option("--file", "files", multiple=True, type=click.Path(path_type=Path), help="A file to keep with it; repeat.")
@click.option("--document", help="Which paper of the clause it is, where there is more than one.")
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="A field of the clause's form; repeat.")
@click.option("--form", type=click.Path(path_type=Path), help="A filled form (YAML), with many rows.")
@click.option("--form-template", metavar="CLAUSE", help="Print the empty form of a clause, or of a paper.")
@click.option("--withdraw", "withdrawn", metavar="ID", help="Take an attestation back; say --by and --note.")
@click.pass_obj
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
    """Sign for CLAUSE: a word (--note), files, the fields of its form. `attest list [CLAUSE]` shows what was signed.

    \b
      eventready attest 1.1a --by "Nguyễn Văn A" --note "Phương án đã ký" --file phuong-an.pdf
      eventready attest 1.2f --by "Trần Thị B" --note "Kiểm kê" --form kho.yaml
      eventready attest 3.g --by "Lê C" --note "Đã phổ biến" --set unit=NOC --set staff=40 --set acknowledged=40 \\
          --set on=2022-04-20
      eventready attest --form-template 1.2g > bts.yaml

    It is only ever added to. Files are kept by their hash under .eventready/attachments; when anything does not hold,
    nothing is recorded. What devices prove cannot be signed for: such a word stays a remark.
    """
    if form_template is not None:
        _templates(app, forms_named(form_template, app.workspace))
    elif withdrawn is not None:
        with Store.of_workspace(app.workspace_path, make=False) as store:
            _shown(app, withdraw(withdrawn, by, note, store, app.clock), "withdrawn")
    elif clause == LIST:
        _list(app, duty_named(only, app.workspace).id if only else None)
    elif clause is None or only is not None:
        raise UsageError("one clause is signed for at a time", do="Name it, or say `attest list`.")
    else:
        _record(app, Asked(clause, by, note, files, document, _fields(pairs), form))


def _record(app: App, asked: Asked) -> None:
    workspace = app.workspace
    duty = duty_named(asked.clause, workspace)
    with Store.of_workspace(app.workspace_path) as store:
        made = attest(asked, workspace, store, app.clock)
    _shown(app, made, "recorded")
    if not attestable(duty) and not duty.proof.attestation:
        app.say(f"{duty.id} is proved by what is measured and recorded, not by signing: this stays a remark.")
    elif form_of(duty, made.document) is not None and not made.rows:
        app.say(f"Its form is still empty: `eventready attest --form-template {made.document or duty.id}` prints it.")


def _fields(pairs: Sequence[str]) -> dict[str, str] | None:
    fields: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        key = key.strip().replace("-", "_")
        if not equals or not key:
            raise UsageError(f"{mask_text(pair)!r} sets nothing", do="Write --set key=value.")
        if key in fields:
            raise UsageError(f"{key} is set twice", do="Set it once; --form takes many rows.")
        fields[key] = value
    return fields or None


def _templates(app: App, forms: Sequence[Form]) -> None:
    if app.output != "table":
        app.emit([{"form": form.name, "title": form.title.vi, "template": form.template()} for form in forms])
        return
    if len(forms) > 1:
        others = ", ".join(form.name for form in forms[1:])
        app.say(f"This is the form of {forms[0].name}. The clause has others: name one of {others}.")
    click.echo(forms[0].template(), nl=False)


def _list(app: App, clause: str | None) -> None:
    made: tuple[Attestation, ...] = ()
    if Store.exists(app.workspace_path):
        with Store.of_workspace(app.workspace_path) as store:
            made = attestations(store, app.workspace_path)
    made = tuple(attestation for attestation in made if clause in (None, attestation.clause))
    if app.output != "table":
        app.emit([_plain(attestation, app.workspace.duties) for attestation in made])
        return
    if not made:
        app.say("Nothing is signed for yet." if clause is None else f"Nothing is signed for in {clause} yet.")
        return
    table = listing("ID", "Mục", "Văn bản", "Người xác nhận", "Lúc", "Dòng", "Tệp", "Ghi chú")
    for attestation in made:
        note = mask_text(attestation.note)
        if attestation.withdrawn:
            note += f" (đã rút: {mask_text(attestation.withdrawn)})"
        table.add_row(
            attestation.id,
            attestation.clause,
            attestation.document,
            cell(mask_text(attestation.by)),
            at(attestation.at),
            str(len(attestation.rows)),
            cell(", ".join(mask_text(f.name) + ("" if f.sound else " (LOST OR ALTERED)") for f in attestation.files)),
            cell(note),
        )
    show(table)


def _shown(app: App, attestation: Attestation, done: str) -> None:
    if app.output != "table":
        app.emit(_plain(attestation, app.workspace.duties))
        return
    paper = f" ({attestation.document})" if attestation.document else ""
    counts = ((len(attestation.rows), "row"), (len(attestation.files), "file"))
    carried = ", ".join(f"{count} {noun}{'s' * (count != 1)}" for count, noun in counts if count)
    click.echo(f"{attestation.id} {done} for {attestation.clause}{paper}" + (f": {carried}." if carried else "."))


def _plain(attestation: Attestation, duties: Sequence[Duty]) -> dict[str, Any]:
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
        "files": [{**file.plain(), "name": mask_text(file.name), "sound": file.sound} for file in attestation.files],
        "rows": [_row(attestation, row, duties) for row in attestation.rows],
    }


def _row(attestation: Attestation, row: Mapping[str, Any], duties: Sequence[Duty]) -> dict[str, Any]:
    duty = next((duty for duty in duties if duty.id == attestation.clause), None)
    form = FORMS.get(attestation.document) if duty is None else form_of(duty, attestation.document)
    masked = {name: mask_text(value) if isinstance(value, str) else value for name, value in row.items()}
    return form.shown(row) if form else masked
