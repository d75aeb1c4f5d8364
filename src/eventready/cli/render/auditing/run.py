"""Run on the terminal: verdicts, findings, unmeasured subjects."""

from __future__ import annotations

import sys
from bisect import insort
from collections import Counter
from collections.abc import Mapping, Sequence
from operator import itemgetter
from shlex import quote
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from eventready.assurance.papers.language import Language
from eventready.cli.render.console import VisibleConsole
from eventready.core.messages import Bilingual, Lang, text
from eventready.store.run import Run, Summary

_VERDICT_STYLES = {
    "READY": "bold green",
    "READY_WITH_RISK": "bold yellow",
    "NOT_READY": "bold red",
    "NOT_MEASURED": "bold magenta",
}
_MARK_STYLES = {"fail": "red", "warn": "yellow", "not_measured": "magenta"}
_COUNTED = ("pass", "warn", "fail", "not_measured", "waived")
_SHOWN = 40
_DEVICES_SHOWN = 10
_WIDTH = 110  # of a file or a pipe

_FAULTS = ("fail", "warn")
#: Entries of a finding behind its sentence.
_OF_SENTENCE = ("status", "device", "check", "subject", "blind", "message", "message_id", "params")

#: Rank, device, check, subject, and number of a finding.
_Place = tuple[int, str, str, str, int]
#: Status, device, check, sentence
Row = tuple[str, str, str, str]
Finding = Mapping[str, Any]


def show(run: Run, lang: Lang = "en") -> None:
    """Print a run as text on stdout."""
    console = VisibleConsole(width=None if sys.stdout.isatty() else _WIDTH)
    document, language = run.document, Language(lang)
    console.print(_name(document["event_info"], lang), style="bold")
    note = text("cli:run.rehearsal", lang) if document["clock"]["rehearsal"] else ""
    moment = language.moment(document["clock"]["event"])
    console.print(text("cli:run.heading", lang, id=run.id, at=moment, rehearsal=note))
    _unexpecting(console, document, lang)
    console.print()
    console.print(_matrix(run, lang))
    counts: Counter[str] = Counter()
    blind: Counter[str] = Counter()
    unmeasured: list[Finding] = []
    worst: list[tuple[_Place, Finding]] = []  # those shown alone: a large fleet has a million
    for finding in run.findings():
        status = finding["status"]
        counts[status] += 1
        if status == "not_measured" and finding["blind"]:
            blind[finding["check"]] += 1
        elif status == "not_measured":
            unmeasured.append({key: finding.get(key) for key in _OF_SENTENCE})
        elif status in _FAULTS:
            insort(worst, (_place(finding, counts.total()), finding), key=itemgetter(0))
            del worst[_SHOWN:]
    console.print(_totals(document, counts, lang))
    summary = Summary.of(document, counts)
    if summary.seen:
        console.print(text("cli:runs.seen", lang, seen=summary.seen, uncovered=summary.uncovered))
    if summary.unseen_devices:
        console.print(text("cli:runs.unseen", lang, n=summary.unseen_devices))
    rows = [(f["status"], f["device"], f["check"], language.sentence(f)) for _, f in worst]
    _listed(console, "cli:run.findings", rows, sum(counts[status] for status in _FAULTS), lang)
    silent = unmeasured_rows(unmeasured, lang)
    _listed(console, "cli:run.unmeasured", silent, len(silent), lang)
    if blind:
        spots = [text("cli:run.blind_spot", lang, check=check, n=count) for check, count in sorted(blind.items())]
        console.print(f"\n{text('cli:run.blind', lang, spots=spots)}")


def _unexpecting(console: Console, document: Mapping[str, Any], lang: Lang) -> None:
    """Print a line per device without expectations, with the command for proposals."""
    names = [device["name"] for device in document["devices"] if device.get("without_expectations")]
    for name in names[:_DEVICES_SHOWN]:
        console.print(text("cli:run.no_expectations", lang, device=name, quoted=quote(name)))
    if len(names) > _DEVICES_SHOWN:
        console.print(text("cli:run.more_without", lang, n=len(names) - _DEVICES_SHOWN))


