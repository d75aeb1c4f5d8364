"""`eventready roster`: check, export and compare versions of the duty roster."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from operator import attrgetter
from pathlib import Path
from typing import Any

from eventready.cli.context import App
from eventready.cli.folding import fold
from eventready.core.errors import Exit
from eventready.core.files import write_atomic
from eventready.core.groups import group_by
from eventready.core.messages import Lang, Message, joined, message, text
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

#: Sentences per rule on a terminal; JSON has all.
_SHOWN = 15
_MARKS = {"error": "✗", "warn": "!", "info": "·"}


def _load(app: App, file: Path | None) -> tuple[Roster, RosterSettings]:
    event = app.workspace.event
    settings = load_settings(app.workspace_path / "inventory")
    path = file or app.workspace_path / "inventory" / settings.file
    roster = load_roster(path, event, settings)
    for notice in roster.notices:
        app.say(notice)
    return roster, settings


def check(app: App, *, file: Path | None, all_days: bool, with_phones: bool) -> Exit:
    """Check the roster against the nine rules: coverage, overlaps, hours, phones, handover, teams, submission,
    reserve, skills.
    """
    roster, settings = _load(app, file)
    event = app.workspace.event
    report = hold(roster, event, settings, moment=app.clock.now(), sent=Shelf(app.workspace_path).submission(roster))
    drawn = lanes(roster, event, settings)
    app.show(
        _document(roster, report, drawn, phones=with_phones),
        fold(chart(drawn, app.lang, every_day=all_days)), "", fold(_lines(report, app.lang), "    "), "",
    )  # fmt: skip
    return Exit.OK if report.holds else Exit.DEADLINE


def _document(roster: Roster, report: RosterReport, drawn: list[Lane], *, phones: bool) -> dict[str, Any]:
    return {
        "roster": roster.source,
        **report.to_dict(),
        "coverage": [lane.to_dict() for lane in drawn],
        "people": [asdict(person if phones else masked(person)) for person in roster.people],
        "shifts": len(roster.shifts),
    }


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


def export(
    app: App, *, file: Path | None, wanted: tuple[str, ...], out: Path, with_phones: bool, rehearsal: bool
) -> None:
    """Write the formal duty list (xlsx, with telephone numbers), a calendar per person (ics), and JSON."""
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
    documents = [change.to_dict() for change in changed or ()]
    app.show(
        {"version": version.number, "sha256": version.sha256, "files": files, "changes": documents}, _written(files)
    )
    _notify(app, roster, hold(roster, event, settings), version.number, changed or ())


def _written(files: Sequence[str]) -> Iterator[str | Message]:
    calendars = [file for file in files if file.endswith(".ics")]
    yield from (file for file in files if file not in calendars)
    if calendars:
        yield message("cli:roster.calendars", folder=str(Path(calendars[0]).parent), count=len(calendars))


def _notify(app: App, roster: Roster, report: RosterReport, number: int, changed: Sequence[RosterChange]) -> None:
    app.notify("cli:roster.version", version=number, people=len(roster.people), shifts=len(roster.shifts))
    if changed:
        app.notify("cli:roster.changed")
        for change in changed:
            app.say(f"  {change.message.render(app.lang)}")
    if not report.holds:
        app.notify("cli:roster.broken", n=report.count("error"))


def versions(app: App) -> None:
    """List the exported versions, with recipients and times."""
    shelf = Shelf(app.workspace_path)
    kept, sendings = shelf.versions(), group_by(shelf.sendings(), key=attrgetter("number"))
    app.show(
        [_version(version, sendings.get(version.number, ())) for version in kept],
        (_line(app, version, sendings.get(version.number, ())) for version in kept),
        closing=() if kept else [message("cli:roster.no_version")],
    )


def _line(app: App, version: Version, sendings: Iterable[Sending]) -> Message:
    own = [message("cli:roster.sent_to", at=wording.at(sending.at), recipients=sending.to) for sending in sendings]
    sent = joined(own, app.lang, ";") or message("cli:roster.not_sent")
    kept, sha256 = wording.at(version.kept), version.sha256[:12]
    return message("cli:roster.version_line", **_size(version), kept=kept, sha256=sha256, sent=sent)


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


def diff(app: App, *, earlier: str, later: str | None) -> None:
    """Show the changes between two versions: numbers, `sent` or `latest`."""
    shelf = Shelf(app.workspace_path)
    before = shelf.get(earlier).roster
    after = shelf.get(later).roster if later else _load(app, None)[0]
    found = compare(before, after)
    app.show(
        [change.to_dict() for change in found],
        (change.message for change in found),
        closing=() if found else [message("cli:roster.unchanged")],
    )
