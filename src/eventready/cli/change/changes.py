"""`eventready changes`: recorded changes, their operators, and the state of every device."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.core.clock import TZ
from eventready.core.errors import RefusedError, UsageError
from eventready.core.messages import message

with deferred():
    from eventready.change.document import recorded_plan
    from eventready.change.execute.context import ExecutionContext, Options
    from eventready.change.execute.recovery import Decision, DeviceView, release
    from eventready.change.execute.status import (
        DeviceStatus,
        advice,
        describe_state,
        describe_step,
        device_statuses,
        exit_on_record,
        needs_person,
    )
    from eventready.change.safety.approval import is_signed_change
    from eventready.cli.render.changing.apply_progress import ApplyProgress
    from eventready.cli.render.changing.change_states import STYLES
    from eventready.cli.render.listing import cell, translated
    from eventready.cli.render.listing import show as show_table
    from eventready.cli.signing import current_user
    from eventready.store.change_steps import STEPS, Claim
    from eventready.store.changes import ChangeEntry, ChangeRecord, Step
    from eventready.store.store import Store


@click.group("changes", help="List changes and the state of every device.")
def command() -> None:
    """Group of commands."""


@command.command("list")
@click.pass_obj
def list_changes(app: App) -> None:
    """List all changes, the latest last: time, operator, device states."""
    if not Store.exists(app.workspace_path):
        entries: list[tuple[ChangeRecord, bool]] = []
    else:
        with app.open_store(make=False, only_reads=True) as store:
            found = store.changes.entries()
            entries = [(store.changes.get(entry.id), store.changes.is_active(entry.id)) for entry in found]
    if app.output != "table":
        app.emit([_to_dict(record, active=active) for record, active in entries])
        return
    if not entries:
        app.notify("change:none")
        return
    columns = ("change", "event_time", "by", "what", "devices", "")
    table = translated("change:column", columns, app.lang)
    for record, active in entries:
        states = device_statuses(record)
        table.add_row(
            record.entry.id,
            event_time(app, record.entry),
            record.entry.header.by,
            subject(app, record),
            count_states(app, states),
            cell(*_mark(app, record.entry, states, active=active)),
        )
    show_table(table)


def _mark(app: App, entry: ChangeEntry, states: Sequence[DeviceStatus], *, active: bool) -> tuple[str, str]:
    """Return the most urgent note on a change, and its style."""
    if active:
        return app.text("change:mark_running"), "bold"
    if needs_person(states):
        return app.text("change:mark_person"), "bold red"
    if entry.header.emergency:
        return entry.header.emergency.summary.render(app.lang), "bold yellow"
    return "", ""


@command.command("show")
@click.argument("change", default="latest")
@click.option("--device", "globs", multiple=True, metavar="NAME", help="Only these devices; a glob, or several.")
@click.pass_obj
def show(app: App, change: str, globs: Sequence[str]) -> None:
    """Show a change: the state of each device, and the journal. CHANGE is an id or a prefix of an id."""
    with app.open_store(make=False, only_reads=True) as store:
        record = store.changes.get(change)
        active = store.changes.is_active(record.entry.id)
    chosen = [
        one for one in device_statuses(record) if not globs or any(fnmatchcase(one.device, glob) for glob in globs)
    ]
    if globs and not chosen:
        raise UsageError(message("cli:changes.no_device", change=record.entry.id, names=" or ".join(globs)))
    if app.output == "json":
        app.emit({**_to_dict(record, active=active), "plan": json.loads(record.plan), "steps": _steps(record, chosen)})
    elif app.output == "ndjson":
        app.emit(_steps(record, chosen))
    else:
        _show(app, record, chosen, active=active)


@command.command("release")
@click.argument("change")
@click.argument("device")
@click.option(
    "--as",
    "claim",
    required=True,
    type=click.Choice(["new", "old", "by-hand"]),
    help="The state of the device; new and old must be proven by its configuration.",
)
@click.option("--by", required=True, metavar="NAME", help="Person responsible for the decision.")
@click.option("--why", required=True, metavar="TEXT", help="The reason, for the record.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.pass_obj
def release_device(app: App, /, change: str, device: str, *, claim: Claim, by: str, why: str, yes: bool) -> None:
    """Show the state of DEVICE, end its part of CHANGE by your decision, and release its lock.

    Needed where `apply --resume` can neither finish nor revert a device. The decision is recorded.

    \b
    Exit codes:
      0  released
      7  refused: another configuration than claimed, or an armed guard
    """
    person, host = current_user(by)
    if not why.strip():
        raise UsageError(message("cli:changes.no_reason"))

    def confirm(view: DeviceView) -> None:
        for line in _view_lines(app, view):
            app.say(line)
        if not yes and not click.confirm(app.text("change:confirm_release", device=device, claim=claim), err=True):
            raise RefusedError(message("cli:changes.not_released", device=device))

    with app.open_store(make=False) as store:
        progress = ApplyProgress(interactive=False, lang=app.lang)
        context = ExecutionContext(app.workspace, store, app.clock, Options(by=person, host=host), progress)
        decision = Decision(claim, person, host, " ".join(why.split()))
        result = release(context, change, device, decision, confirm=confirm)
        record = store.changes.get(change)
    if app.output == "table":
        state = describe_state(result.outcome)
        click.echo(app.text("change:device_why", device=device, state=state, why=result.why))
        click.echo(app.text("change:next", action=app.hint(advice(record))))
    else:
        app.emit({"change": record.entry.id, "device": device, "outcome": str(result.outcome), "why": result.why})


def _view_lines(app: App, view: DeviceView) -> list[str]:
    """Return the present state of a device as lines."""
    if view.unread:
        return [app.text("change:view.unread", device=view.device, reason=view.unread)]
    same = [app.text("change:view.same")]
    to_old, to_new = app.text("change:view.old", device=view.device), app.text("change:view.new")
    return [to_old, *(view.to_old or same), to_new, *(view.to_new or same)]


def _show(app: App, record: ChangeRecord, chosen: Sequence[DeviceStatus], *, active: bool) -> None:
    entry = record.entry
    heading = app.text("change:heading", change=entry.id, subject=subject(app, record), at=event_time(app, entry))
    click.echo("\n".join([heading, *_header_lines(app, record)]))
    for one in chosen:
        click.echo()
        click.secho(f"{one.device}: ", nl=False, bold=True)
        running = active and one.state == "open"
        click.echo(app.text("change:mark_running") if running else one.description.render(app.lang))
        for step in record.of(one.device):
            click.echo(f"  {step.moment.astimezone(TZ):%H:%M:%S}  {describe_step(step).render(app.lang)}")
    click.echo()
    if active:
        click.echo(app.text("change:running"))
        return
    action = advice(record)
    click.echo(app.text("change:next", action=app.hint(action)))


def _header_lines(app: App, record: ChangeRecord) -> list[str]:
    entry, header, plan = record.entry, record.entry.header, record.planned
    operator = {"by": header.by, "host": header.host, "begun": _real(entry.begun)}
    if entry.ended:
        lines = [app.text("change:by_ended", **operator, ended=_real(entry.ended))]
    else:
        lines = [app.text("change:by", **operator)]
    if header.emergency:
        lines.append(header.emergency.summary.render(app.lang))
    if header.applied:
        sealed = recorded_plan(record.plan, entry.id)
        valid = is_signed_change(header.applied, sealed, entry.id, app.workspace.event.changes)
        lines.append(app.text("change:signed_by" if valid else "change:signed_unknown", by=header.applied.by))
    lines += [app.text("change:approved", by=approver.by) for approver in plan.approvals]
    return [*lines, app.text("change:plan_seal", plan=plan.plan.id, seal=plan.plan.sha256[:16])]


def _steps(record: ChangeRecord, chosen: Sequence[DeviceStatus]) -> list[dict[str, Any]]:
    names = {one.device for one in chosen} | {""}
    return [
        {**STEPS.plain(step.body), "recorded": step.recorded, "description": _description(step)}
        for step in record.steps
        if step.device in names
    ]


def _description(step: Step) -> str:
    return describe_step(step).render("en") if step.device else step.step


def _to_dict(record: ChangeRecord, *, active: bool) -> dict[str, Any]:
    entry, states = record.entry, device_statuses(record)
    return {
        "id": entry.id,
        "event": entry.event,
        "begun": entry.begun,
        "ended": entry.ended,
        "working": active,
        "header": entry.header,
        "intents": list(record.planned.plan.intents),
        "devices": states,
        "exit": None if (code := exit_on_record(record)) is None else int(code),
    }


def subject(app: App, record: ChangeRecord) -> str:
    """Return the intents, the change reversed by a rollback, or the drill."""
    plan, back = record.planned.plan, record.entry.header.rolls_back
    if plan.drill:
        return app.text("change:subject_drill", name=plan.drill.name)
    intents = list(plan.intents)
    return app.text("change:subject_rollback", change=back, intents=intents) if back else ", ".join(intents)


def count_states(app: App, states: Sequence[DeviceStatus]) -> str:
    """Return `3 new, 1 old`."""
    counts = Counter(one.state for one in states)
    return ", ".join(app.text("change:count", n=counts[state], state=state) for state in STYLES if counts[state])


def event_time(app: App, entry: ChangeEntry) -> str:
    """Return the local event time at which the change began; a rehearsal is marked."""
    at = datetime.fromisoformat(entry.header.event_time or entry.begun)
    return app.text("change:event_rehearsal" if entry.header.rehearsal else "change:event_real", at=at)


def _real(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(TZ):%d/%m/%Y %H:%M:%S}"