def _name(entry: Mapping[str, Any], lang: Lang) -> str:
    return Bilingual(str(entry.get("name_vi") or ""), str(entry["name"])).render(lang)


def _totals(document: Mapping[str, Any], counts: Mapping[str, int], lang: Lang) -> str:
    coverage = document["coverage"]
    totals = {status: counts.get(status, 0) for status in _COUNTED}
    devices, measured, needed = len(document["devices"]), coverage["measured"], coverage["needed"]
    return text("cli:run.totals", lang, devices=devices, measured=measured, needed=needed, **totals)


def _matrix(run: Run, lang: Lang) -> Table:
    verdicts = {(v["venue"], v["service"]): v["verdict"] for v in run.each("verdicts")}
    services = list(dict.fromkeys(service for _venue, service in verdicts))
    language = Language(lang)
    heads = services if lang == "en" else [language.service(service) for service in services]
    table = Table(text("cli:run.venue", lang), *heads, title=text("cli:run.verdicts", lang), title_justify="left")
    for venue in run.document["event_info"]["venues"]:
        cells = [Text(_name(venue, lang))]
        for service in services:
            verdict = verdicts.get((venue["id"], service), "")
            word = language.verdict(verdict).upper() if verdict else "-"
            cells.append(Text(word, style=_VERDICT_STYLES.get(verdict, "dim")))
        table.add_row(*cells)
    return table


def _place(finding: Finding, number: int = 0) -> _Place:
    rank = _FAULTS.index(finding["status"]) if finding["status"] in _FAULTS else len(_FAULTS)
    return rank, finding["device"], finding["check"], finding["subject"], number


def unmeasured_rows(findings: Sequence[Finding], lang: Lang) -> list[Row]:
    """Rows of unmeasured findings; devices and checks with the same reason share a row."""
    language = Language(lang)
    together: dict[str, list[tuple[str, str, str]]] = {}
    for finding in sorted(findings, key=_place):
        if finding["status"] == "not_measured" and not finding["blind"]:
            row = (finding["device"], finding["check"], language.sentence(finding))
            together.setdefault(_silence(finding) or row[2], []).append(row)
    return [
        ("not_measured", *_shared(rows, lang), _alike([row[2] for row in rows], lang)) for rows in together.values()
    ]


def _silence(finding: Finding) -> str:
    """Reason of an unreached device without its address."""
    reason = finding.get("params", {}).get("reason")
    unreached = finding.get("message_id") == "checks:run.unreachable"
    return str(reason.get("id", "")) if unreached and isinstance(reason, Mapping) else ""


def _alike(sentences: Sequence[str], lang: Lang) -> str:
    """First of several sentences with their number."""
    others = len(set(sentences)) - 1
    return text("cli:run.alike", lang, sentence=sentences[0], n=others) if others else sentences[0]


def _shared(rows: Sequence[tuple[str, str, str]], lang: Lang) -> tuple[str, str]:
    """The device and the check of a row, or their number where several share a reason."""
    devices, checks = {row[0] for row in rows}, {row[1] for row in rows}
    return (
        devices.pop() if len(devices) == 1 else text("cli:count.device", lang, n=len(devices)),
        checks.pop() if len(checks) == 1 else text("cli:count.check", lang, n=len(checks)),
    )


def _listed(console: Console, title: str, rows: Sequence[Row], count: int, lang: Lang) -> None:
    if not rows:
        return
    heads = (text(f"cli:run.{column}", lang) for column in ("device", "check", "finding"))
    table = Table("", *heads, title=f"\n{text(title, lang)}", title_justify="left", box=None, pad_edge=False)
    for status, *cells in rows[:_SHOWN]:
        mark = Text(text(f"cli:mark.{status}", lang), style=_MARK_STYLES[status])
        table.add_row(mark, *(Text(content) for content in cells))
    console.print(table)
    if count > _SHOWN:
        console.print(text("cli:run.more", lang, n=count - _SHOWN))
