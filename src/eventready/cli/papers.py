"""eventready report weekly|roster|incident|final|plan|check-template: the papers that the department asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from eventready.cli.context import App
from eventready.clock import parse_moment
from eventready.errors import UsageError
from eventready.report.document.formats import FORMS, TEXTS, Form, render
from eventready.report.document.model import Document
from eventready.report.document.profile import check_profile, load_profile
from eventready.report.files import write_bytes
from eventready.report.final import final
from eventready.report.gather import Asked, gather
from eventready.report.incident import incident_report
from eventready.report.material import Material, Week
from eventready.report.plan import plan
from eventready.report.roster_list import roster_list
from eventready.report.weekly import weekly
from eventready.report.words import Lang
from eventready.store.store import Store
from eventready.workspace.complaints import suggest

F = TypeVar("F", bound=Callable[..., Any])


def _forms(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[Form, ...]:
    forms = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    wrong = [form for form in forms if form not in FORMS]
    if wrong or not forms:
        raise click.BadParameter(f"{', '.join(wrong) or 'nothing'}: choose among {', '.join(FORMS)}")
    return tuple(form for form in FORMS if form in forms)


def _options(default: str) -> Callable[[F], F]:
    """The options that every paper has."""

    def add(function: F) -> F:
        for option in (
            click.option("--out", type=click.Path(path_type=Path),
                         help="Folder.  [default: WORKSPACE/reports]  - is stdout."),
            click.option("--format", "forms", callback=_forms, default=default, show_default=True,
                         help="docx, pdf, xlsx, md, json; several with commas."),
            click.option("--lang", type=click.Choice(get_args(Lang)), default="vi", show_default=True,
                         help="Language."),
        ):  # fmt: skip
            function = option(function)
        return function

    return add


def _week(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Week | None:
    """A day of the report's week, or an ISO week, whose Monday the report is due on."""
    if value is None:
        return None
    try:
        return Week.at(datetime.strptime(f"{value}-1", "%G-W%V-%u").date())  # noqa: DTZ007  a date has no zone
    except ValueError:
        pass
    try:
        return Week.at(parse_moment(value))
    except UsageError:
        raise click.BadParameter(
            f"{value!r} is neither a day nor a week. Write 2022-04-25 (the Monday on which it is due) or 2022-W17."
        ) from None


_RUN = click.option("--run", default="", help="The run it rests on.  [default: the last one of the week]")


def _material(app: App, lang: Lang, *, run: str = "", week: Week | None = None) -> Material:
    moment = app.clock.now()
    asked = Asked(moment, week or Week.at(moment), lang, app.clock.rehearsal or app.workspace.event.lab, run)
    if not Store.exists(app.workspace_path):
        material, notices = gather(app.workspace, None, asked)
    else:
        with Store.of_workspace(app.workspace_path) as store:
            for notice in store.notices:
                app.say(notice)
            material, notices = gather(app.workspace, store, asked)
    for notice in notices:
        app.say(notice)
    return material


def _hand_over(app: App, document: Document, forms: tuple[Form, ...], out: Path | None) -> None:
    """Write every form, or print the only one. All are made before the first is written."""
    if out is not None and str(out) == "-":
        if len(forms) > 1 or forms[0] not in TEXTS:
            raise UsageError("only one format of md and json can go to stdout", do="Name one with --format.")
        click.echo(render(document, forms[0]).decode(), nl=False)
        return
    made = {form: render(document, form) for form in forms}
    folder = out or app.workspace_path / "reports"
    if folder.suffix and not folder.is_dir():
        raise UsageError(f"{folder} is a file, and a paper is several", do="Name a folder with --out.")
    places = {form: folder / f"{document.stem}.{form}" for form in forms}
    for form, place in places.items():
        write_bytes(place, made[form])
    if app.output == "table":
        for place in places.values():
            click.echo(place)
    else:
        app.emit([{"paper": document.kind, "format": form, "file": str(place)} for form, place in places.items()])


