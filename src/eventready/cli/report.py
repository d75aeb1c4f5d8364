"""eventready report: turn a run into a document."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from eventready.cli.context import App
from eventready.cli.papers import PAPERS
from eventready.duty.carried import ChangeOnRecord, changes_on_record
from eventready.errors import StoreError, UsageError
from eventready.report.files import targets, write
from eventready.report.readiness import Format, evidence_shown, render
from eventready.report.words import Lang
from eventready.run import Run
from eventready.store.documents import load_run
from eventready.store.store import Store


@click.group("report", help="Turn a run into a document.")
def command() -> None:
    """The group of reports."""


def _forms(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[Format, ...]:
    forms = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    known: tuple[Format, ...] = get_args(Format)
    wrong = [form for form in forms if form not in known]
    if wrong or not forms:
        raise click.BadParameter(f"{', '.join(wrong) or 'nothing'}: choose among {', '.join(known)}")
    return tuple(form for form in known if form in forms)


@command.command("readiness")
@click.argument("run", default="latest", envvar="EVENTREADY_RUN")
@click.option("--lang", type=click.Choice(get_args(Lang)), default="vi", show_default=True, help="Language.")
@click.option(
    "--format", "forms", callback=_forms, default="html", show_default=True, help="html, md, json; several with commas."
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="File, or folder.  [default: WORKSPACE/reports]  - is stdout."
)
@click.pass_obj
def readiness(app: App, run: str, lang: Lang, forms: tuple[Format, ...], out: Path | None) -> None:
    """What is ready, what is not, what was not measured, and what that rests on.

    RUN is a run's name, the beginning of it, latest, previous, or a file with a run document.
    """
    with Store.of_workspace(app.workspace_path, make=run.endswith(".json")) as store:
        for notice in store.notices:
            app.say(notice)
        of = load_run(Path(run)) if run.endswith(".json") else store.get(run)
        earlier, previous = store.trend(of), store.before(of)
        texts = store.texts(evidence_shown(of))
        changes = _changes(app, store, of)
    if out is not None and str(out) == "-" and len(forms) > 1:
        raise UsageError("Only one format can go to stdout", do="Name one with --format.")
    made = {form: render(of, earlier, lang, form, previous=previous, texts=texts, changes=changes) for form in forms}
    if out is not None and str(out) == "-":
        click.echo(made[forms[0]], nl=False)
        return
    places = targets(out or app.workspace_path / "reports", of.id, lang, forms)
    for form, place in places.items():
        write(place, made[form])
    if app.output == "table":
        for place in places.values():
            click.echo(place)
    else:
        app.emit([{"run": of.id, "format": form, "lang": lang, "file": str(place)} for form, place in places.items()])


def _changes(app: App, store: Store, run: Run) -> tuple[ChangeOnRecord, ...]:
    """Those of the run's event; a change that was altered never takes the report with it."""
    rehearsal = bool(run.document.get("clock", {}).get("rehearsal"))
    try:
        found = changes_on_record(store.changes, str(run.document.get("event", "")))
    except StoreError as error:
        app.say(f"The changes on record cannot be told: {error}")
        return ()
    return tuple(change for change in found if rehearsal or not change.rehearsal)


for paper in PAPERS:
    command.add_command(paper)
