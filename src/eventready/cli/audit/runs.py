"""eventready runs: list, show, compare and verify earlier runs."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path

import click

from eventready.cli.audit.explain import explain
from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.options import FILE, FOLDER
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import Lang, message, term, text
from eventready.core.this_process import ONCE, relaxed_gc

with deferred():
    from eventready.cli.render.auditing.walk import walks
    from eventready.cli.render.console import VisibleConsole
    from eventready.cli.render.listing import show as show_table
    from eventready.cli.render.listing import translated
    from eventready.core.files import write_atomic
    from eventready.core.language import Language
    from eventready.evaluation.alike import Row, about, rows
    from eventready.evaluation.causes import causes
    from eventready.evaluation.differences import Change, Diff, change_about, compare_runs, rests_between
    from eventready.store.integrity import CHECKPOINT, ChainVerification
    from eventready.store.run import Run, Summary
    from eventready.store.run_records import Named, RunFinding, plain_finding
    from eventready.store.store import RunEntry, Store
    from eventready.workspace.keys.signing_keys import OWN_KEY, load_private, load_public, own_public_keys

#: The kinds of change between two runs, in the order in which they are shown; the first two mean: it got worse.
KINDS = ("new", "worse", "fixed", "better", "unseen", "still")
#: Width of tables without a terminal: no cell is wrapped.
_WHOLE = 1000
_table = partial(translated, "cli:runs_column")


@click.group("runs", help="List, show, compare and verify earlier runs.")
def command() -> None:
    """The group."""


@command.command("list")
@click.pass_obj
def list_runs(app: App) -> None:
    """List all runs with the numbers of their findings, the latest last."""
    with app.open_store(make=False) as store:
        entries = store.runs()
    if app.output != "table":
        app.emit([_plain(entry) for entry in entries])
        return
    if not entries:
        app.notify("cli:runs.none")
        return
    table = _table(("run", "moment", "state", "fail", "warn", "not_measured", "measured", "verdicts"), app.lang)
    language = Language(app.lang)
    for entry in entries:
        table.add_row(*_row(entry, language))
    show_table(table, width=_WHOLE)


def _row(entry: RunEntry, language: Language) -> Iterable[str]:
    state = term("cli:run_state", entry.state, language.code)
    if entry.summary is None:
        return (entry.id, "", state, "", "", "", "", "")
    counts = (str(entry.summary.counts.get(status, 0)) for status in ("fail", "warn", "not_measured"))
    moment = language.moment(entry.summary.moment)
    if entry.summary.rehearsal:
        moment = text("cli:runs.rehearsal_moment", language.code, at=moment)
    verdicts = _verdicts(entry.summary, language)
    return (entry.id, moment, state, *counts, language.percent(entry.summary.ratio), verdicts)


def _verdicts(summary: Summary, language: Language) -> str:
    found = Counter(verdict for _, _, verdict in summary.verdicts)
    return "; ".join(f"{count} {language.verdict(verdict)}" for verdict, count in sorted(found.items()))


def _plain(entry: RunEntry) -> dict[str, object]:
    return asdict(entry)


@command.command("show")
@click.argument("run", default="latest")
@click.option("--evidence", metavar="HASH", help="Print one raw text of the run: the beginning of its hash is enough.")
@click.option("--explain", "service", default="", metavar="VENUE/SERVICE", help="Show the walk of this service whole.")
@click.pass_obj
def show(app: App, run: str, evidence: str | None, service: str) -> None:
    """Show a run: verdicts and all findings except passes; with --output json the whole document."""
    with app.open_store(make=False) as store:
        found = store.get(run, interrupted=True)
        if evidence is not None:
            click.echo(_evidence(store, found, evidence))
            return
        if service:
            explain(app, found, service)
            return
    if app.output == "table":
        _show(found, app.lang)
    elif app.output == "json":
        app.emit_run(found)
    else:
        app.emit(map(plain_finding, found.findings()))


def _evidence(store: Store, run: Run, prefix: str) -> str:
    names = sorted(name for name in run.evidence() if prefix and name.startswith(prefix))
    if len(names) != 1:
        msgid = "cli:runs.evidence_several" if names else "cli:runs.evidence_none"
        do = message("cli:runs.evidence_list", run=run.id)
        raise UsageError(message(msgid, count=len(names), prefix=prefix), do=do)
    found = store.texts(names).get(names[0])
    if found is None:
        raise UsageError(message("cli:runs.evidence_lost", name=names[0]))
    return found


def _show(run: Run, lang: Lang) -> None:
    language, summary = Language(lang), Summary.of(run)
    moment = language.moment(summary.moment, weekday=True)
    click.echo(text("cli:runs.heading", lang, run=run.id, event=summary.event, at=moment))
    if summary.rehearsal:
        click.echo(text("cli:runs.rehearsal", lang, at=language.moment(run.header.started)))
    ratio = language.percent(summary.ratio)
    if run.interrupted:
        click.echo(text("cli:runs.interrupted", lang, run=run.id))
    else:
        click.echo(text("cli:runs.measured", lang, measured=summary.measured, needed=summary.needed, ratio=ratio))
    if summary.partial:
        click.echo(text("cli:runs.partial", lang, n=summary.partial))
    if summary.seen:
        click.echo(text("cli:runs.seen", lang, seen=summary.seen, uncovered=summary.uncovered))
    if summary.unseen_devices:
        click.echo(text("cli:runs.unseen", lang, n=summary.unseen_devices))
    click.echo()
    table = _table(("venue", "service", "verdict"), lang)
    for venue, service, verdict in summary.verdicts:
        table.add_row(venue, service if lang == "en" else language.service(service), language.verdict(verdict))
    show_table(table, width=_WHOLE)
    walks(VisibleConsole(width=None if sys.stdout.isatty() else _WHOLE), run, lang)
    click.echo()
    table = _table(("status", "device", "check", "finding"), lang)
    for cells in _finding_rows(list(run.open_findings()), language, run.header.below):
        table.add_row(*cells)
    show_table(table, width=_WHOLE)
    lines = (
        text(
            "cli:runs.unread",
            lang,
            device=observation.device,
            fact=observation.fact,
            subject=record.subject,
            reason=language.reason(record),
        )
        for observation in run.observations(b'"unread":')
        if not observation.inventory
        for record in observation.unread
    )
    for line in dict.fromkeys(lines):  # two readings name one record twice
        click.echo(line)


def _finding_rows(
    findings: list[RunFinding], language: Language, rests: Mapping[Named, Named]
) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each row of alike findings, and of the findings behind them."""
    findings.sort(key=lambda f: ("fail", "warn", "not_measured", "waived").index(f.status))
    for row in rows(findings, about, causes(findings, rests)):
        yield _cells(row, language)
        for behind in rows(row.behind, about):
            status, *place, sentence = _cells(behind, language)
            yield f"- {status}", *place, sentence


