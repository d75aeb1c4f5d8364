"""eventready report KIND: the papers for the recipient of event.yaml, a command for each kind of the registry."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.options import FILE, PATH, F, with_options
from eventready.core.clock import parse_moment
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import Lang, message, term
from eventready.core.strings.texts import short
from eventready.core.this_process import ONCE, relaxed_gc
from eventready.papers.document.registry import PAPERS, PaperKind, PaperOption
from eventready.papers.words import FORMS, TEXTS, Form

with deferred():
    from eventready.papers.document.formats import render
    from eventready.papers.document.model import Document
    from eventready.papers.document.profile import check_profile, load_profile
    from eventready.papers.document.sources import sources
    from eventready.papers.material.gather import PaperRequest, gather
    from eventready.papers.material.material import Material, Week
    from eventready.store.store import Store
    from eventready.submission.jobs import PaperOptions, write_paper


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


def _forms(context: click.Context, _parameter: click.Parameter, value: str) -> tuple[Form, ...]:
    forms = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    wrong = [form for form in forms if form not in FORMS]
    if wrong or not forms:
        named = ", ".join(wrong) or repr(value)
        raise click.BadParameter(
            context.ensure_object(App).text("cli:papers.forms", wrong=named, forms=", ".join(FORMS))
        )
    return tuple(form for form in FORMS if form in forms)


#: An ISO week with a number of up to 53, the last week of some years.
_ISO_WEEK = re.compile(r"([12]\d{3})-W(0?[1-9]|[1-4]\d|5[0-3])")


def _week(context: click.Context, _parameter: click.Parameter, value: str | None) -> date | None:
    """Parse a day, or an ISO week as its Sunday; the report is the latest due until then."""
    if value is None:
        return None
    app = context.ensure_object(App)
    if found := _ISO_WEEK.fullmatch(value):
        year, week = map(int, found.groups())
        monday = date.fromisocalendar(year, min(week, 52), 1) + timedelta(weeks=max(week - 52, 0))
        if monday.isocalendar().week != week:
            raise click.BadParameter(app.text("cli:papers.week_53", year=year, monday=f"{monday}"))
        return monday + timedelta(days=6)
    try:
        return parse_moment(value).date()
    except UsageError:
        raise click.BadParameter(app.text("cli:papers.week", value=repr(value))) from None


#: `--week`: day of the deadline, or its ISO week.
week_option = click.option(
    "--week", callback=_week, metavar="DAY", help="Day of the deadline, or 2033-W30.  [default: the latest]"
)


def _paper(
    app: App, kind: PaperKind, wanted: PaperOptions, *, run: str = "", week: date | None = None, **values: Any
) -> Exit:
    """Write every file of a paper, print its only form, or check its sources."""
    material = _material(app, kind, wanted, run, week)
    document = kind.write(material, load_profile(app.workspace_path, wanted.lang), wanted.lang, **values)
    for notice in document.notices:
        app.say(app.hint(notice))
    if wanted.check:
        return _check(app, document)
    if to_stdout(wanted.out, wanted.forms):
        if wanted.eml:
            raise UsageError(message("cli:papers.stdout"))
        click.echo(render(document, wanted.forms[0]).decode(), nl=False)
        return Exit.OK
    written = write_paper(document, material, wanted, wanted.out or app.workspace_path / "reports")
    if app.output == "table":
        for file in written:
            click.echo(file.path)
    else:
        app.emit([{"paper": kind.name, "format": file.form, "file": str(file.path)} for file in written])
    return Exit.OK


def _material(app: App, kind: PaperKind, wanted: PaperOptions, run: str, week: date | None) -> Material:
    clock, workspace = app.paper_clock(rehearsal=wanted.rehearsal), app.workspace
    moment = clock.now()
    reported = Week.at(week or moment, workspace.event.report_weekday)
    request = PaperRequest(kind, moment, reported, wanted.lang, clock.rehearsal, run)
    known = Store.exists(app.workspace_path)
    with Store.of_workspace(app.workspace_path) if known else nullcontext() as store:
        material, notices = gather(workspace, store, request, clock)
    for notice in notices:
        app.say(notice)
    return material


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


def _command(kind: PaperKind) -> click.Command:
    """Return the command of a kind of paper: its own options, and those of every paper."""

    @with_options(
        *([week_option] if kind.of_week else []),
        *map(_option, kind.options),
        format_option(",".join(kind.forms)),
        click.option("--out", type=PATH, help="Folder, or - for stdout.  [default: WORKSPACE/reports]"),
        click.option("--eml", is_flag=True, help="Also write the mail as a draft (.eml); nothing is sent."),
        rehearsal_option,
        click.option("--check", is_flag=True, help="Print the source of each part; exit code 3 without one."),
    )
    @click.pass_obj
    @relaxed_gc(ONCE)
    def write(
        app: App,
        /,
        *,
        forms: tuple[Form, ...],
        out: Path | None,
        eml: bool,
        rehearsal: bool,
        check: bool,
        **values: Any,
    ) -> Exit:
        wanted = PaperOptions(app.paper_lang, forms, out, eml, rehearsal, check)
        return _paper(app, kind, wanted, **values)

    return click.command(kind.name, help=kind.help, short_help=kind.summary)(write)


def _option(option: PaperOption) -> Callable[[F], F]:
    if option.form == "argument":
        return click.argument(option.name)
    if option.form == "flag":
        return click.option(f"--{option.name}", is_flag=True, help=option.help)
    several = option.form == "texts"
    return click.option(
        f"--{option.name}", default=None if several else "", multiple=several, metavar=option.metavar, help=option.help
    )


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


COMMANDS: tuple[click.Command, ...] = (*map(_command, PAPERS.values()), check_template)
