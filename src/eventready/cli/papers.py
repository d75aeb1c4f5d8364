"""eventready report weekly|roster|incident|final|plan|check-template: the papers that the department asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from eventready.cli.context import App
from eventready.clock import TZ, parse_moment
from eventready.delivery.record import sent_from
from eventready.duty.incident_log import find
from eventready.errors import UsageError
from eventready.report.dates import short_date
from eventready.report.document.formats import FORMS, TEXTS, Form, render
from eventready.report.document.model import Document
from eventready.report.document.profile import Profile, check_profile, load_profile
from eventready.report.final import final
from eventready.report.gather import Asked, gather
from eventready.report.hand_over import Wanted, hand_over
from eventready.report.incident import incident_report
from eventready.report.material import Material, Week
from eventready.report.plan import plan
from eventready.report.roster_list import roster_list
from eventready.report.telecom import before_the_week
from eventready.report.weekly import weekly
from eventready.report.words import Lang
from eventready.store.store import Store

F = TypeVar("F", bound=Callable[..., Any])


def _forms(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[Form, ...]:
    forms = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    wrong = [form for form in forms if form not in FORMS]
    if wrong or not forms:
        raise click.BadParameter(f"{', '.join(wrong) or 'nothing'}: choose among {', '.join(FORMS)}")
    return tuple(form for form in FORMS if form in forms)


def _options(default: str) -> Callable[[F], F]:
    """The options that every paper has, which its function is given as one Wanted."""

    def add(function: F) -> F:
        @wraps(function)
        def call(app: App, *, lang: Lang, forms: tuple[Form, ...], out: Path | None, eml: bool, **more: Any) -> None:
            function(app, Wanted(lang, forms, out, eml), **more)

        made: Any = click.pass_obj(call)
        for option in (
            click.option("--eml", is_flag=True, help="Also write the mail that carries it, a draft: nothing is sent."),
            click.option("--out", type=click.Path(path_type=Path),
                         help="Folder.  [default: WORKSPACE/reports]  - is stdout."),
            click.option("--format", "forms", callback=_forms, default=default, show_default=True,
                         help="docx, pdf, xlsx, md, json; several with commas."),
            click.option("--lang", type=click.Choice(get_args(Lang)), default="vi", show_default=True,
                         help="Language."),
        ):  # fmt: skip
            made = option(made)
        return made  # type: ignore[no-any-return]  # click's decorators keep what they are given

    return add


def _week(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Week | None:
    """A day of the report's week, or an ISO week, whose Monday the report is due on."""
    if value is None:
        return None
    try:
        monday = datetime.strptime(f"{value}-1", "%G-W%V-%u").replace(tzinfo=TZ).date()
    except ValueError:
        pass
    else:
        if monday.isocalendar().year != int(value[:4]):  # strptime takes the week after a year's last for its 53rd
            raise click.BadParameter(f"{value[:4]} has no week 53. Write {monday} or its week.")
        return Week.at(monday)
    try:
        return Week.at(parse_moment(value))
    except UsageError:
        raise click.BadParameter(
            f"{value!r} is neither a day nor a week. Write 2022-04-25 (the Monday on which it is due) or 2022-W17."
        ) from None


_RUN = click.option("--run", default="", help="The run it rests on.  [default: the last one of the week]")


def _material(app: App, lang: Lang, *, run: str = "", week: Week | None = None, keep_roster: bool = False) -> Material:
    moment = app.clock.now()
    rehearsal = app.clock.rehearsal or app.workspace.event.lab
    asked = Asked(moment, week or Week.at(moment), lang, rehearsal, run, keep_roster)
    if not Store.exists(app.workspace_path):
        material, notices = gather(app.workspace, None, asked)
    else:
        with Store.of_workspace(app.workspace_path) as store:
            for notice in store.notices:
                app.say(notice)
            address = app.workspace.event.recipient.email
            material, notices = gather(app.workspace, store, asked, lambda known: sent_from(known, app.clock, address))
    for notice in notices:
        app.say(notice)
    return material


def _hand_over(app: App, document: Document, material: Material, wanted: Wanted, detail: str = "") -> None:
    """Write every file, or print the only form."""
    if wanted.out is not None and str(wanted.out) == "-":
        if len(wanted.forms) > 1 or wanted.forms[0] not in TEXTS or wanted.eml:
            raise UsageError("only one format of md and json can go to stdout", do="Name one with --format.")
        click.echo(render(document, wanted.forms[0]).decode(), nl=False)
        return
    folder = wanted.out or app.workspace_path / "reports"
    written = hand_over(document, material, wanted, folder, detail=detail)
    if app.output == "table":
        for file in written:
            click.echo(file.path)
    else:
        app.emit([{"paper": document.kind, "format": file.form, "file": str(file.path)} for file in written])


def _words(app: App, wanted: Wanted) -> Profile:
    return load_profile(app.workspace_path, wanted.lang)


@click.command("weekly", short_help="What Monday morning's paper says")
@click.option(
    "--week", callback=_week, metavar="DAY", help="The Monday on which it is due, or 2022-W17.  [default: this week's]"
)
@_RUN
@_options("docx,pdf,xlsx")
def weekly_command(app: App, wanted: Wanted, *, week: Week | None, run: str) -> None:
    """The weekly report: results by service and venue, what improved or worsened, incidents, next week, annexes.

    Number, date and signature are left for the office. Wording and layout: templates/reports/vi.yaml.
    """
    material = _material(app, wanted.lang, run=run, week=week)
    if material.run is None:
        app.say("No audit lies in this week: the report says so. Run `eventready audit` first to have results in it.")
    elif ran := before_the_week(material):
        app.say(f"The last audit is of {short_date(ran, 'en')}, before this week: the report says so.")
    _hand_over(app, weekly(material, _words(app, wanted), wanted.lang), material, wanted)


@click.command("roster", short_help="The formal duty list, with telephone numbers")
@_options("docx,pdf,xlsx")
def roster_command(app: App, wanted: Wanted) -> None:
    """The duty list that the department gets before the event. It carries telephone numbers in full.

    The roster is kept as a version, whose number stands in the list; what changed since the version sent last is said.
    """
    material = _material(app, wanted.lang, keep_roster=True)
    _hand_over(app, roster_list(material, _words(app, wanted), wanted.lang), material, wanted)


@click.command("incident", short_help="The written report of one incident")
@click.argument("incident")
@_options("docx,pdf")
def incident_command(app: App, wanted: Wanted, *, incident: str) -> None:
    """What happened, why, what was done, and which of the two notices were given.

    INCIDENT is its name, `latest`, or the end of its name.
    """
    material = _material(app, wanted.lang)
    record = find(incident, material.incidents or ())
    made = incident_report(record, material, _words(app, wanted), wanted.lang)
    _hand_over(app, made, material, wanted, record.place)


@click.command("final", short_help="The summary of the whole event")
@_RUN
@_options("docx,pdf,xlsx")
def final_command(app: App, wanted: Wanted, *, run: str) -> None:
    """What was done from the letter to the end, how it went, all incidents, and what was learnt."""
    material = _material(app, wanted.lang, run=run)
    _hand_over(app, final(material, _words(app, wanted), wanted.lang), material, wanted)


@click.command("plan", short_help="The assurance plan, clause 1.1a")
@_options("docx,pdf,xlsx")
def plan_command(app: App, wanted: Wanted) -> None:
    """The assurance plan from inventory, venues and the office's templates, to be completed and signed."""
    material = _material(app, wanted.lang)
    _hand_over(app, plan(material, _words(app, wanted), wanted.lang), material, wanted)


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