@click.command("weekly", short_help="What Monday morning's paper says")
@click.option(
    "--week", callback=_week, metavar="DAY", help="The Monday on which it is due, or 2022-W17.  [default: this week's]"
)
@_RUN
@_options("docx,pdf,xlsx")
@click.pass_obj
def weekly_command(
    app: App, *, week: Week | None, run: str, lang: Lang, forms: tuple[Form, ...], out: Path | None
) -> None:
    """The weekly report: results by service and venue, what improved or worsened, incidents, next week, annexes.

    Number, date and signature are left for the office. Wording and layout: templates/reports/vi.yaml.
    """
    material = _material(app, lang, run=run, week=week)
    if material.run is None:
        app.say("No audit lies in this week: the report says so. Run `eventready audit` first to have results in it.")
    _hand_over(app, weekly(material, load_profile(app.workspace_path, lang), lang), forms, out)


@click.command("roster", short_help="The formal duty list, with telephone numbers")
@_options("docx,pdf,xlsx")
@click.pass_obj
def roster_command(app: App, lang: Lang, forms: tuple[Form, ...], out: Path | None) -> None:
    """The duty list that the department gets before the event. It carries telephone numbers in full."""
    material = _material(app, lang)
    _hand_over(app, roster_list(material, load_profile(app.workspace_path, lang), lang), forms, out)


@click.command("incident", short_help="The written report of one incident")
@click.argument("incident")
@_options("docx,pdf")
@click.pass_obj
def incident_command(app: App, incident: str, lang: Lang, forms: tuple[Form, ...], out: Path | None) -> None:
    """What happened, why, what was done, and which of the two notices were given. INCIDENT is its name."""
    material = _material(app, lang)
    known = {record.id: record for record in material.incidents or ()}
    if incident not in known:
        do = suggest(incident, known, noun="Recorded") or "Record it with `eventready incident new`."
        raise UsageError(f"no incident {incident!r} is recorded", do=do)
    made = incident_report(known[incident], material, load_profile(app.workspace_path, lang), lang)
    _hand_over(app, made, forms, out)


@click.command("final", short_help="The summary of the whole event")
@_RUN
@_options("docx,pdf,xlsx")
@click.pass_obj
def final_command(app: App, run: str, lang: Lang, forms: tuple[Form, ...], out: Path | None) -> None:
    """What was done from the letter to the end, how it went, all incidents, and what was learnt."""
    material = _material(app, lang, run=run)
    _hand_over(app, final(material, load_profile(app.workspace_path, lang), lang), forms, out)


@click.command("plan", short_help="The assurance plan, clause 1.1a")
@_options("docx,pdf,xlsx")
@click.pass_obj
def plan_command(app: App, lang: Lang, forms: tuple[Form, ...], out: Path | None) -> None:
    """The assurance plan from inventory, venues and the office's templates, to be completed and signed."""
    material = _material(app, lang)
    _hand_over(app, plan(material, load_profile(app.workspace_path, lang), lang), forms, out)


@click.command("check-template", short_help="Unknown variables and keys of a profile, by line")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--lang", type=click.Choice(get_args(Lang)), help="Language of the profile.  [default: from the file's name]"
)
@click.pass_obj
def check_template(app: App, file: Path, lang: Lang | None) -> None:
    """Hold a profile (templates/reports/vi.yaml) against what papers can fill in. Leaves with 2 if it does not hold."""
    of: Lang = lang or ("en" if file.stem.endswith("en") else "vi")
    check_profile(file, of)
    if app.output == "table":
        click.echo(f"{file}: every variable and every key is known.")
    else:
        app.emit({"file": str(file), "lang": of, "holds": True})


PAPERS: tuple[click.Command, ...] = (
    weekly_command,
    roster_command,
    incident_command,
    final_command,
    plan_command,
    check_template,
)
