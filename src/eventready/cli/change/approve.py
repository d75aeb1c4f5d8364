"""`eventready approve`: a second person reads a plan and signs its hash."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from eventready.change.document import PlanFile, load_plan, write_plan
from eventready.change.execute.removal_plan import refuse_other_removal
from eventready.change.plan.restated import refuse_other_basis, refuse_restated
from eventready.change.safety.approval import (
    approvals_required,
    approve,
    approved_by,
    four_eyes_unproven,
    owner_of,
    refuse_unsendable,
)
from eventready.change.safety.freeze import same_person
from eventready.cli.change.plan_text import plan_lines
from eventready.cli.context import App
from eventready.cli.signing import signing_key
from eventready.core.errors import RefusedError
from eventready.core.messages import Message, message
from eventready.store.store import Store


def command(app: App, *, path: Path, by: str, source: str, seal: str, yes: bool) -> None:
    """Show PLAN, and sign its hash with your key."""
    file = load_plan(path)
    settings = app.workspace.event.changes
    if file.plan.event != app.workspace.event.id:
        raise RefusedError(
            message("cli:approve.other_event", event=file.plan.event, own=app.workspace.event.id), where=str(path)
        )
    if seal and not file.plan.sha256.startswith(seal.strip().lower()):
        raise RefusedError(
            message("cli:approve.other_hash", hash=file.plan.sha256[:16], seal=seal.strip()[:64]), where=str(path)
        )
    refuse_unsendable(file.plan, app.equipment, app.workspace.writable)
    refuse_restated(file.plan, app.equipment, app.workspace.writable)
    used, unfounded = _recorded(app, file)
    if unfounded:
        app.say(unfounded)
    key = signing_key(app, source)
    owner = owner_of(key, settings.approvers)
    if owner and by.strip() and not same_person(owner.name, by):
        raise RefusedError(message("cli:approve.other_owner", owner=owner.name, by=by.strip()))
    signed = approve(file, settings, key, app.clock.real(), used)
    if not yes and not seal:
        for line in plan_lines(file.plan, app.lang, sent=True):
            click.echo(line, err=not app.for_people)
        if not click.confirm(app.text("change:approve.confirm"), err=True):
            raise RefusedError(message("cli:approve.declined"), where=str(path))
        signed = approve(_still(path, file), settings, key, app.clock.real(), used)
    write_plan(path, signed)
    names = approved_by(signed, settings, app.clock.real(), used)
    missing = max(0, approvals_required(signed.plan, settings) - len(names))
    drill = signed.plan.drill
    command = f"drill run {drill.name} --production {path}" if drill else f"apply {path}"
    then = message("change:approve.next", workspace=str(app.workspace_path), command=command)
    unproven = four_eyes_unproven(signed, settings)
    app.show(
        {"plan": signed.plan.id, "sha256": signed.plan.sha256, "approved_by": list(names), "missing": missing,
         "four_eyes": unproven is None},
        message("change:approve.done", file=str(path), plan=signed.plan.id, names=names),
        closing=[
            *filter(None, [unproven]), message("change:approve.missing", missing=missing) if missing else then
        ],
    )  # fmt: skip


def _recorded(app: App, file: PlanFile) -> tuple[Mapping[str, str], Message | None]:
    """Return the signatures used up by changes of this workspace, and the sentence for a basis unproven here."""
    intents = app.workspace.intents
    if not Store.exists(app.workspace_path):
        return {}, refuse_other_basis(file.plan, intents, None)
    with app.open_store(make=False, only_reads=True) as store:
        refuse_other_removal(file.plan, store, app.equipment, app.workspace.writable)
        return store.changes.used_approvals(file.plan.id), refuse_other_basis(file.plan, intents, store)


def _still(path: Path, shown: PlanFile) -> PlanFile:
    """Read the plan again, with approvals added meanwhile. Raises RefusedError for another plan."""
    file = load_plan(path)
    if file.plan != shown.plan:
        raise RefusedError(message("cli:approve.replaced"), where=str(path))
    return file
