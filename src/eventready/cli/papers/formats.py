"""eventready report weekly|roster|incident|final|plan|check-template: the papers for the recipient of event.yaml."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import date, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, cast

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.options import FILE, PATH, F, with_options
from eventready.core.clock import parse_moment
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import Lang, message, term
from eventready.core.process.gc import ONCE, relaxed_gc
from eventready.core.strings.phrases import short
from eventready.papers.words import FORMS, TEXTS, Form

with deferred():
    from eventready.drill.record import drill_runs
    from eventready.incidents.incident import Incident
    from eventready.incidents.log import find
    from eventready.papers.document.formats import render
    from eventready.papers.document.model import Document
    from eventready.papers.document.profile import Profile, check_profile, load_profile
    from eventready.papers.document.sources import sources
    from eventready.papers.kinds.drill import Meeting, drill_minutes
    from eventready.papers.kinds.final import final
    from eventready.papers.kinds.incident import incident_report
    from eventready.papers.kinds.plan import plan
    from eventready.papers.kinds.roster_list import roster_list
    from eventready.papers.kinds.weekly import outside_the_week, weekly
    from eventready.papers.material.gather import PaperRequest, gather
    from eventready.papers.material.material import Material, Week
    from eventready.store.store import Store
    from eventready.submission.paper_files import PaperOptions, write_paper


#: Letters of a part in the list of sources.
_PART = 100


def format_option(default: str) -> Callable[[F], F]:
    """The option --format, as the parameter `forms` in the usual order."""
    text = f"{', '.join(FORMS)}; several with commas."
    return click.option("--format", "forms", callback=_forms, default=default, show_default=True, help=text)


def to_stdout(out: Path | None, forms: Sequence[Form]) -> bool:
    """Return True for the path `-`. Raises UsageError for several forms then, or for a form other than text."""
    if str(out) != "-":
        return False
    if len(forms) > 1 or forms[0] not in TEXTS:
        raise UsageError(message("cli:papers.stdout"))
    return True


rehearsal_option = click.option("--rehearsal", is_flag=True, help="Mark as a rehearsal; data of the example count.")


def _forms(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[Form, ...]:
    forms = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    wrong = [form for form in forms if form not in FORMS]
    if wrong or not forms:
        raise click.BadParameter(f"{', '.join(wrong) or 'nothing'}: choose among {', '.join(FORMS)}")
    return tuple(form for form in FORMS if form in forms)


def _options(default: str) -> Callable[[F], F]:
    """Add the options of every paper, passed to the command as PaperOptions."""

    def add(function: F) -> F:
        @wraps(function)
        @relaxed_gc(ONCE)
        def call(  # the options of every paper
            app: App, *, forms: tuple[Form, ...], out: Path | None, eml: bool, rehearsal: bool, check: bool, **more: Any
        ) -> Exit:
            made: Exit = function(app, PaperOptions(app.paper_lang, forms, out, eml, rehearsal, check), **more)
            return made

        return with_options(
            format_option(default),
            click.option("--out", type=PATH, help="Folder, or - for stdout.  [default: WORKSPACE/reports]"),
            click.option("--eml", is_flag=True, help="Also write the mail as a draft (.eml); nothing is sent."),
            rehearsal_option,
            click.option("--check", is_flag=True, help="Print the source of each part; exit code 3 without one."),
        )(cast("F", click.pass_obj(call)))

    return add


#: An ISO week with a number of up to 53, the last week of some years.
_ISO_WEEK = re.compile(r"([12]\d{3})-W(0?[1-9]|[1-4]\d|5[0-3])")


def _week(_context: click.Context, _parameter: click.Parameter, value: str | None) -> date | None:
    """Parse a day, or an ISO week as its Sunday; the report is the latest due until then."""
    if value is None:
        return None
    if found := _ISO_WEEK.fullmatch(value):
        year, week = map(int, found.groups())
        monday = date.fromisocalendar(year, min(week, 52), 1) + timedelta(weeks=max(week - 52, 0))
        if monday.isocalendar().week != week:
            raise click.BadParameter(f"{year} has no week {week}. Write {monday} or its week.")
        return monday + timedelta(days=6)
    try:
        return parse_moment(value).date()
    except UsageError:
        raise click.BadParameter(
            f"{value!r} is neither a day nor a week. Write 2033-07-25 (the day on which it is due) or 2033-W30."
        ) from None


#: `--week`: day of the deadline, or its ISO week.
week_option = click.option(
    "--week", callback=_week, metavar="DAY", help="Day of the deadline, or 2033-W30.  [default: the latest]"
)
_RUN = click.option("--run", default="", help="Run of the report.  [default: the last run of the week]")


def _material(
    app: App,
    wanted: PaperOptions,
    *,
    run: str = "",
    week: date | None = None,
    keep_roster: bool = False,
    with_map: bool = False,
) -> Material:
    clock, workspace = app.paper_clock(rehearsal=wanted.rehearsal), app.workspace
    moment = clock.now()
    reported = Week.at(week or moment, workspace.event.report_weekday)
    request = PaperRequest(moment, reported, wanted.lang, clock.rehearsal, run, keep_roster, with_map)
    known = Store.exists(app.workspace_path)
    with Store.of_workspace(app.workspace_path) if known else nullcontext() as store:
        material, notices = gather(workspace, store, request, clock)
    for notice in notices:
        app.say(notice)
    return material


def _write(
    app: App, document: Document, material: Material, wanted: PaperOptions, incident: Incident | None = None
) -> Exit:
    """Write every file, print the only form, or check the sources."""
    if wanted.check:
        return _check(app, document)
    if to_stdout(wanted.out, wanted.forms):
        if wanted.eml:
            raise UsageError(message("cli:papers.stdout"))
        click.echo(render(document, wanted.forms[0]).decode(), nl=False)
        return Exit.OK
    folder = wanted.out or app.workspace_path / "reports"
    written = write_paper(document, material, wanted, folder, incident)
    if app.output == "table":
        for file in written:
            click.echo(file.path)
    else:
        app.emit([{"paper": document.kind, "format": file.form, "file": str(file.path)} for file in written])
    return Exit.OK


def _check(app: App, document: Document) -> Exit:
    """Print the source of every part of a paper."""
    found = list(sources(document))
    if app.output == "table":
        for source, part in found:
            named = ", ".join(term("cli:source", each, app.lang) for each in source.split(", "))
            click.echo(f"{named or app.text('cli:papers.no_source')}: {short(part, _PART)}")
    else:
        app.emit([{"source": source, "text": part} for source, part in found])
    return Exit.OK if all(source for source, _ in found) else Exit.FINDINGS


def _profile(app: App, wanted: PaperOptions) -> Profile:
    return load_profile(app.workspace_path, wanted.lang)


@click.command("weekly", short_help="Write the weekly report")
@week_option
@_RUN
@_options("docx,pdf,xlsx")
def weekly_command(app: App, wanted: PaperOptions, *, week: date | None, run: str) -> Exit:
    """Write the weekly report: results by service and venue, changes since last week, incidents, next week.

    At most five pages, a one-page annex and the map of the network; the tables are in the workbook. Number, date and
    signature stay blank for the office. Texts and outline: templates/reports/vi.yaml.
    """
    material = _material(app, wanted, run=run, week=week, with_map=True)
    reports = material.event.weekly_report
    if reports and material.week.due < reports.first:
        app.notify("papers:cli_before_first", first=reports.first, week=f"{reports.first}")
    if material.run is None:
        app.notify("papers:cli_no_run")
    elif ran := outside_the_week(material):
        app.notify("papers:cli_outside_week", ran=ran)
    return _write(app, weekly(material, _profile(app, wanted), wanted.lang), material, wanted)


@click.command("roster", short_help="Write the formal duty list, with telephone numbers")
@_options("docx,pdf,xlsx")
def roster_command(app: App, wanted: PaperOptions) -> Exit:
    """Write the duty list, people by days, with telephone numbers in full; the shifts are an annex.

    The roster is stored as a version with a number; the list names the changes since the version sent last.
    """
    material = _material(app, wanted, keep_roster=True)
    return _write(app, roster_list(material, _profile(app, wanted), wanted.lang), material, wanted)


@click.command("incident", short_help="Write the report of an incident")
@click.argument("incident")
@_options("docx,pdf")
def incident_command(app: App, wanted: PaperOptions, *, incident: str) -> Exit:
    """Write the report of an incident: course, cause, actions, and every notice with its lateness.

    INCIDENT is its name, `latest`, or the end of its name. With --eml the mail is addressed to the recipient and the
    police.
    """
    material = _material(app, wanted)
    record = find(incident, material.incidents or ())
    made = incident_report(record, material, _profile(app, wanted), wanted.lang)
    return _write(app, made, material, wanted, record)


@click.command("drill", short_help="Write the minutes of the drills")
@click.option("--place", default="", help="Place of the drills, for the minutes.")
@click.option("--present", multiple=True, metavar="NAME", help="Person present, for the minutes; may be repeated.")
@click.option("--chair", default="", metavar="NAME", help="Chair of the meeting, for the minutes.")
@click.option("--secretary", default="", metavar="NAME", help="Secretary of the meeting, for the minutes.")
@_options("docx,pdf")
def drill_command(
    app: App, wanted: PaperOptions, *, place: str, present: tuple[str, ...], chair: str, secretary: str
) -> Exit:
    """Write the minutes of the drills: failures, and the interruption of each service before and after the changes.

    Every run on record is listed, and the worst counts. Place and people that are not given are left blank.
    """
    material = _material(app, wanted)
    with Store.of_workspace(app.workspace_path, make=False) as store:
        runs = drill_runs(store)
    meeting = Meeting(place, present, chair, secretary)
    return _write(app, drill_minutes(runs, material, _profile(app, wanted), wanted.lang, meeting), material, wanted)


@click.command("final", short_help="Write the summary of the whole event")
@_RUN
@click.option("--draft", is_flag=True, help="Write before the end of the event, marked as a draft.")
@_options("docx,pdf,xlsx")
def final_command(app: App, wanted: PaperOptions, *, run: str, draft: bool) -> Exit:
    """Write the summary after the event: results, course, all incidents, lessons."""
    material = _material(app, wanted, run=run, with_map=True)
    return _write(app, final(material, _profile(app, wanted), wanted.lang, draft=draft), material, wanted)


@click.command("plan", short_help="Write the assurance plan")
@_options("docx,pdf,xlsx")
def plan_command(app: App, wanted: PaperOptions) -> Exit:
    """Write the assurance plan from inventory, venues, attested forms and the office's texts."""
    material = _material(app, wanted, with_map=True)
    return _write(app, plan(material, _profile(app, wanted), wanted.lang), material, wanted)


@click.command("check-template", short_help="Check a profile: unknown variables and keys, by line")
@click.argument("file", type=FILE)
@click.pass_obj
def check_template(app: App, file: Path) -> None:
    """Check a profile (templates/reports/vi.yaml): keys, sentences and variables. Exit code 2 for an invalid profile.

    The language of the profile is given by `--lang`, else by its name.
    """
    of: Lang = app.chosen_lang or ("en" if file.stem.endswith("en") else "vi")
    check_profile(file, of)
    if app.output == "table":
        click.echo(app.text("cli:papers.known", file=str(file)))
    else:
        app.emit({"file": str(file), "lang": of, "holds": True})


PAPERS: tuple[click.Command, ...] = (
    weekly_command,
    roster_command,
    incident_command,
    drill_command,
    final_command,
    plan_command,
    check_template,
)
