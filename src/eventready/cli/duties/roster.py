"""`eventready roster`: check, export and compare versions of the duty roster."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from operator import attrgetter
from pathlib import Path
from typing import Any

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.options import FILE, FOLDER
from eventready.core.errors import Exit, UsageError
from eventready.core.groups import group_by
from eventready.core.messages import Lang, joined, message, text

with deferred():
    from eventready.core.files import write_atomic
    from eventready.roster import wording
    from eventready.roster.changes import RosterChange
    from eventready.roster.changes import changes as compare
    from eventready.roster.exports.calendar import to_calendars
    from eventready.roster.exports.chart import Lane, chart, lanes
    from eventready.roster.exports.spreadsheet import to_xlsx
    from eventready.roster.finding import RULES, RosterReport
    from eventready.roster.reading.load import load_roster
    from eventready.roster.roster import Roster
    from eventready.roster.rules import check as hold
    from eventready.roster.settings import RosterSettings, load_settings
    from eventready.roster.versions import ROSTER, Sending, Shelf, Version, bare, masked

FORMATS = ("xlsx", "ics", "json")
_FILE = click.argument("file", required=False, type=FILE)
#: Sentences per rule on a terminal; JSON has all.
_SHOWN = 15
_MARKS = {"error": "✗", "warn": "!", "info": "·"}


@click.group("roster", help="Check and export the duty roster, and show changes.")
def command() -> None:
    """The group."""


def _load(app: App, file: Path | None) -> tuple[Roster, RosterSettings]:
    event = app.workspace.event
    settings = load_settings(app.workspace_path / "inventory")
    path = file or app.workspace_path / "inventory" / settings.file
    roster = load_roster(path, event, settings)
    for notice in roster.notices:
        app.say(notice)
    return roster, settings


@command.command("check", short_help="Check the roster against the nine rules")
@_FILE
@click.option("--all-days", is_flag=True, help="In the chart, show every day, not only days with a gap.")
@click.option("--with-phones", is_flag=True, help="Telephone numbers in full in JSON.")
@click.pass_obj
def check(app: App, file: Path | None, all_days: bool, with_phones: bool) -> Exit:
    """Check the roster against the nine rules: coverage, overlaps, hours, phones, handover, teams, submission, reserve,
    skills.

    FILE is an .xlsx or .csv; by default the roster of inventory/roster.yaml (roster.xlsx).

    \b
    Exit codes:
      0  every rule is kept
      2  the file is invalid
      8  a rule is broken, such as by a minute without a person on duty
    """
    roster, settings = _load(app, file)
    event = app.workspace.event
    report = hold(roster, event, settings, moment=app.clock.now(), sent=Shelf(app.workspace_path).submission(roster))
    drawn = lanes(roster, event, settings)
    if app.output == "json":
        app.emit(_document(roster, report, drawn, phones=with_phones))
    elif app.output == "ndjson":
        app.emit([{"kind": "gap", **gap.to_dict()} for gap in report.gaps] + _findings(report))
    else:
        _print(chart(drawn, app.lang, every_day=all_days))
        _print(_lines(report, app.lang))
    return Exit.OK if report.holds else Exit.DEADLINE


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)
    click.echo()


def _document(roster: Roster, report: RosterReport, drawn: list[Lane], *, phones: bool) -> dict[str, Any]:
    return {
        "roster": roster.source,
        **report.to_dict(),
        "coverage": [lane.to_dict() for lane in drawn],
        "people": [asdict(person if phones else masked(person)) for person in roster.people],
        "shifts": len(roster.shifts),
    }


def _findings(report: RosterReport) -> list[dict[str, Any]]:
    return [{"kind": "finding", **finding.to_dict()} for finding in report.findings]


def _lines(report: RosterReport, lang: Lang) -> Iterable[str]:
    for rule in RULES:
        own = report.of(rule)
        if own or rule in report.unchecked:
            yield text("cli:roster.rule", lang, rule=rule, name=str(rule))
        if own:
            yield from (f"  {_MARKS[finding.severity]} {finding.message.render(lang)}" for finding in own[:_SHOWN])
            if len(own) > _SHOWN:
                yield text("cli:roster.more", lang, more=len(own) - _SHOWN)
        elif rule in report.unchecked:
            yield text("cli:roster.unchecked", lang, reason=report.unchecked[rule])
    counts = {"errors": report.count("error"), "warnings": report.count("warn"), "hints": report.count("info")}
    yield text("cli:roster.total", lang, **counts, period=wording.span(report.start, report.end))


def _formats(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, ...]:
    wanted = tuple(part.strip() for part in value.split(",") if part.strip())
    unknown = [part for part in wanted if part not in FORMATS]
    if "docx" in unknown or "pdf" in unknown:
        raise UsageError(message("cli:roster.formal"))
    if unknown or not wanted:
        raise UsageError(message("cli:roster.format", format=(unknown or [value])[0], formats=list(FORMATS)))
    return wanted


@command.command("export", short_help="Write the duty list, and a calendar per person")
@_FILE
@click.option("--format", "wanted", callback=_formats, default="xlsx,ics,json", show_default=True,
              help="Any of xlsx, ics, json.")  # fmt: skip
@click.option("--out", type=FOLDER, default=Path("duty-list"), show_default=True, help="Folder to write to.")
@click.option("--with-phones", is_flag=True, help="Telephone numbers in full in JSON too.")
@click.option("--rehearsal", is_flag=True, help="Mark the list as a rehearsal; people of the example are then allowed.")
@click.pass_obj
def export(
    app: App, file: Path | None, *, wanted: tuple[str, ...], out: Path, with_phones: bool, rehearsal: bool
) -> None:
    """Write the formal duty list (xlsx, with telephone numbers), a calendar per person (ics), and JSON.

    The roster is stored as a version; the same roster keeps its number. The changes since the version sent last are
    shown.
    """
    clock = app.paper_clock(rehearsal=rehearsal)
    roster, settings = _load(app, file)
    event, shelf = app.workspace.event, Shelf(app.workspace_path)
    changed = shelf.changes(roster)
    version = shelf.keep(roster, clock.now())
    roster = version.roster
    stem = f"danh-sach-truc-v{version.number}"
    written = []
    if "xlsx" in wanted:
        written.append((out / f"{stem}.xlsx", to_xlsx(roster, event, rehearsal=clock.rehearsal)))
    if "json" in wanted:
        content = json.dumps(ROSTER.plain(bare(roster, phones=with_phones)), ensure_ascii=False, indent=1)
        written.append((out / f"{stem}.json", content.encode()))
    if "ics" in wanted:
        calendars = to_calendars(roster, event, version.kept, app.paper_lang)
        written += [(out / f"lich-truc-v{version.number}" / name, data) for name, data in calendars.items()]
    for path, data in written:
        write_atomic(path, data)
    files = [str(path) for path, _ in written]
    if app.output == "table":
        _print_written(app, files)
    else:
        documents = [change.to_dict() for change in changed or ()]
        app.emit({"version": version.number, "sha256": version.sha256, "files": files, "changes": documents})
    _notify(app, roster, hold(roster, event, settings), version.number, changed or ())


def _print_written(app: App, files: list[str]) -> None:
    calendars = [file for file in files if file.endswith(".ics")]
    for file in files:
        if not file.endswith(".ics"):
            click.echo(file)
    if calendars:
        folder = str(Path(calendars[0]).parent)
        click.echo(app.text("cli:roster.calendars", folder=folder, count=len(calendars)))


def _notify(app: App, roster: Roster, report: RosterReport, number: int, changed: Sequence[RosterChange]) -> None:
    app.notify("cli:roster.version", version=number, people=len(roster.people), shifts=len(roster.shifts))
    if changed:
        app.notify("cli:roster.changed")
        for change in changed:
            app.say(f"  {change.message.render(app.lang)}")
    if not report.holds:
        app.notify("cli:roster.broken", n=report.count("error"))


@command.command("versions", short_help="List the exported versions, with recipients and times")
@click.pass_obj
def versions(app: App) -> None:
    """List the exported versions, with recipients and times."""
    shelf = Shelf(app.workspace_path)
    kept, sendings = shelf.versions(), group_by(shelf.sendings(), key=attrgetter("number"))
    if app.output != "table":
        app.emit([_version(version, sendings.get(version.number, ())) for version in kept])
        return
    if not kept:
        app.notify("cli:roster.no_version")
    for version in kept:
        own = [
            message("cli:roster.sent_to", at=wording.at(sending.at), recipients=sending.to)
            for sending in sendings.get(version.number, ())
        ]
        sent = joined(own, app.lang, ";") or message("cli:roster.not_sent")
        kept_at, sha256 = wording.at(version.kept), version.sha256[:12]
        click.echo(app.text("cli:roster.version_line", **_size(version), kept=kept_at, sha256=sha256, sent=sent))


def _size(version: Version) -> dict[str, int]:
    roster = version.roster
    return {"version": version.number, "people": len(roster.people), "shifts": len(roster.shifts)}


def _version(version: Version, sendings: Iterable[Sending]) -> dict[str, Any]:
    sent = [
        {"at": sending.at.isoformat(timespec="seconds"), "to": list(sending.to), "message_id": sending.message_id}
        for sending in sendings
    ]
    kept_at = version.kept.isoformat(timespec="seconds")
    return {**_size(version), "kept": kept_at, "sha256": version.sha256, "sent": sent}


@command.command("diff", short_help="Show the changes between two versions")
@click.argument("earlier", default="sent")
@click.argument("later", required=False)
@click.pass_obj
def diff(app: App, earlier: str, later: str | None) -> None:
    """Show the changes between two versions: numbers, `sent` or `latest`. Without LATER: from EARLIER to the file."""
    shelf = Shelf(app.workspace_path)
    before = shelf.get(earlier).roster
    after = shelf.get(later).roster if later else _load(app, None)[0]
    found = compare(before, after)
    if app.output != "table":
        app.emit([change.to_dict() for change in found])
        return
    for change in found:
        click.echo(change.message.render(app.lang))
    if not found:
        app.notify("cli:roster.unchanged")