def _cells(row: Row[RunFinding], language: Language) -> tuple[str, ...]:
    found, everything = row.first, len(row.subjects)
    devices = ", ".join(row.devices)
    sentence = row.sentence(language, language.sentence(found), everything)
    return language.status(found.status), devices, found.check, sentence


@command.command("diff")
@click.argument("earlier", default="previous")
@click.argument("later", default="latest")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="In the table, list unchanged findings and those that follow from others too.",
)
@click.pass_obj
@relaxed_gc(ONCE)
def diff(app: App, earlier: str, later: str, everything: bool) -> Exit:
    """Compare LATER with EARLIER: findings new, worse, fixed, better, unseen and still there.

    Exit code 3 with a new or worse finding.
    """
    with app.open_store(make=False) as store:
        before, after = (store.get(name, interrupted=True) for name in (earlier, later))
        changes = compare_runs(before, after)
    if app.output == "table":
        _show_diff(before, after, changes, everything=everything, lang=app.lang)
    elif app.output == "json":
        kinds = {kind: [_side(change) for change in getattr(changes, kind)] for kind in KINDS}
        app.emit({"earlier": before.id, "later": after.id, **kinds})
    else:
        app.emit([{"kind": kind, **_side(change)} for kind in KINDS for change in getattr(changes, kind)])
    return Exit.FINDINGS if changes.new or changes.worse else Exit.OK


def _side(change: Change) -> dict[str, object]:
    check, device, subject = change.identity
    sides = {"before": change.before, "after": change.after}
    plain = {name: plain_finding(side) if side else None for name, side in sides.items()}
    return {"check": check, "device": device, "subject": subject, **plain}


def _show_diff(before: Run, after: Run, changes: Diff, *, everything: bool, lang: Lang) -> None:
    language = Language(lang)
    totals = ", ".join(f"{len(getattr(changes, kind))} {text(f'cli:diff.{kind}', lang)}" for kind in KINDS)
    click.echo(f"{before.id} -> {after.id}: {totals}")
    for run in filter(lambda one: one.interrupted, (before, after)):
        click.echo(text("cli:runs.interrupted", lang, run=run.id))
    read, reread = ({one.name for one in run.header.devices} for run in (before, after))
    for run, only in ((before, read - reread), (after, reread - read)):
        if only:
            click.echo(text("cli:diff.apart", lang, run=run.id, n=len(only)))
    table = _table(("", "status", "device", "check", "finding"), lang)
    rests = rests_between(before, after)
    for kind in KINDS if everything else KINDS[:-1]:
        found: Sequence[Change] = getattr(changes, kind)
        for row in rows(found, change_about, {} if everything else causes((change.entry for change in found), rests)):
            statuses = [language.status(side.status) for side in (row.first.before, row.first.after) if side]
            steps = " -> ".join(dict.fromkeys(statuses))
            word, devices = text(f"cli:diff.{kind}", lang), ", ".join(row.devices)
            sentence = row.sentence(language, language.sentence(row.first.entry), len(row.subjects))
            table.add_row(word, steps, devices, row.first.identity[0], sentence)
    if table.row_count:
        show_table(table, width=_WHOLE)


