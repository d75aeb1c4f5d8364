"""Commands of the sections Papers and Department: options and help."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import click

from eventready.cli import options
from eventready.cli.commands import EXAMPLES, FOLLOWERS
from eventready.cli.context import App
from eventready.cli.declare.work import work
from eventready.core.clock import parse_moment
from eventready.core.errors import UsageError
from eventready.papers.document.registry import PAPERS, PaperKind, PaperOption
from eventready.papers.words import FORMS, Form


def _forms(context: click.Context, _parameter: click.Parameter, value: str) -> tuple[Form, ...]:
    forms = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    wrong = [form for form in forms if form not in FORMS]
    if wrong or not forms:
        named = ", ".join(wrong) or repr(value)
        raise click.BadParameter(
            context.ensure_object(App).text("cli:papers.forms", wrong=named, forms=", ".join(FORMS))
        )
    return tuple(form for form in FORMS if form in forms)


def _format_option(default: str) -> Callable[[options.F], options.F]:
    """The option --format, as the parameter `forms` in the usual order."""
    text = f"{', '.join(FORMS)}; several with commas."
    return click.option("--format", "forms", callback=_forms, default=default, show_default=True, help=text)


_rehearsal_option = click.option("--rehearsal", is_flag=True, help="Mark as a rehearsal; data of the example count.")
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


@click.group("report")
def report() -> None:
    """Write a report from a run."""


@report.command("readiness")
@click.argument("run", default="", envvar="EVENTREADY_RUN")
@_format_option("html")
@click.option("--out", type=options.PATH, help="File, folder, or - for stdout.  [default: WORKSPACE/reports]")
@_rehearsal_option
@work("eventready.cli.papers.report:readiness_command")
def report_readiness() -> None:
    """Write the readiness report: verdicts, findings, blind spots and evidence.

    RUN is the id of a run, a prefix of the id, latest, previous, or a file with a run document; by default the latest
    run of all devices.
    """


def _option(option: PaperOption) -> Callable[[options.F], options.F]:
    if option.form == "argument":
        return click.argument(option.name)
    if option.form == "flag":
        return click.option(f"--{option.name}", is_flag=True, help=option.help)
    several = option.form == "texts"
    return click.option(
        f"--{option.name}", default=None if several else "", multiple=several, metavar=option.metavar, help=option.help
    )


def _command(kind: PaperKind) -> click.Command:
    """Return the command of a kind of paper: its own options, and those of every paper."""

    @options.with_options(
        *([week_option] if kind.of_week else []),
        *map(_option, kind.options),
        _format_option(",".join(kind.forms)),
        click.option("--out", type=options.PATH, help="Folder, or - for stdout.  [default: WORKSPACE/reports]"),
        click.option("--eml", is_flag=True, help="Also write the mail as a draft (.eml); nothing is sent."),
        _rehearsal_option,
        click.option("--check", is_flag=True, help="Print the source of each part; exit code 3 without one."),
    )
    @work("eventready.cli.papers.formats:write", kind=kind.name)
    def write() -> None:
        pass

    return click.command(kind.name, help=kind.help, short_help=kind.summary)(write)


for paper in PAPERS.values():
    report.add_command(_command(paper))
    EXAMPLES.setdefault(f"report {paper.name}", (f"report {paper.name}", f"report {paper.name} --format docx --eml"))
    FOLLOWERS.setdefault(f"report {paper.name}", ["report send", "duties attest"])


@report.command("check-template", short_help="Check a profile: unknown variables and keys, by line")
@click.argument("file", type=options.FILE)
@work("eventready.cli.papers.formats:check_template")
def report_check_template() -> None:
    """Check a profile (templates/reports/vi.yaml): keys, sentences and variables. Exit code 2 for an invalid profile.

    The language of the profile is given by `--lang`, else by its name.
    """


@report.command("send", short_help="Mail a draft or documents, and record the delivery")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE...")
@click.option("--to", multiple=True, metavar="ADDRESS", help="Recipient, repeatable.  [default: as in the mail]")
@click.option("--really", is_flag=True, help="Send. Without this option the mail is only shown.")
@click.option("--rehearsal", is_flag=True, help="Send in a rehearsal; the subject is marked.")
@click.option("--paper", default="", metavar="KIND", help="Kind of the documents: weekly-report, duty-list, ...")
@click.option("--subject", default="", help="Subject in place of the usual one.")
@click.option("--again", default="", metavar="REASON", help="Send a version again to an address, for this reason.")
@click.option("--queued", is_flag=True, help="List the waiting mails; with --really send them again.")
@click.option("--list", "listed", is_flag=True, help="List all mails with the state of their delivery.")
@click.option("--arrived", default="", metavar="ID", help="Record that an uncertain delivery has arrived.")
@click.option("--lost", default="", metavar="ID", help="Record that an uncertain delivery was lost; it waits again.")
@click.option("--by", default="", help="Person who asked the recipient (with --arrived, --lost).")
@click.option("--note", default="", help="Answer of the recipient (with --arrived, --lost).")
@work("eventready.cli.papers.send:command")
def report_send() -> None:
    """Mail FILE... (a single .eml, or documents) over the server of event.yaml, and record the result.

    No version goes to the same address twice. Unsent mails wait in the queue.

    \b
    Exit codes:
      0  sent, or only shown
      4  waiting, refused or uncertain
      7  a rule forbids the delivery
    """


@click.group("department")
def department() -> None:
    """Exchange signed files between the department and the operators: kits, bundles, and the report of all."""


@department.command("kit", short_help="Hand the event to the operators as a signed kit")
@click.option("--out", type=options.FILE, required=True, metavar="KIT", help="File of the kit.")
@options.key_option("File, or env:, keyring:, vault: reference.  [default: the key of `department keygen`]")
@click.option("--recipient-email", default="", metavar="ADDRESS",
              help="Address for the operators' reports.  [default: `mail.sender` of event.yaml]")  # fmt: skip
@work("eventready.cli.department.kit:make")
def department_kit() -> None:
    """Write the kit of this workspace, the department's, to KIT, and print its fingerprint.

    Operators make their workspaces by `eventready init DIR --from KIT --fingerprint F`; tell them the fingerprint by
    another way than the kit, for example by telephone. `eventready department consolidate` compares their bundles with
    the venues and clauses of this workspace.
    """


@department.command("bundle", short_help="Write the signed report for the department")
@click.option("--out", type=options.FILE, required=True, metavar="FILE", help="File of the bundle.")
@options.key_option("File, or env:, keyring:, vault: reference.")
@click.option(
    "--operator",
    default="",
    metavar="NAME",
    help="Name in the published key.  [default: as published, else `enterprise`]",
)
@click.option("--rehearsal", is_flag=True, help="Bundle a rehearsal (a lab, or another clock), marked as a rehearsal.")
@work("eventready.cli.department.bundle:command")
def department_bundle() -> None:
    """Write a signed bundle: the latest run, the clauses, figures of the roster, and the incidents.

    A bundle has no raw output, no name of the roster and no telephone number. Bundles are numbered, and each names its
    predecessor; the department accepts the newest.
    """


@department.command("keygen", short_help="Create the key that signs bundles")
@click.option("--out", type=options.FILE, metavar="FILE", help="File of the private key.")
@click.option("--operator", default="", metavar="NAME", help="Owner of the key.  [default: `enterprise` of event.yaml]")
@click.option(
    "--succeeds", default="", metavar="KEY", help="The operator's private key so far, which signs the new one."
)
@work("eventready.cli.department.bundle:keygen")
def department_keygen() -> None:
    """Create a key pair: keep the private key, publish the public key (*.key.json) and its fingerprint.

    The department compares the fingerprint with you, for example by telephone, before it trusts the key. A new key of
    the same operator is accepted only with the signature of the key before (--succeeds).
    """


@department.command("consolidate", short_help="Merge bundles of operators into a provincial report")
@click.argument("bundles", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
                metavar="BUNDLE...")  # fmt: skip
@click.option("--keys", type=options.FOLDER, required=True, metavar="DIR", help="The operators' published keys.")
@click.option("--out", type=options.FOLDER, required=True, metavar="DIR", help="Folder of the report.")
@click.option(
    "--event", "event_id", default="", metavar="ID", help="Identifier of the event.  [default: the workspace's]"
)
@click.option("--max-age", type=click.IntRange(0, 3650), default=8, show_default=True, metavar="DAYS",
              help="Older bundles are refused.")  # fmt: skip
@click.option("--restart", "restarted", multiple=True, metavar="OPERATOR",
              help="This operator lost its store, and its numbers begin again.")  # fmt: skip
@click.option("--venues", "venues_file", type=options.FILE, metavar="FILE",
              help="Venues of operators with identifiers of their own (YAML).")  # fmt: skip
@click.option("--rehearsal", is_flag=True, help="Accept bundles of rehearsals only, and mark the report.")
@_format_option("html,docx,pdf,md,json")
@work("eventready.cli.department.consolidate:command")
def department_consolidate() -> None:
    """Verify every BUNDLE (signature, event, age, number) and write a report of all operators.

    Run it in the department's own workspace, whose event.yaml has the letterhead: `enterprise` is the department,
    `recipient` the People's Committee. The workspace remembers the last bundle and the key of each operator; an older
    bundle and another key are refused. Refused files are named, the others are consolidated.

    Operators with the department's kit have its venues and clauses. A bundle with other venues is refused; --venues
    maps them: `venues: {OPERATOR: {its-hall: hall, its-office: null}}` (null: outside the event).

    \b
    Exit codes:
      0  done
      2  a file is not a bundle
      3  a run behind an earlier checkpoint was rewritten
      7  a bundle was refused: altered, unknown key, old, replayed, other venues
    """
