"""Commands of the section Duties: options and help."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from eventready.cli import options
from eventready.cli.context import App
from eventready.cli.declare.papers import week_option
from eventready.cli.declare.work import work
from eventready.core.clock import parse_moment
from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.papers.words import NOTE_SECTIONS


@click.group("duties", invoke_without_command=True)
@click.option("--state", "states", type=click.Choice(["done", "in_progress", "not_done", "not_applicable"]),
              multiple=True, help="Only these states.")  # fmt: skip
@click.option("--late", is_flag=True, help="Only unfinished clauses past their deadline.")
@work("eventready.cli.duties.duties:list_clauses")
def duties() -> None:
    """List the clauses of duties.yaml for this operator (`operator:` in event.yaml), with owner, deadline,
    state and evidence.

    A clause is done with every kind of proof named in duties.yaml and no counter-evidence: checks of the latest run,
    applied changes, the roster, documents sent or attested. An attestation does not replace a measurement.

    Exit code 8 with an unfinished clause past its deadline.
    """


@duties.command("show", short_help="Show clauses with all their evidence")
@click.argument("clauses", nargs=-1, required=True, metavar="CLAUSE...")
@work("eventready.cli.duties.duties:show_clauses")
def duties_show() -> None:
    """Show each CLAUSE with the evidence for and against, and the missing proofs.

    Exit code 8 with an unfinished clause past its deadline.
    """


@duties.command("attest", short_help="Attest a clause that no device can prove")
@click.argument("clause", required=False)
@click.argument("only", required=False, metavar="[CLAUSE]")
@click.option("--by", default="", help="Person who attests.")
@click.option("--note", default="", help="Statement that is attested.")
@click.option("--file", "files", multiple=True, type=options.PATH, help="Evidence file, repeatable.")
@click.option("--document", help="Document of the clause, where it has more than one.")
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="A field of the clause's form, repeatable.")
@click.option("--form", type=options.PATH, help="A filled form (YAML), with many rows.")
@click.option("--form-template", metavar="CLAUSE", help="Print the empty form of a clause or document.")
@click.option("--withdraw", "withdrawn", metavar="ID", help="Withdraw an attestation; needs --by and --note.")
@work("eventready.cli.duties.attest:command")
def duties_attest() -> None:
    """Attest CLAUSE with a statement (--note), files, and the fields of its form. `duties attest list` lists them.

    Attestations are only added, never changed. Files are stored by their hash under .eventready/attachments; an invalid
    request records nothing. An attestation does not replace a measurement; there it is a remark only.
    """


@duties.command("note", short_help="Record words for a section of a paper")
@click.argument("text")
@week_option
@click.option("--section", type=click.Choice(NOTE_SECTIONS), required=True, help="Section of the paper.")
@click.option("--by", default="", metavar="NAME", help="Person who writes it.")
@work("eventready.cli.papers.note:command")
def duties_note() -> None:
    """Record TEXT for a section of the paper of a week: work done, added capacity, proposals, lessons.

    The paper prints the text as it is. A note proves no clause; `eventready duties attest` does.
    """


@duties.command("deadlines", short_help="List deadlines and warn ahead")
@click.option("--all", "everything", is_flag=True, help="In the table, also entries that are done or over.")
@click.option("--ics", type=options.PATH, help="Write all of them as an iCalendar file too.")
@work("eventready.cli.duties.duties:list_deadlines")
def duties_deadlines() -> None:
    """List all deadlines on the event's clock: weekly reports, the duty list, the freeze, tests, clauses, notices of
    incidents.

    Public holidays, their compensatory days, and `days_off` in event.yaml count. A weekly report on a day off is still
    due; the warning comes on the last working day before.

    Exit code 8 with a late entry.
    """


_FILE = click.argument("file", required=False, type=options.FILE)
_ROSTER_FORMATS = ("xlsx", "ics", "json")


def _formats(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, ...]:
    wanted = tuple(part.strip() for part in value.split(",") if part.strip())
    unknown = [part for part in wanted if part not in _ROSTER_FORMATS]
    if "docx" in unknown or "pdf" in unknown:
        raise UsageError(message("cli:roster.formal"))
    if unknown or not wanted:
        raise UsageError(message("cli:roster.format", format=(unknown or [value])[0], formats=list(_ROSTER_FORMATS)))
    return wanted


@click.group("roster")
def roster() -> None:
    """Check and export the duty roster, and show changes."""


@roster.command("check", short_help="Check the roster against the nine rules")
@_FILE
@click.option("--all-days", is_flag=True, help="In the chart, show every day, not only days with a gap.")
@click.option("--with-phones", is_flag=True, help="Telephone numbers in full in JSON.")
@work("eventready.cli.duties.roster:check")
def roster_check() -> None:
    """Check the roster against the nine rules: coverage, overlaps, hours, phones, handover, teams, submission, reserve,
    skills.

    FILE is an .xlsx or .csv; by default the roster of inventory/roster.yaml (roster.xlsx).

    \b
    Exit codes:
      0  every rule is kept
      2  the file is invalid
      8  a rule is broken, such as by a minute without a person on duty
    """


@roster.command("export", short_help="Write the duty list, and a calendar per person")
@_FILE
@click.option("--format", "wanted", callback=_formats, default="xlsx,ics,json", show_default=True,
              help="Any of xlsx, ics, json.")  # fmt: skip
@click.option("--out", type=options.FOLDER, default=Path("duty-list"), show_default=True, help="Folder to write to.")
@click.option("--with-phones", is_flag=True, help="Telephone numbers in full in JSON too.")
@click.option("--rehearsal", is_flag=True, help="Mark the list as a rehearsal; people of the example are then allowed.")
@work("eventready.cli.duties.roster:export")
def roster_export() -> None:
    """Write the formal duty list (xlsx, with telephone numbers), a calendar per person (ics), and JSON.

    The roster is stored as a version; the same roster keeps its number. The changes since the version sent last are
    shown.
    """


@roster.command("versions", short_help="List the exported versions, with recipients and times")
@work("eventready.cli.duties.roster:versions")
def roster_versions() -> None:
    """List the exported versions, with recipients and times."""


@roster.command("diff", short_help="Show the changes between two versions")
@click.argument("earlier", default="sent")
@click.argument("later", required=False)
@work("eventready.cli.duties.roster:diff")
def roster_diff() -> None:
    """Show the changes between two versions: numbers, `sent` or `latest`. Without LATER: from EARLIER to the file."""


def _moment(context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    context.ensure_object(App).take_place()
    return None if value is None else parse_moment(value)


#: Choices of records, which are not imported here: a test compares them.
_KINDS = ("outage", "congestion", "security", "illegal_content", "postal", "accident", "other")
_HOWS = ("phone", "in_person", "email", "letter", "fax")
_SERVICES = ("fixed", "internet", "mobile", "wifi", "postal")

#: Options common to `new` and `update`.
_details = options.with_options(
    click.option("--by", default="", help="Person who reports."),
    click.option("--summary", default="", help="Summary, in a sentence."),
    click.option("--began", metavar="TIME", callback=_moment, help="Time of the beginning."),
    click.option("--noticed", metavar="TIME", callback=_moment, help="Time of the discovery; limits run from here."),
    click.option("--venue", help="Venue of event.yaml."),
    click.option("--place", default="", help="Exact place, in words."),
    click.option("--service", "services", type=click.Choice(_SERVICES), multiple=True, help="Failed service; repeat."),
    click.option("--kind", type=click.Choice(_KINDS), help="Kind of incident.  [default: outage]"),
    click.option("--subscribers", type=int, help="Number of affected subscribers."),
    click.option("--cause", default="", help="Cause."),
    click.option("--action", "actions", multiple=True, help="Action taken; repeat."),
    click.option("--restored", metavar="TIME", callback=_moment, help="Time of the restoration."),
    click.option(
        "--notice",
        "notified",
        type=click.Choice(["department", "police"]),
        multiple=True,
        help="Notified recipient; repeat.",
    ),
    click.option("--how", type=click.Choice(_HOWS), default="phone", show_default=True, help="Way of the notice."),
    click.option("--to", "recipient", default="", help="Person who took the notice.  [default: as in event.yaml]"),
    click.option("--notice-at", metavar="TIME", callback=_moment, help="Time of the notice.  [default: --at]"),
    click.option("--final", is_flag=True, help="The notice is the final report."),
    click.option("--at", "when", metavar="TIME", callback=_moment, help="Time of this entry.  [default: now]"),
)  # fmt: skip


@click.group("incident")
def incident() -> None:
    """Record incidents and their notices."""


@incident.command("new", short_help="Record a new incident")
@_details
@work("eventready.cli.duties.incident:new")
def incident_new() -> None:
    """Record a new incident; its name (SC-20330729-01) is printed.

    Notices go to the recipient of the reports and to the police nearest to the venue. The limits are in event.yaml
    (`notice_limits`); by default 30 minutes by telephone, 2 hours in writing, 24 hours for the final report.
    """


@incident.command("update", short_help="Add facts, actions and notices to an incident")
@click.argument("incident")
@_details
@work("eventready.cli.duties.incident:update")
def incident_update() -> None:
    """Add facts, actions and notices to INCIDENT (its name, `latest`, or the end of the name); nothing is lost."""


@incident.command("list", short_help="List all incidents, with overdue notices")
@work("eventready.cli.duties.incident:list_incidents")
def incident_list() -> None:
    """List all incidents. Exit code 8 with an overdue notice."""


@incident.command("show", short_help="Show an incident with its required notices")
@click.argument("incident", default="latest")
@work("eventready.cli.duties.incident:show_incident")
def incident_show() -> None:
    """Show an incident. Exit code 8 with an overdue notice."""


@click.group("works")
def works() -> None:
    """Import planned works of providers and of your own network, and cross them with the windows of the event.

    The works are files in inventory/works, which you may also write by hand; inventory/circuits.yaml says which
    element of the network an object of a provider is.
    """


@works.command("import", short_help="Import notices: iCalendar, mail, CSV, XLSX, a folder of these")
@click.argument("file", type=options.PATH)
@options.zone_option
@click.option("--provider", default="", metavar="NAME", help="Provider of the rows of a table without one.")
@click.option("--dry-run", is_flag=True, help="Show the effect, and write nothing.")
@work("eventready.cli.duties.works:import_notices")
def works_import() -> None:
    """Import the notices of FILE: iCalendar with X-MAINTNOTE properties, a mail with a calendar, a table.

    A later notice of a work replaces the earlier one, a cancelled work ends, a replayed notice changes nothing.
    Nothing proves the sender of a mail: read what is imported.

    \b
    Exit codes:
      0  every notice is read
      2  a notice is refused; the others are imported
    """


@works.command("list", short_help="List the works from now on")
@click.option("--all", "everything", is_flag=True, help="Past, completed and cancelled works too.")
@work("eventready.cli.duties.works:list_works")
def works_list() -> None:
    """List the works from now on, and the objects missing from circuits.yaml."""


@works.command("check", short_help="Cross the works with the windows, by the newest audit")
@click.option("--run", "run_name", default="", metavar="RUN", help="Network of this run.  [default: last full audit]")
@work("eventready.cli.duties.works_check:check")
def works_check() -> None:
    """Cross the works with the windows of the event, each by itself and all at once, in the network of the last audit.

    Shown are the services that a work, or several works together, take from a venue in a window, and those left with a
    single way, with the minutes. Failures of the audit stay failed. Connects to nothing.

    \b
    Exit codes:
      0  no work harms a service in a window
      3  a service is lost, or left with a single way
      4  the harm of a work is not known
    """


@works.command("explain", short_help="Show a work, its elements and windows")
@click.argument("work")
@work("eventready.cli.duties.works:explain")
def works_explain() -> None:
    """Show WORK (its id, PROVIDER/ID, or the name of its file) with its elements and its windows."""


@works.command("draft", short_help="Draft the mail that asks to move a work")
@click.argument("work")
@click.option("--run", "run_name", default="", metavar="RUN", help="Network of this run.  [default: last full audit]")
@click.option("--out", type=options.FILE, default=Path("objection.eml"), show_default=True, help="File to write.")
@work("eventready.cli.duties.works_check:draft")
def works_draft() -> None:
    """Draft a mail to the provider about moving WORK, with the harm and the windows. Nothing is sent.

    The address of the provider is in circuits.yaml.
    """


@works.command("accept", short_help="Accept a work as planned: calls wait for its end")
@click.argument("work")
@click.option("--by", default="", metavar="NAME", help="Person who accepts the work.")
@click.option("--note", default="", help="Reason.")
@click.option("--withdraw", is_flag=True, help="Withdraw the acceptance.")
@work("eventready.cli.duties.works:accept")
def works_accept() -> None:
    """Accept WORK as planned. Within an accepted work calls wait for its end; verdicts and the wall stay as they are.

    The word holds for these times, objects and impacts: a later notice with others ends it.
    """
