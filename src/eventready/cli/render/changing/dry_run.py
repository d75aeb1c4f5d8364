"""`apply --dry-run` on the terminal."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from eventready.change.execute.dry_run import DryRunOutcome, DryRunResult, dry_run, exit_code
from eventready.cli.context import App
from eventready.cli.render.changing.apply_progress import existing_plan
from eventready.cli.render.listing import cell, show, translated
from eventready.cli.render.progress import ProgressBars
from eventready.core.errors import Exit
from eventready.core.messages import Lang, in_language, message, term
from eventready.store.store import Store

_STYLES = {
    DryRunOutcome.COMMIT: "green",
    DryRunOutcome.LINES: "green",
    DryRunOutcome.REJECTED: "red",
    DryRunOutcome.OUTDATED: "yellow",
    DryRunOutcome.UNCHECKED: "yellow",
    DryRunOutcome.CHANGED: "bold red",
}


def check_plan(app: App, path: Path, *, workers: int) -> Exit:
    """Run a plan dry, and print the result of each device."""
    plan, workspace = existing_plan(path).plan, app.allowed_workspace
    with ExitStack() as stack:
        store = None
        if Store.exists(app.workspace_path):
            store = stack.enter_context(app.open_store(make=False, only_reads=True))
        locked = {lock.device: lock.change for lock in store.changes.locks()} if store else {}
        bars = stack.enter_context(ProgressBars(interactive=app.shows_progress, lang=app.lang))
        results = dry_run(workspace, plan, locked=locked, progress=bars, workers=workers, store=store)
    code = exit_code(results)
    if app.output != "table":
        rows = [{"device": one.device, "outcome": str(one.outcome), "why": _why(one, "en")} for one in results]
        app.emit({"plan": plan.id, "exit": int(code), "devices": rows} if app.output == "json" else rows)
        return code
    table = translated("change:column", ("device", "outcome", "why"), app.lang)
    for one in results:
        outcome = term("change:dry_run_outcome", one.outcome, app.lang)
        table.add_row(one.device, cell(outcome, _STYLES[one.outcome]), _why(one, app.lang))
    show(table)
    click.echo()
    click.echo(app.text("change:dry_run.done", plan=plan.id))
    return code


def _why(result: DryRunResult, lang: Lang) -> str:
    return in_language(result.why or message(f"change:dry_run.{result.outcome}"), lang)
