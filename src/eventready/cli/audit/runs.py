"""eventready runs: list, show, compare and verify earlier runs."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click

from eventready.cli.audit.walk import explain, walks
from eventready.cli.console import Listing
from eventready.cli.context import App, Shown
from eventready.cli.folding import fold
from eventready.core.errors import Exit, UsageError
from eventready.core.files import write_atomic
from eventready.core.language import Language
from eventready.core.messages import Lang, Message, message, term, text
from eventready.core.this_process import ONCE, relaxed_gc
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
_FAMILY = "cli:runs_column"


def list_runs(app: App) -> None:
    """List all runs with the numbers of their findings, the latest last."""
    with app.open_store(make=False) as store:
        entries = store.runs()
    columns = ("run", "moment", "state", "fail", "warn", "not_measured", "measured", "verdicts")
    language = Language(app.lang)
    rows_of_runs = (_row(entry, language) for entry in entries)
    app.show(lambda: [asdict(entry) for entry in entries], Listing(_FAMILY, columns, rows_of_runs, "cli:runs.none"))


def _row(entry: RunEntry, language: Language) -> Sequence[str]:
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
    counts = "; ".join(f"{count} {language.verdict(verdict)}" for verdict, count in sorted(found.items()))
    return f"{summary.window}: {counts}" if summary.window else counts


def show(app: App, *, run: str, evidence: str | None, service: str) -> None:
    """Show a run: verdicts and all findings except passes; with --output json the whole document."""
    with app.open_store(make=False) as store:
        found = store.get(run, interrupted=True)
        if evidence is not None:
            click.echo(_evidence(store, found, evidence))
            return
        if service:
            explain(app, found, service)
            return
    app.show(found.json, _shown(found, app.lang))


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


def _shown(run: Run, lang: Lang) -> Iterator[Shown]:
    """A run: head, verdicts, walks, and all findings except passes."""
    language, summary = Language(lang), Summary.of(run)
    yield fold(_head(run, summary, language))
    yield ""
    yield Listing(_FAMILY, ("venue", "service", "verdict"), (
        (venue, service if lang == "en" else language.service(service), language.verdict(verdict))
        for venue, service, verdict in summary.verdicts
    ))  # fmt: skip
    yield from walks(run, lang)
    yield ""
    found = _finding_rows(list(run.open_findings()), language, run.header.below)
    yield Listing(_FAMILY, ("status", "device", "check", "finding"), found)
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
    yield fold(dict.fromkeys(lines))  # two readings name one record twice


def _head(run: Run, summary: Summary, language: Language) -> Iterator[str]:
    moment = language.moment(summary.moment, weekday=True)
    yield language.phrase("cli:runs.heading", run=run.id, event=summary.event, at=moment)
    if summary.rehearsal:
        yield language.phrase("cli:runs.rehearsal", at=language.moment(run.header.started))
    if summary.window:
        yield language.phrase("cli:run.window", window=summary.window)
    ratio = language.percent(summary.ratio)
    if run.interrupted:
        yield language.phrase("cli:runs.interrupted", run=run.id)
    else:
        yield language.phrase("cli:runs.measured", measured=summary.measured, needed=summary.needed, ratio=ratio)
    if summary.partial:
        yield language.phrase("cli:runs.partial", n=summary.partial)
    if summary.seen:
        yield language.phrase("cli:runs.seen", seen=summary.seen, uncovered=summary.uncovered)
    if summary.unseen_devices:
        yield language.phrase("cli:runs.unseen", n=summary.unseen_devices)


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


@relaxed_gc(ONCE)
def diff(app: App, *, earlier: str, later: str, everything: bool) -> Exit:
    """Compare LATER with EARLIER: findings new, worse, fixed, better, unseen and still there."""
    with app.open_store(make=False) as store:
        after = store.get(later, interrupted=True)
        before = _before(store, after) if earlier == "previous" else store.get(earlier, interrupted=True)
        changes = compare_runs(before, after)
    app.show(
        lambda: (
            {"earlier": before.id, "later": after.id}
            | {kind: [_side(change) for change in getattr(changes, kind)] for kind in KINDS}
        ),
        _shown_diff(before, after, changes, everything=everything, lang=app.lang),
    )
    return Exit.FINDINGS if changes.new or changes.worse else Exit.OK


def _before(store: Store, run: Run) -> Run:
    """Return the last run before another, of the same devices and window. Raises UsageError without such a run."""
    found = store.before(run)
    if found is None:
        raise UsageError(message("cli:diff.none_alike", run=run.id))
    return found


def _side(change: Change) -> dict[str, object]:
    check, device, subject = change.identity
    sides = {"before": change.before, "after": change.after}
    plain = {name: plain_finding(side) if side else None for name, side in sides.items()}
    return {"check": check, "device": device, "subject": subject, **plain}


def _shown_diff(before: Run, after: Run, changes: Diff, *, everything: bool, lang: Lang) -> Iterator[Shown]:
    language = Language(lang)
    totals = ", ".join(f"{len(getattr(changes, kind))} {text(f'cli:diff.{kind}', lang)}" for kind in KINDS)
    yield f"{before.id} -> {after.id}: {totals}"
    for run in filter(lambda one: one.interrupted, (before, after)):
        yield text("cli:runs.interrupted", lang, run=run.id)
    if before.header.window != after.header.window:
        for run in (one for one in (before, after) if one.header.window):
            yield text("cli:diff.window", lang, run=run.id, window=run.header.window)
    read, reread = ({one.name for one in run.header.devices} for run in (before, after))
    for run, only in ((before, read - reread), (after, reread - read)):
        if only:
            yield text("cli:diff.apart", lang, run=run.id, n=len(only))
    cells = list(
        _diff_rows(changes, {} if everything else rests_between(before, after), language, everything=everything)
    )
    if cells:
        yield Listing(_FAMILY, ("", "status", "device", "check", "finding"), cells)


def _diff_rows(
    changes: Diff, rests: Mapping[Named, Named], language: Language, *, everything: bool
) -> Iterator[tuple[str, ...]]:
    for kind in KINDS if everything else KINDS[:-1]:
        found: Sequence[Change] = getattr(changes, kind)
        for row in rows(found, change_about, {} if everything else causes((change.entry for change in found), rests)):
            statuses = [language.status(side.status) for side in (row.first.before, row.first.after) if side]
            steps = " -> ".join(dict.fromkeys(statuses))
            word, devices = language.phrase(f"cli:diff.{kind}"), ", ".join(row.devices)
            sentence = row.sentence(language, language.sentence(row.first.entry), len(row.subjects))
            yield word, steps, devices, row.first.identity[0], sentence


def verify(app: App, *, keys: Path | None, files: tuple[Path, ...]) -> Exit:
    """Verify the integrity of runs, evidence and journal, and the reach of the signed heads."""
    from eventready.delivery.checkpoint_files import read_checkpoint  # noqa: PLC0415  loads cryptography, which a list needs not

    trusted = [*own_public_keys(app.workspace_path), *(load_public(keys).values() if keys else ())]
    checkpoints = [read_checkpoint(path) for path in files]
    with app.open_store(make=False) as store:
        found, where = store.verify(trusted, checkpoints), store.where
    problems = [{"run": problem.run, "what": problem.what} for problem in found.problems]
    counts = {"runs": found.runs, "pruned": found.pruned, "evidence": found.evidence, "head": found.head}
    signed = CHECKPOINT.plain(found.reach) if found.reach else None
    app.show(
        {"intact": found.intact, **counts, "signed": signed, "problems": problems},
        _verified(found, where, app.lang), closing=_reach(found, where),
    )  # fmt: skip
    return Exit.OK if found.intact else Exit.FINDINGS


def _verified(found: ChainVerification, where: str, lang: Lang) -> Iterator[str | Message]:
    for problem in found.problems:
        yield f"{problem.run or text('cli:runs.store', lang)}: {problem.cause.render(lang)}"
    if found.intact:
        counts = {"runs": found.runs, "pruned": found.pruned, "texts": found.evidence}
        yield message("cli:runs.intact", **counts, where=where, head=found.head or "-")


def _reach(found: ChainVerification, where: str) -> Iterator[Message]:
    if not found.intact:
        yield message("cli:runs.altered", n=len(found.problems), where=where)
    if reach := found.reach:
        position = message("cli:runs.position", position=reach.position, runs=found.runs)
        yield message("cli:runs.signed_head", to=position, operator=reach.operator, key=reach.key, at=str(reach.signed))
    elif found.runs:
        yield message("cli:runs.no_head")


def sign(app: App, *, source: str | None, out: Path | None) -> None:
    """Sign the head of the chain: all runs up to now are bound to the key."""
    own = str(app.workspace_path / OWN_KEY)
    key = load_private(source or own, app.workspace_path, "", default=app.workspace.event.enterprise)
    with app.open_store(make=False) as store:
        checkpoint = store.sign_head(key, app.clock)
    plain = CHECKPOINT.plain(checkpoint)
    document = json.dumps(plain, ensure_ascii=False, indent=1) + "\n"
    if out:
        write_atomic(out, document.encode())
    signed: dict[str, str | int] = {
        "position": checkpoint.position,
        "operator": checkpoint.operator,
        "key": checkpoint.key,
    }
    app.show(plain, closing=[message("cli:runs.signed", **signed)])


def prune(app: App, *, keep: int | None, age: str | None, dry_run: bool) -> None:
    """Remove documents of old runs, and evidence without a reference from a stored run, change or journal."""
    if keep is None and age is None:
        raise UsageError(message("cli:runs.prune_what"))
    from eventready.cli.signing import enterprise_key  # noqa: PLC0415  loads cryptography, which a list needs not

    before = app.clock.real() - parse_span(age) if age else None
    with app.open_store(make=False) as store:
        result = store.prune(app.clock, keep=keep, before=before, dry_run=dry_run)
        if result.runs and not dry_run and (key := enterprise_key(app)):
            store.sign_head(key, app.clock)
    msgid = "cli:runs.would_prune" if dry_run else "cli:runs.pruned"
    app.show(
        {"runs": list(result.runs), "evidence": result.evidence, "bytes": result.size, "dry_run": dry_run},
        closing=[message(msgid, runs=len(result.runs), texts=result.evidence, size=result.size / 1e6)],
    )


def parse_span(span: str) -> timedelta:
    """Length of time from `90d` or `12h`. Raises UsageError."""
    match = re.fullmatch(r"(\d{1,4})([dh])", span.strip())
    if not match:
        raise UsageError(message("cli:runs.span", span=span))
    return timedelta(days=int(match[1])) if match[2] == "d" else timedelta(hours=int(match[1]))
