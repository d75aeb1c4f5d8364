"""`eventready changes`: recorded changes, their operators, and the state of every device."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

import click
from rich.text import Text as RichText

from eventready.change.errors import abbreviate
from eventready.change.execute.context import ExecutionContext, Options
from eventready.change.execute.recovery import Decision, DeviceView, claim_of, release
from eventready.change.execute.rollback import readable_plan
from eventready.change.execute.status import (
    STATES,
    DeviceStatus,
    advice,
    describe_outcome,
    describe_step,
    device_statuses,
    exit_on_record,
    needs_person,
)
from eventready.change.safety.approval import is_signed_change
from eventready.cli.change.plan_text import until_text
from eventready.cli.change.progress import ApplyProgress
from eventready.cli.console import Cell, Listing, styled
from eventready.cli.context import App, Shown
from eventready.cli.signing import current_user
from eventready.core.errors import RefusedError, UsageError
from eventready.core.messages import message, term
from eventready.core.timezone import local_time
from eventready.store.change_steps import AS_BEFORE, STEPS, WITH_CHANGE, Done, Ended, absolute_state
from eventready.store.changes import ChangeEntry, ChangeRecord, Step
from eventready.store.store import Store
from eventready.store.waiting_changes import STEPS as WAITING_STEPS
from eventready.store.waiting_changes import Cancelled, NotBegun, WaitingChange


def list_changes(app: App) -> None:
    """List all changes, the latest last: time, operator, device states; then the waiting ones."""
    entries: list[tuple[ChangeRecord, bool]] = []
    pending: Sequence[WaitingChange] = ()
    if Store.exists(app.workspace_path):
        with app.open_store(make=False, only_reads=True) as store:
            found = store.changes.entries()
            entries = [(store.changes.get(entry.id), store.changes.is_active(entry.id)) for entry in found]
            pending = store.waiting.pending()
    columns = ("change", "event_time", "by", "what", "devices", "")
    cells = [_row(app, record, active=active) for record, active in entries]
    cells += [_waiting_row(app, one) for one in pending]
    lost = [message("change:waits_lost", change=one.id) for one in pending if one.state == "lost"]
    app.show(
        lambda: [*(_to_dict(record, active=active) for record, active in entries), *map(_waiting_dict, pending)],
        Listing("change:column", columns, cells, "change:none"),
        closing=lost,
    )


def _row(app: App, record: ChangeRecord, *, active: bool) -> Sequence[Cell]:
    entry, states = record.entry, device_statuses(record)
    mark = styled(*_mark(app, record, states, active=active))
    moment, by = event_time(app, entry), entry.header.by
    return entry.id, moment, by, subject(app, record), count_states(app, states), mark


def _waiting_row(app: App, one: WaitingChange) -> Sequence[Cell]:
    announced = one.announced
    moment = app.text("change:event_rehearsal" if announced.rehearsal else "change:event_real", at=announced.at)
    mark = styled(term("change:waiting", one.state, app.lang), "bold red" if one.state == "lost" else "bold")
    devices = app.text("change:waiting_devices", devices=len(announced.devices))
    return one.id, moment, announced.by, ", ".join(announced.intents), devices, mark


def _waiting_dict(one: WaitingChange) -> dict[str, Any]:
    """Return a waiting change with the keys of a change, and its state under `waits`."""
    announced = one.announced
    return {
        "id": one.id,
        "event": announced.event,
        "begun": None,
        "ended": None,
        "working": one.state in ("waiting", "due"),
        "header": None,
        "altered": False,
        "intents": list(announced.intents),
        "devices": [],
        "exit": None,
        "waits": {
            "state": one.state,
            "recorded": one.recorded,
            **{WAITING_STEPS.name(step): WAITING_STEPS.plain(step) for step in (announced, one.last)},
        },
    }


def _mark(app: App, record: ChangeRecord, states: Sequence[DeviceStatus], *, active: bool) -> tuple[str, str]:
    """Return the most urgent note on a change, and its style."""
    if record.altered:
        return app.text("change:mark_altered"), "bold red"
    if active:
        return app.text("change:mark_running"), "bold"
    if needs_person(states):
        return app.text("change:mark_person"), "bold red"
    if emergency := record.entry.header.emergency:
        return emergency.summary.render(app.lang), "bold yellow"
    return "", ""


def show(app: App, *, change: str, globs: Sequence[str]) -> None:
    """Show a change: the state of each device, and the journal."""
    with app.open_store(make=False, only_reads=True, absent=message("store:change.none")) as store:
        if waiting := _unbegun(store, change):
            app.show(_waiting_dict(waiting), *_waiting_lines(app, waiting))
            return
        record = store.changes.get(change)
        active = store.changes.is_active(record.entry.id)
    chosen = [
        one for one in device_statuses(record) if not globs or any(fnmatchcase(one.device, glob) for glob in globs)
    ]
    if globs and not chosen:
        raise UsageError(message("cli:changes.no_device", change=record.entry.id, names=" or ".join(globs)))
    app.show(
        {**_to_dict(record, active=active), "plan": json.loads(record.plan or b"null"),
         "steps": _steps(record, chosen)},
        _shown(app, record, chosen, active=active),
    )  # fmt: skip


def _unbegun(store: Store, name: str) -> WaitingChange | None:
    """Return the announced change of this id without a begin, if any."""
    return next((one for one in store.waiting.all() if one.id == name and one.state != "begun"), None)


def _waiting_lines(app: App, one: WaitingChange) -> Iterator[Shown]:
    """Yield the announcement of a change without a begin, its state, and the next command."""
    announced = one.announced
    yield message(
        "change:announced", change=one.id, plan=announced.plan, at=announced.at, by=announced.by, host=announced.host,
        devices=abbreviate(announced.devices),
    )  # fmt: skip
    match one.last:
        case Cancelled(by=by, host=host):
            yield message("change:waiting_cancelled", by=by, host=host)
        case NotBegun(why=why):
            yield message("change:waiting_not_begun", why=why)
        case _:
            yield app.hint(message("change:waits_lost" if one.state == "lost" else "change:waits_on", change=one.id))


def cancel(app: App, *, change: str, by: str) -> None:
    """Cancel a waiting change; no device is touched."""
    person, host = current_user(by)
    with app.open_store(make=False, absent=message("store:waiting.none")) as store:
        done = store.waiting.cancel(change, person, host)
    app.show(
        {"change": done.id, "plan": done.announced.plan, "by": person, "was": done.state},
        message("change:waiting_done", change=done.id, plan=done.announced.plan),
    )


def release_device(app: App, *, change: str, device: str, claim: str, by: str, why: str, yes: bool) -> None:
    """Show the state of DEVICE, end its part of CHANGE by your decision, and release its lock."""
    person, host = current_user(by)
    if not why.strip():
        raise UsageError(message("cli:changes.no_reason"))

    def confirm(view: DeviceView) -> None:
        for line in _view_lines(app, view):
            app.say(line)
        words = message(f"change:claim.{claim.replace('-', '_')}")
        if not yes and not click.confirm(app.text("change:confirm_release", device=device, claim=words), err=True):
            raise RefusedError(message("cli:changes.not_released", device=device))

    with app.open_store(make=False, absent=message("store:change.none")) as store:
        progress = ApplyProgress(interactive=False, lang=app.lang)
        context = ExecutionContext(app.workspace, store, app.clock, Options(by=person, host=host), progress)
        goes_back = bool(store.changes.get(change).entry.header.rolls_back)
        claimed = claim_of(claim.replace("-", "_"), goes_back=goes_back)
        decision = Decision(claimed, person, host, " ".join(why.split()))
        result = release(context, change, device, decision, confirm=confirm)
        record = store.changes.get(change)
    state = describe_outcome(result.outcome, goes_back=goes_back)
    app.show(
        {"change": record.entry.id, "device": device, "why": result.why,
         "outcome": absolute_state(result.outcome, goes_back=goes_back)},
        message("change:device_why", device=device, state=state, why=result.why),
        message("change:next", action=app.hint(advice(record))),
    )  # fmt: skip


def _view_lines(app: App, view: DeviceView) -> list[str]:
    """Return the present state of a device as lines."""
    if view.unread:
        return [app.text("change:view.unread", device=view.device, reason=view.unread)]
    same, found = [app.text("change:view.same")], view.difference
    before, with_it = app.text("change:view.as_before", device=view.device), app.text("change:view.with_change")
    return [before, *(found[AS_BEFORE] or same), with_it, *(found[WITH_CHANGE] or same)]


def _shown(app: App, record: ChangeRecord, chosen: Sequence[DeviceStatus], *, active: bool) -> Iterator[Shown]:
    entry = record.entry
    heading = app.text("change:heading", change=entry.id, subject=subject(app, record), at=event_time(app, entry))
    yield from (heading, *_header_lines(app, record))
    for one in chosen:
        running = active and one.state == "open"
        state = app.text("change:mark_running") if running else one.description.render(app.lang)
        yield from ("", RichText.assemble((one.device, "bold"), f": {state}"))
        for step in record.of(one.device):
            words = describe_step(step, goes_back=bool(entry.header.rolls_back))
            yield f"  {local_time(step.moment):%H:%M:%S}  {words.render(app.lang)}"
    yield ""
    yield message("change:running") if active else message("change:next", action=app.hint(advice(record)))


def _header_lines(app: App, record: ChangeRecord) -> list[str]:
    entry, header, plan = record.entry, record.entry.header, record.planned
    operator = {"by": header.by, "host": header.host, "begun": _real(entry.begun)}
    if entry.ended:
        lines = [app.text("change:by_ended", **operator, ended=_real(entry.ended))]
    else:
        lines = [app.text("change:by", **operator)]
    if header.emergency:
        lines.append(header.emergency.summary.render(app.lang))
    if header.applied and (sealed := readable_plan(record)):
        valid = is_signed_change(header.applied, sealed, entry.id, app.workspace.event.changes)
        lines.append(app.text("change:signed_by" if valid else "change:signed_unknown", by=header.applied.by))
    if until := plan.plan.until:
        lines.append(until_text(until.window, until.moment, app.lang))
    lines += [app.text("change:approved", by=approver.by) for approver in plan.approvals]
    if header.approved_by and not header.planner_signed:
        lines.append(app.text("change:four_eyes", by=plan.plan.by))
    if not plan.plan.sha256:
        return [*lines, app.hint(message("change:plan_unread", plan=plan.plan.id))]
    return [*lines, app.text("change:plan_seal", plan=plan.plan.id, seal=plan.plan.sha256[:16])]


def _steps(record: ChangeRecord, chosen: Sequence[DeviceStatus]) -> list[dict[str, Any]]:
    names, goes_back = {one.device for one in chosen} | {""}, bool(record.entry.header.rolls_back)
    return [
        {**STEPS.plain(step.body), **_outcomes(step, goes_back=goes_back), "recorded": step.recorded,
         "description": _description(step, goes_back=goes_back)}
        for step in record.steps
        if step.device in names
    ]  # fmt: skip


def _outcomes(step: Step, *, goes_back: bool) -> dict[str, Any]:
    """Return the outcomes of a step as states."""
    if isinstance(step.body, Done):
        return {"outcome": absolute_state(step.body.outcome, goes_back=goes_back)}
    if isinstance(step.body, Ended):
        found = step.body.outcomes.items()
        return {"outcomes": {name: absolute_state(outcome, goes_back=goes_back) for name, outcome in found}}
    return {}


def _description(step: Step, *, goes_back: bool) -> str:
    return describe_step(step, goes_back=goes_back).render("en") if step.device else step.step


def _to_dict(record: ChangeRecord, *, active: bool) -> dict[str, Any]:
    entry, states = record.entry, device_statuses(record)
    return {
        "id": entry.id,
        "event": entry.event,
        "begun": entry.begun,
        "ended": entry.ended,
        "working": active,
        "header": entry.header,
        "altered": record.altered,
        "intents": list(record.planned.plan.intents),
        "devices": states,
        "exit": None if (code := exit_on_record(record)) is None else int(code),
    }


def subject(app: App, record: ChangeRecord) -> str:
    """Return the intents, the change reversed by a rollback, or the drill."""
    plan, back = record.planned.plan, record.entry.header.rolls_back
    if plan.drill:
        return app.text("change:subject_drill", name=plan.drill.name)
    intents = list(plan.intents) or [app.text("change:subject_unread")]
    if removes := record.entry.header.removes:
        return app.text("change:plan.removal", plan=removes, intents=", ".join(intents))
    return app.text("change:subject_rollback", change=back, intents=intents) if back else ", ".join(intents)


def count_states(app: App, states: Sequence[DeviceStatus]) -> str:
    """Return `3 with the change, 1 as before`."""
    counts = Counter(one.state for one in states)
    return ", ".join(app.text("change:count", n=counts[state], state=state) for state in STATES if counts[state])


def event_time(app: App, entry: ChangeEntry) -> str:
    """Return the local event time at which the change began; a rehearsal is marked."""
    at = datetime.fromisoformat(entry.header.event_time or entry.begun)
    return app.text("change:event_rehearsal" if entry.header.rehearsal else "change:event_real", at=at)


def _real(moment: str) -> str:
    return f"{local_time(datetime.fromisoformat(moment)):%d/%m/%Y %H:%M:%S}"
