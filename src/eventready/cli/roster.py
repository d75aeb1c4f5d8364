"""eventready roster: check the duty roster, hand it on, and look at its versions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from eventready.cli.context import App
from eventready.english import number_of
from eventready.errors import Exit, UsageError
from eventready.files import write_whole
from eventready.roster import say
from eventready.roster.calendar import to_calendars
from eventready.roster.changes import changes as compare
from eventready.roster.chart import Lane, chart, lanes
from eventready.roster.finding import RULES, RosterReport
from eventready.roster.load import load_roster
from eventready.roster.plain import person_plain, to_plain
from eventready.roster.roster import Roster
from eventready.roster.rules import check as hold
from eventready.roster.settings import RosterSettings, load_settings
from eventready.roster.spreadsheet import to_xlsx
from eventready.roster.versions import Shelf

FORMATS = ("xlsx", "ics", "json")
_LANG = click.option("--lang", type=click.Choice(["vi", "en"]), default="en", show_default=True, help="Language.")
_FILE = click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
#: Sentences per rule on a terminal; JSON has all.
_SHOWN = 15
_MARKS = {"error": "✗", "warn": "!", "info": "·"}


@click.group("roster", help="The duty roster: check it, hand it on, and see what changed.")
def command() -> None:
    """The group."""


def _load(app: App, file: Path | None) -> tuple[Roster, RosterSettings]:
    event = app.workspace.event
    settings = load_settings(app.workspace_path / "inventory")
    path = file or app.workspace_path / "inventory" / settings.file
    return load_roster(path, event, settings), settings


@command.command("check", short_help="Hold the roster against the nine rules")
@_FILE
@_LANG
@click.option("--all-days", is_flag=True, help="In the chart, show every day, and not only those with a gap.")
@click.option("--with-phones", is_flag=True, help="In JSON, give the telephone numbers whole.")
@click.pass_obj
def check(app: App, file: Path | None, lang: str, all_days: bool, with_phones: bool) -> Exit:
    """Hold the roster against the nine rules: coverage, overlaps, hours, phones, handover, teams, submission, reserve,
    skills.

    FILE is an .xlsx; without it, the one that inventory/roster.yaml names (roster.xlsx). Leaves with 8 when a rule is
    broken, such as by a minute without anybody on duty, and with 2 when the file does not hold.
    """
    roster, settings = _load(app, file)
    event = app.workspace.event
    report = hold(roster, event, settings, moment=app.clock.now(), sent=Shelf(app.workspace_path).submission(roster))
    drawn = lanes(roster, event, settings)
    if app.output == "json":
        app.emit(_document(roster, report, drawn, phones=with_phones))
    elif app.output == "ndjson":
        app.emit([{"kind": "gap", **gap.plain()} for gap in report.gaps] + _findings(report))
    else:
        _print(chart(drawn, lang, every_day=all_days))
        _print(_sentences(report, lang))
    return Exit.OK if report.holds else Exit.DEADLINE


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)
    click.echo()


def _document(roster: Roster, report: RosterReport, drawn: list[Lane], *, phones: bool) -> dict[str, Any]:
    return {
        "roster": roster.source,
        **report.plain(),
        "coverage": [lane.plain() for lane in drawn],
        "people": [person_plain(person, phones=phones) for person in roster.people],
        "shifts": len(roster.shifts),
    }


def _findings(report: RosterReport) -> list[dict[str, Any]]:
    return [{"kind": "finding", **finding.plain()} for finding in report.findings]


def _sentences(report: RosterReport, lang: str) -> Iterable[str]:
    vi = lang == "vi"
    for rule, (name_vi, name_en) in RULES.items():
        own = report.of(rule)
        if own:
            yield f"{'Quy tắc' if vi else 'Rule'} {rule}. {name_vi if vi else name_en}"
            yield from (f"  {_MARKS[finding.severity]} {finding.said(lang)}" for finding in own[:_SHOWN])
            if len(own) > _SHOWN:
                more = len(own) - _SHOWN
                yield f"  … và {more} nữa: -o json." if vi else f"  … and {more} more: see -o json."
        elif rule in report.unchecked:
            yield f"{'Quy tắc' if vi else 'Rule'} {rule}. {name_vi if vi else name_en}"
            why = report.unchecked[rule][not vi]
            yield f"  ? {'Chưa kiểm tra' if vi else 'Not checked'}: {why}."
    counts = {severity: report.count(severity) for severity in ("error", "warn", "info")}
    period = say.span(report.start, report.end)
    if vi:
        yield f"{counts['error']} lỗi, {counts['warn']} cảnh báo, {counts['info']} gợi ý; kỳ trực {period}."
    else:
        nouns = (("error", "error"), ("warn", "warning"), ("info", "hint"))
        yield f"{', '.join(number_of(counts[severity], noun) for severity, noun in nouns)}; on duty {period}."


@command.command("export", short_help="Write the duty list, and everybody's calendar")
@_FILE
@click.option("--format", "formats", default="xlsx,ics,json", show_default=True, help="Any of xlsx, ics, json.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("duty-list"), show_default=True,
    help="The folder to write to.",
)  # fmt: skip
@click.option("--lang", type=click.Choice(["vi", "en"]), default="vi", show_default=True, help="Language of calendars.")
@click.option("--with-phones", is_flag=True, help="Give the telephone numbers whole in JSON too.")
@click.pass_obj
def export(app: App, file: Path | None, *, formats: str, out: Path, lang: str, with_phones: bool) -> None:
    """Write the formal duty list (xlsx, with telephone numbers), a calendar per person (ics), and JSON.

    What is exported is kept as a version; the same roster keeps its number. When it differs from what was sent, says
    what changed.
    """
    wanted = _formats(formats)
    roster, settings = _load(app, file)
    event, shelf = app.workspace.event, Shelf(app.workspace_path)
    changed = shelf.changes(roster)
    version = shelf.keep(roster, app.clock.now())
    roster = version.roster
    stem = f"danh-sach-truc-v{version.number}"
    written = []
    if "xlsx" in wanted:
        written.append((out / f"{stem}.xlsx", to_xlsx(roster, event)))
    if "json" in wanted:
        text = json.dumps(to_plain(roster, phones=with_phones), ensure_ascii=False, indent=1)
        written.append((out / f"{stem}.json", text.encode()))
    if "ics" in wanted:
        calendars = to_calendars(roster, event, version.kept, lang)
        written += [(out / f"lich-truc-v{version.number}" / name, data) for name, data in calendars.items()]
    for path, data in written:
        write_whole(path, data)
    files = [str(path) for path, _ in written]
    if app.output == "table":
        _print_written(files)
    else:
        said = [change.plain() for change in changed or ()]
        app.emit({"version": version.number, "sha256": version.sha256, "files": files, "changes": said})
    _tell(app, roster, hold(roster, event, settings), version.number, [c.said(lang) for c in changed or ()])


def _print_written(files: list[str]) -> None:
    calendars = [file for file in files if file.endswith(".ics")]
    for file in files:
        if not file.endswith(".ics"):
            click.echo(file)
    if calendars:
        click.echo(f"{Path(calendars[0]).parent} ({number_of(len(calendars), 'calendar')})")


def _tell(app: App, roster: Roster, report: RosterReport, number: int, changed: list[str]) -> None:
    app.say(
        f"Version {number}: {number_of(len(roster.people), 'person', 'people')}, "
        f"{number_of(len(roster.shifts), 'shift')}."
    )
    if changed:
        app.say(
            "Changed since the version that was sent, or else kept, last:\n"
            + "\n".join(f"  {sentence}" for sentence in changed)
        )
    if not report.holds:
        app.say(f"The roster breaks rules ({report.count('error')} errors): see `eventready roster check`.")


def _formats(text: str) -> list[str]:
    wanted = [part.strip() for part in text.split(",") if part.strip()]
    unknown = [part for part in wanted if part not in FORMATS]
    if "docx" in unknown or "pdf" in unknown:
        raise UsageError("The formal list as docx or pdf is a report", do="Run `eventready report roster`.")
    if unknown or not wanted:
        raise UsageError(f"{(unknown or [text])[0]!r} is no format of a roster", do=f"Known: {', '.join(FORMATS)}.")
    return wanted


@command.command("versions", short_help="The versions that were exported, and when each was sent")
@click.pass_obj
def versions(app: App) -> None:
    """All versions that were exported, and when each went to whom."""
    shelf = Shelf(app.workspace_path)
    sendings = shelf.sendings()
    entries = [
        {
            "version": version.number,
            "kept": version.kept.isoformat(timespec="seconds"),
            "sha256": version.sha256,
            "people": len(version.roster.people),
            "shifts": len(version.roster.shifts),
            "sent": [
                {"at": s.at.isoformat(timespec="seconds"), "to": list(s.to), "message_id": s.message_id}
                for s in sendings
                if s.number == version.number
            ],
        }
        for version in shelf.versions()
    ]
    if app.output != "table":
        app.emit(entries)
        return
    if not entries:
        app.say("No version is kept yet. Run `eventready roster export`.")
    for version in shelf.versions():
        own = [f"{say.at(s.at)} to {', '.join(s.to)}" for s in sendings if s.number == version.number]
        sent = "; ".join(own) or "not sent"
        click.echo(
            f"{version.number}  {say.at(version.kept)}  {len(version.roster.people)} people, "
            f"{len(version.roster.shifts)} shifts  {version.sha256[:12]}  {sent}"
        )


@command.command("diff", short_help="What changed between two versions")
@click.argument("earlier", default="sent")
@click.argument("later", required=False)
@_LANG
@click.pass_obj
def diff(app: App, earlier: str, later: str | None, lang: str) -> None:
    """What changed between two versions: numbers, `sent` or `latest`. Without LATER: from EARLIER to the file."""
    shelf = Shelf(app.workspace_path)
    before = shelf.get(earlier).roster
    after = shelf.get(later).roster if later else _load(app, None)[0]
    found = compare(before, after)
    if app.output != "table":
        app.emit([change.plain() for change in found])
        return
    for change in found:
        click.echo(change.said(lang))
    if not found:
        app.say("Nothing changed.")
