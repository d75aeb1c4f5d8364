"""eventready runs: list, show, compare and verify earlier runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.table import Table

from eventready.checks.diff import Change, Diff, compare
from eventready.cli.context import App
from eventready.english import number_of
from eventready.errors import Exit, UsageError
from eventready.report.language import Language
from eventready.run import Run, Summary
from eventready.store.chain import evidence_of
from eventready.store.store import Entry, Store

#: The kinds of change between two runs, in the order in which they are shown; the first two mean: it got worse.
KINDS = ("new", "worse", "fixed", "better", "unseen", "still")


@click.group("runs", help="List, show, compare and verify earlier runs.")
def command() -> None:
    """The group."""


@contextmanager
def _store(app: App) -> Iterator[Store]:
    with Store.of_workspace(app.workspace_path, make=False) as store:
        for notice in store.notices:
            app.say(notice)
        yield store


def _table(*columns: str) -> Table:
    return Table(*columns, box=None, header_style="bold", pad_edge=False)


def _print(table: Table) -> None:
    """On a terminal in its width; elsewhere nothing is wrapped or cut."""
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, emoji=False, width=1000, no_color=True)
    with console.capture() as captured:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


@command.command("list")
@click.pass_obj
def list_runs(app: App) -> None:
    """All runs, the latest last, with what they found."""
    with _store(app) as store:
        entries = store.runs()
    if app.output != "table":
        app.emit([_plain(entry) for entry in entries])
        return
    if not entries:
        app.say("No run is stored yet. Run `eventready audit`.")
        return
    table = _table("Run", "Event time", "State", "Failed", "Warning", "Not measured", "Measured", "Verdicts")
    language = Language("en")
    for entry in entries:
        table.add_row(*_row(entry, language))
    _print(table)


def _row(entry: Entry, language: Language) -> Iterable[str]:
    if entry.summary is None:
        return (entry.id, "", entry.state, "", "", "", "", "")
    counts = (str(entry.summary.counts.get(status, 0)) for status in ("fail", "warn", "not_measured"))
    rehearsal = " (rehearsal)" if entry.summary.rehearsal else ""
    moment = language.moment(entry.summary.moment) + rehearsal
    return (entry.id, moment, entry.state, *counts, language.percent(entry.summary.ratio), _verdicts(entry.summary))


def _verdicts(summary: Summary) -> str:
    found = [verdict for _, _, verdict in summary.verdicts]
    return ", ".join(f"{found.count(verdict)} {verdict}" for verdict in dict.fromkeys(sorted(found)))


def _plain(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "event": entry.event,
        "started": entry.started,
        "finished": entry.finished,
        "state": entry.state,
        "sha256": entry.sha256,
        "summary": entry.summary.plain() if entry.summary else None,
    }


@command.command("show")
@click.argument("run", default="latest")
@click.option("--evidence", metavar="HASH", help="Print one raw text of the run: the beginning of its hash is enough.")
@click.pass_obj
def show(app: App, run: str, evidence: str | None) -> None:
    """One run: its verdicts and everything that did not pass; with --output json the whole document."""
    with _store(app) as store:
        found = store.get(run)
        if evidence is not None:
            click.echo(_evidence(store, found, evidence))
            return
    if app.output == "table":
        _show(found)
    elif app.output == "json":
        app.emit(found.document)
    else:
        app.emit(found.document["findings"])


def _evidence(store: Store, run: Run, prefix: str) -> str:
    names = sorted(name for name in evidence_of(run.document) if prefix and name.startswith(prefix))
    if len(names) != 1:
        what = f"{len(names)} raw texts of the run begin with {prefix!r}" if names else f"The run cites no {prefix!r}"
        raise UsageError(what, do=f"`eventready runs show {run.id} --output json` lists them.")
    text = store.texts(names).get(names[0])
    if text is None:
        raise UsageError(f"The evidence {names[0]} is lost or was altered", do="See `eventready runs verify`.")
    return text


def _show(run: Run) -> None:
    language, summary = Language("en"), Summary.of(run.document)
    click.echo(f"Run {run.id} of {summary.event}, {language.moment(summary.moment, weekday=True)}")
    if summary.rehearsal:
        click.echo(f"A rehearsal: the devices were read on {language.moment(str(run.document['started']))}.")
    click.echo(f"Measured {summary.measured} of {summary.needed} ({language.percent(summary.ratio)})\n")
    table = _table("Venue", "Service", "Verdict")
    for row in summary.verdicts:
        table.add_row(*row)
    _print(table)
    bad = [finding for finding in run.document["findings"] if finding["status"] != "pass"]
    click.echo()
    table = _table("Status", "Device", "Check", "Finding")
    for finding in sorted(bad, key=lambda f: ("fail", "warn", "not_measured", "waived").index(f["status"])):
        table.add_row(finding["status"], finding["device"], finding["check"], language.sentence(finding))
    _print(table)


@command.command("diff")
@click.argument("earlier", default="previous")
@click.argument("later", default="latest")
@click.option("--all", "everything", is_flag=True, help="In the table, list what is still there too.")
@click.pass_obj
def diff(app: App, earlier: str, later: str, everything: bool) -> Exit:
    """What is new, worse, fixed, better, no longer seen and still there in LATER, compared with EARLIER.

    Leaves with 3 when something is new or worse.
    """
    with _store(app) as store:
        before, after = store.get(earlier), store.get(later)
    changes = compare(before.document["findings"], after.document["findings"])
    if app.output == "table":
        _show_diff(before, after, changes, KINDS if everything else KINDS[:-1])
    elif app.output == "json":
        kinds = {kind: [_side(change) for change in getattr(changes, kind)] for kind in KINDS}
        app.emit({"earlier": before.id, "later": after.id, **kinds})
    else:
        app.emit([{"kind": kind, **_side(change)} for kind in KINDS for change in getattr(changes, kind)])
    return Exit.FINDINGS if changes.new or changes.worse else Exit.OK


def _side(change: Change) -> dict[str, object]:
    check, device, subject = change.identity
    return {"check": check, "device": device, "subject": subject, "before": change.before, "after": change.after}


def _show_diff(before: Run, after: Run, changes: Diff, listed: tuple[str, ...]) -> None:
    language = Language("en")
    click.echo(f"{before.id} -> {after.id}: " + ", ".join(f"{len(getattr(changes, kind))} {kind}" for kind in KINDS))
    table = _table("", "Status", "Device", "Check", "Finding")
    for kind in listed:
        for change in getattr(changes, kind):
            entry = change.after or change.before or {}
            statuses = [side["status"] for side in (change.before, change.after) if side]
            steps = " -> ".join(dict.fromkeys(statuses))
            table.add_row(kind, steps, entry["device"], entry["check"], language.sentence(entry))
    if table.row_count:
        _print(table)


@command.command("verify")
@click.pass_obj
def verify(app: App) -> Exit:
    """Prove that no run and no evidence was altered or lost; leaves with 3 when one was."""
    with _store(app) as store:
        proof = store.verify()
        where = store.where
    if app.output != "table":
        problems = [{"run": problem.run, "what": problem.what} for problem in proof.problems]
        app.emit(
            {
                "intact": proof.intact,
                "runs": proof.runs,
                "evidence": proof.evidence,
                "head": proof.head,
                "problems": problems,
            }
        )
    elif proof.intact:
        click.echo(
            f"Intact: {number_of(proof.runs, 'run')} and {number_of(proof.evidence, 'raw text')} in {where}. "
            f"Head of the chain: {proof.head or 'none'}"
        )
    else:
        for problem in proof.problems:
            click.echo(f"{problem.run or 'store'}: {problem.what}")
        app.say(
            f"eventready: {where}: {number_of(len(proof.problems), 'thing was', 'things were')} altered or lost. "
            "Compare with a backup."
        )
    return Exit.OK if proof.intact else Exit.FINDINGS
