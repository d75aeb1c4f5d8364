"""A run on the terminal: the verdicts first, then what is wrong, then what could not be measured."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from eventready.run import Run

_VERDICTS = {
    "READY": ("READY", "bold green"),
    "READY_WITH_RISK": ("READY, WITH RISK", "bold yellow"),
    "NOT_READY": ("NOT READY", "bold red"),
    "NOT_MEASURED": ("NOT MEASURED", "bold magenta"),
}
_MARKS = {"fail": ("FAIL", "red"), "warn": ("warn", "yellow"), "not_measured": ("?", "magenta")}
_SHOWN = 40
_WIDTH = 110  # of a file or a pipe

#: Mark and its style, device, check, sentence
Row = tuple[tuple[str, str], str, str, str]


def show(run: Run) -> None:
    """Print a run for a person on stdout."""
    console = Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    document = run.document
    clock = document["clock"]
    console.print(f"{document['event_info']['name']}", style="bold", markup=False)
    rehearsal = "  (rehearsal: the event's clock, not the real time)" if clock["rehearsal"] else ""
    console.print(f"Run {run.id} at {clock['event'].replace('T', ' ')[:16]}{rehearsal}", markup=False)
    console.print()
    console.print(_matrix(document))
    counts: Counter[str] = Counter()
    bad: list[Mapping[str, Any]] = []
    for finding in run.findings():
        counts[finding["status"]] += 1
        if finding["status"] != "pass":
            bad.append(finding)
    coverage = document["coverage"]
    console.print(
        f"{len(document['devices'])} devices, {coverage['measured']} of {coverage['needed']} observations measured; "
        f"{counts['pass']} pass, {counts['warn']} warn, {counts['fail']} fail, "
        f"{counts['not_measured']} not measured, {counts['waived']} waived",
        markup=False,
    )
    wrong = [(_MARKS[f["status"]], f["device"], f["check"], f["message"]) for f in _of(bad, "fail", "warn")]
    _listed(console, "What is wrong", wrong)
    _listed(console, "What could not be measured", _unmeasured(bad))
    blind = Counter(finding["check"] for finding in _of(bad, "not_measured") if finding["blind"])
    if blind:
        console.print(
            "\nBlind spots (this equipment has no words for it; measure it otherwise, or waive it): "
            + ", ".join(f"{check} on {count}" for check, count in sorted(blind.items())),
            markup=False,
        )


def _matrix(document: Mapping[str, Any]) -> Table:
    verdicts = {(v["venue"], v["service"]): v["verdict"] for v in document["verdicts"]}
    services = list(dict.fromkeys(service for _venue, service in verdicts))
    table = Table("Venue", *services, title="Verdicts", title_justify="left")
    for venue in document["event_info"]["venues"]:
        cells: list[Text | str] = [Text(venue["name"])]
        for service in services:
            word, style = _VERDICTS.get(verdicts.get((venue["id"], service), ""), ("-", "dim"))
            cells.append(Text(word, style=style))
        table.add_row(*cells)
    return table


def _of(findings: Sequence[Mapping[str, Any]], *statuses: str) -> list[Mapping[str, Any]]:
    rank = {status: place for place, status in enumerate(statuses)}
    found = [finding for finding in findings if finding["status"] in rank]
    return sorted(found, key=lambda f: (rank[f["status"]], f["device"], f["check"], f["subject"]))


def _unmeasured(findings: Sequence[Mapping[str, Any]]) -> list[Row]:
    """One row where many checks of a device miss the same reading."""
    together: dict[tuple[str, str], list[str]] = {}
    for finding in _of(findings, "not_measured"):
        if not finding["blind"]:
            together.setdefault((finding["device"], finding["message"]), []).append(finding["check"])
    return [
        (_MARKS["not_measured"], device, checks[0] if len(checks) == 1 else f"{len(checks)} checks", message)
        for (device, message), checks in together.items()
    ]


def _listed(console: Console, title: str, rows: Sequence[Row]) -> None:
    if not rows:
        return
    table = Table("", "Device", "Check", "What", title=f"\n{title}", title_justify="left", box=None, pad_edge=False)
    for (mark, style), device, check, message in rows[:_SHOWN]:
        table.add_row(Text(mark, style=style), Text(device), Text(check), Text(message))
    console.print(table)
    if len(rows) > _SHOWN:
        console.print(f"... and {len(rows) - _SHOWN} more: `eventready runs show` lists all.", markup=False)