@command.command("verify")
@click.option("--keys", type=FOLDER, metavar="FOLDER", help="Trusted public keys (*.key.json), beside the own key.")
@click.option("--checkpoint", "files", type=FILE, metavar="FILE", multiple=True,
              help="Checkpoint kept elsewhere: a file of `runs sign`, a bundle or a mail; repeatable.")  # fmt: skip
@click.pass_obj
def verify(app: App, keys: Path | None, files: tuple[Path, ...]) -> Exit:
    """Verify the integrity of runs, evidence and journal, and the reach of the signed heads.

    Exit code 3 for an altered or missing entry.
    """
    from eventready.delivery.checkpoint_files import read_checkpoint  # noqa: PLC0415  loads cryptography, which a list needs not

    trusted = [*own_public_keys(app.workspace_path), *(load_public(keys).values() if keys else ())]
    checkpoints = [read_checkpoint(path) for path in files]
    with app.open_store(make=False) as store:
        found, where = store.verify(trusted, checkpoints), store.where
    if app.output != "table":
        problems = [{"run": problem.run, "what": problem.what} for problem in found.problems]
        counts = {"runs": found.runs, "pruned": found.pruned, "evidence": found.evidence, "head": found.head}
        signed = CHECKPOINT.plain(found.reach) if found.reach else None
        app.emit({"intact": found.intact, **counts, "signed": signed, "problems": problems})
    else:
        _show_verification(app, found, where)
    return Exit.OK if found.intact else Exit.FINDINGS


def _show_verification(app: App, found: ChainVerification, where: str) -> None:
    found_in = app.text("cli:runs.store")
    for problem in found.problems:
        click.echo(f"{problem.run or found_in}: {problem.cause.render(app.lang)}")
    if found.intact:
        counts = {"runs": found.runs, "pruned": found.pruned, "texts": found.evidence}
        click.echo(app.text("cli:runs.intact", **counts, where=where, head=found.head or "-"))
    else:
        app.notify("cli:runs.altered", n=len(found.problems), where=where)
    if found.reach:
        reach = found.reach
        position = app.text("cli:runs.position", position=reach.position, runs=found.runs)
        app.notify("cli:runs.signed_head", to=position, operator=reach.operator, key=reach.key, at=str(reach.signed))
    elif found.runs:
        app.notify("cli:runs.no_head")


@command.command("sign")
@click.option("--key", "source", metavar="FILE|REFERENCE", help="Private key.  [default: the key of bundles]")
@click.option("--out", type=FILE, metavar="FILE",
              help="Write the checkpoint here too, to be kept outside of the store.")  # fmt: skip
@click.pass_obj
def sign(app: App, source: str | None, out: Path | None) -> None:
    """Sign the head of the chain: all runs up to now are bound to the key."""
    own = str(app.workspace_path / OWN_KEY)
    key = load_private(source or own, app.workspace_path, "", default=app.workspace.event.enterprise)
    with app.open_store(make=False) as store:
        checkpoint = store.sign_head(key, app.clock)
    plain = CHECKPOINT.plain(checkpoint)
    document = json.dumps(plain, ensure_ascii=False, indent=1) + "\n"
    if out:
        write_atomic(out, document.encode())
    if app.output == "table":
        app.notify("cli:runs.signed", position=checkpoint.position, operator=checkpoint.operator, key=checkpoint.key)
    else:
        app.emit(plain)


@command.command("prune")
@click.option("--keep", type=click.IntRange(1), metavar="N", help="Keep the documents of the latest N runs.")
@click.option("--older-than", "age", metavar="SPAN", help="Prune runs older than this: 90d, 12h.")
@click.option("--dry-run", is_flag=True, help="Count, remove nothing.")
@click.pass_obj
def prune(app: App, keep: int | None, age: str | None, dry_run: bool) -> None:
    """Remove documents of old runs, and evidence without a reference from a stored run, change or journal.

    Hashes and summaries stay, so that the chain can still be verified; the pruning is recorded, and signed where the
    workspace has a key.
    """
    if keep is None and age is None:
        raise UsageError(message("cli:runs.prune_what"))
    from eventready.cli.signing import enterprise_key  # noqa: PLC0415  loads cryptography, which a list needs not

    before = app.clock.real() - parse_span(age) if age else None
    with app.open_store(make=False) as store:
        result = store.prune(app.clock, keep=keep, before=before, dry_run=dry_run)
        if result.runs and not dry_run and (key := enterprise_key(app)):
            store.sign_head(key, app.clock)
    if app.output != "table":
        app.emit({"runs": list(result.runs), "evidence": result.evidence, "bytes": result.size, "dry_run": dry_run})
        return
    msgid = "cli:runs.would_prune" if dry_run else "cli:runs.pruned"
    app.notify(msgid, runs=len(result.runs), texts=result.evidence, size=result.size / 1e6)


def parse_span(span: str) -> timedelta:
    """Length of time from `90d` or `12h`. Raises UsageError."""
    match = re.fullmatch(r"(\d{1,4})([dh])", span.strip())
    if not match:
        raise UsageError(message("cli:runs.span", span=span))
    return timedelta(days=int(match[1])) if match[2] == "d" else timedelta(hours=int(match[1]))
