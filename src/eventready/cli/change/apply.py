"""`eventready apply`: execute a plan, or resume a change after a crash."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypedDict, Unpack

from eventready.change.document import Plan
from eventready.change.errors import abbreviate
from eventready.change.execute.apply import apply_plan
from eventready.change.execute.change import refuse_unrecorded
from eventready.change.execute.dry_run import DryRunOutcome, DryRunResult, dry_run, exit_code
from eventready.change.execute.recovery import resume
from eventready.change.execute.waiting import apply_at
from eventready.change.execute.wave_gate import paths_at
from eventready.change.plan.places import windows_of_change
from eventready.change.plan.restated import refuse_other_basis
from eventready.change.safety.freeze import next_closed_window
from eventready.cli.change.agreement import require_yes
from eventready.cli.change.attach import attach
from eventready.cli.change.execution import carry_out
from eventready.cli.change.later import begin_of, is_later, not_past
from eventready.cli.change.progress import existing_plan, interruption_as_failure, options_of
from eventready.cli.change.rehearsal import RehearsalOptions, rehearse_file
from eventready.cli.console import Listing, styled
from eventready.cli.context import App
from eventready.cli.progress import ProgressBars
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import Text, in_language, message, term
from eventready.core.strings.texts import at
from eventready.core.timezone import local_time
from eventready.store.store import Store

#: A warning is printed if a window closes within this time.
_SOON = timedelta(hours=1)


_DRY_STYLES = {
    DryRunOutcome.COMMIT: "green",
    DryRunOutcome.LINES: "green",
    DryRunOutcome.REJECTED: "red",
    DryRunOutcome.OUTDATED: "yellow",
    DryRunOutcome.UNCHECKED: "yellow",
    DryRunOutcome.CHANGED: "bold red",
}


class ExecutionValues(TypedDict):
    """Values of the options of `apply` and `rollback` about the execution."""

    confirm_within: int | None
    settle: int | None
    soak: int | None
    workers: int | None
    ticket: str
    named: tuple[str, ...]
    by: str
    source: str


def command(
    app: App,
    *,
    plan: Path | None,
    cut_off: str,
    attached: str,
    begin_at: str,
    window: str,
    dry_run: bool,
    atomic: bool,
    hold: bool,
    yes: bool,
    rehearse: bool,
    faults: tuple[str, ...],
    saved: Path | None,
    **given: Unpack[ExecutionValues],
) -> Exit:
    """Execute PLAN: a single device first, then waves."""
    if sum(map(bool, (plan, cut_off, attached))) != 1:
        raise UsageError(message("cli:apply.nothing"))
    if attached:
        return attach(app, attached)
    if atomic and cut_off:
        raise UsageError(message("cli:apply.atomic_resumed"))
    if hold and (cut_off or dry_run or rehearse):
        raise UsageError(message("cli:apply.hold_alone"))
    later = is_later(begin_at, window, alone=plan is not None and not (dry_run or rehearse))
    rehearsal = RehearsalOptions.of(rehearse=rehearse, faults=faults, saved=saved)
    if rehearsal is not None:
        if plan is None or dry_run:
            raise UsageError(message("cli:apply.rehearse"))
        options = replace(options_of(app, signed=False, **given), atomic=atomic)
        return rehearse_file(app, plan, options, rehearsal)
    if dry_run:
        if plan is None:
            raise UsageError(message("cli:apply.dry_run"))
        return _check(app, plan, workers=given["workers"])
    # the record of a change cut off has its signature
    options = replace(options_of(app, signed=not cut_off, **given), atomic=atomic)
    if plan is None:
        with app.open_store(make=False, absent=message("store:change.none")) as store:
            change = store.changes.get(cut_off).entry.id
            locked = [lock.device for lock in store.changes.locks() if lock.change == change]
        return carry_out(app, options, partial(resume, name=change), plan=change, devices=locked)
    begin = None
    with interruption_as_failure():
        file = existing_plan(plan)
        with refuse_unrecorded(), app.open_store() as store:
            if later and not file.plan.empty:
                options = replace(options, unattended=True, window=window)
                begin = begin_of(app, store, file, path=plan, options=options, at=begin_at)
            notices = _notices(app, file.plan, store)
    require_yes(app, file.plan, yes=yes)
    devices = [device.name for device in file.plan.devices]
    run = partial(apply_at, file=file, begin=not_past(app, begin, window)) if begin else partial(apply_plan, file=file)
    return carry_out(
        app, options, run, plan=file.plan.id, devices=devices, notices=notices, hold=hold,
        change=begin.change if begin else "",
    )  # fmt: skip


def _check(app: App, path: Path, *, workers: int | None) -> Exit:
    """Run a plan dry, and print the result of each device."""
    plan, workspace = existing_plan(path).plan, app.allowed_workspace
    with ExitStack() as stack:
        store = None
        if Store.exists(app.workspace_path):
            store = stack.enter_context(app.open_store(make=False, only_reads=True))
        locked = {lock.device: lock.change for lock in store.changes.locks()} if store else {}
        bars = stack.enter_context(ProgressBars(interactive=app.shows_progress, lang=app.lang))
        at_once = workspace.event.reading.given(workers=workers).workers
        results = dry_run(workspace, plan, locked=locked, progress=bars, workers=at_once, store=store)
    code = exit_code(results)
    rows = [{"device": one.device, "outcome": str(one.outcome), "why": in_language(_why(one), "en")} for one in results]
    cells = (
        (one.device, styled(term("change:dry_run_outcome", one.outcome, app.lang), _DRY_STYLES[one.outcome]), _why(one))
        for one in results
    )
    app.show(
        {"plan": plan.id, "exit": int(code), "devices": rows},
        Listing("change:column", ("device", "outcome", "why"), cells),
        "",
        message("change:dry_run.done", plan=plan.id),
    )
    return code


def _why(result: DryRunResult) -> str | Text:
    return result.why or message(f"change:dry_run.{result.outcome}")


def _notices(app: App, plan: Plan, store: Store) -> list[str]:
    """Return warnings to print before the first line is sent."""
    notices = []
    if unproven := refuse_other_basis(plan, app.workspace.intents, store):
        notices.append(in_language(unproven, app.lang))
    alone = [device.name for device in plan.devices if device.guard.kind == "inverse"]
    if alone:
        notices.append(app.text("change:no_way_back", devices=abbreviate(alone)))
    event, now = windows_of_change(app.workspace, store, app.clock, [one.name for one in plan.devices]), app.clock.now()
    window = next_closed_window(event, now)
    if window is not None and window.start - now < _SOON:
        notices.append(app.text("change:closing", at=f"{local_time(window.start):%H:%M}"))
    measured = paths_at(app.workspace, store, app.clock)
    if len(plan.waves) > 1 and measured is not None and now - measured > _SOON:
        notices.append(app.text("change:paths_age", at=at(measured)))
    return notices
