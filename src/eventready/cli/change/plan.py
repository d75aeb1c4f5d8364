"""`eventready plan`: compute the changes and their way back without touching a device."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from eventready.change.document import Plan, load_plan, write_plan
from eventready.change.execute.removal_plan import applied_plan, make_removal_plan
from eventready.change.plan.make import make_plan
from eventready.change.plan.until import until_of
from eventready.change.safety.approval import four_eyes_unproven, sign_plan
from eventready.cli.change.plan_for import propose
from eventready.cli.change.plan_text import plan_lines
from eventready.cli.context import App
from eventready.cli.progress import ProgressBars
from eventready.cli.signing import current_user, role_key
from eventready.core.errors import EventreadyError, Exit, UsageError
from eventready.core.messages import Message, message
from eventready.core.validation_messages import suggest
from eventready.facts.equipment import Equipment
from eventready.workspace.devices.intents import Intent
from eventready.workspace.devices.select import select


def command(
    app: App,
    *,
    intents: tuple[Intent, ...],
    limit: str | None,
    out: Path | None,
    by: str,
    source: str,
    workers: int | None,
    detailed: bool,
    wanted: str,
    end: str | None,
    removes: str | None,
) -> int:
    """Render INTENT... for its devices, read their configurations, and show the changes and their order."""
    if wanted:
        if intents or out or detailed or end is not None or removes is not None:
            raise UsageError(message("cli:plan.for_alone"))
        return propose(app, wanted, limit)
    if removes is not None and (intents or end is not None):
        raise UsageError(message("cli:plan.remove_alone"))
    if not intents and removes is None:
        raise UsageError(message("cli:plan.nothing"))
    workspace = app.allowed_workspace
    for name in intents:
        if name not in workspace.intents:
            raise UsageError(message("cli:plan.intent", name=name), do=suggest(name, workspace.intents))
    until = None if end is None else until_of(workspace.event, end, app.clock.now())
    devices = select(workspace.devices, limit)
    settings = workspace.event.changes
    key, by = role_key(app, settings.planners if out else (), source, by)
    planner = _planner(by, settings.approvals)
    if out is not None:
        refuse_overwrite(out)
    reading = workspace.event.reading.given(workers=workers)
    equipment = app.equipment.only(devices)
    with ProgressBars(interactive=app.shows_progress, lang=app.lang) as bars:
        reads: dict[str, Any] = {"clock": app.clock, "by": planner, "progress": bars, "workers": reading.workers}
        if removes is not None:
            plan = _removal(app, equipment, removes, **reads)
        else:
            plan = make_plan(workspace, equipment, intents, until=until, **reads)
    closing = [_next(app, plan, out)]
    if out is not None:
        file = sign_plan(plan, settings, key, app.clock.real())
        write_plan(out, file)
        closing = [*filter(None, [four_eyes_unproven(file, settings)]), *closing]
    app.show(plan.document, plan_lines(plan, app.lang), closing=closing)
    return Exit.FINDINGS if detailed and not plan.empty else Exit.OK


def _removal(app: App, equipment: Equipment, name: str, **reads: Any) -> Plan:
    path = Path(name)
    plan = load_plan(path).plan.id if path.is_file() else name.strip()
    with app.open_store(make=False, only_reads=True, absent=message("change:removal.no_plan")) as store:
        return make_removal_plan(app.workspace, equipment, store, applied_plan(store, plan), **reads)


def _planner(by: str, approvals: int) -> str:
    if not by.strip() and approvals:
        raise UsageError(message("cli:plan.planner", approvals=approvals))
    name, _host = current_user(by)
    if not name.isprintable():
        raise UsageError(message("cli:plan.control"))
    return name


def refuse_overwrite(out: Path) -> None:
    """Raise UsageError for a protected path (an approved plan, another file) or an unwritable path."""
    if not out.exists():
        folder = next(parent for parent in out.absolute().parents if parent.exists())
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise UsageError(message("cli:plan.unwritable"), where=str(out))
        return
    try:
        approved = bool(load_plan(out).approvals)
    except EventreadyError:
        raise UsageError(message("cli:plan.other_file"), where=str(out)) from None
    if approved:
        raise UsageError(message("cli:plan.approved"), where=str(out))


def _next(app: App, plan: Plan, out: Path | None) -> Message:
    if plan.empty:
        return message("change:plan.no_change")
    if out is None:
        return message("change:plan.no_file")
    where = {"file": str(out), "workspace": str(app.workspace_path)}
    if plan.approvals_needed:
        return message("change:plan.written_approvals", approvals=plan.approvals_needed, step="approve", **where)
    return message("change:plan.written", step="apply", **where)
