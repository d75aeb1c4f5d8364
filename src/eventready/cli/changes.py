"""eventready changes: what was changed, by whom, and which state every device is in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

import click

from eventready.change.freeze import Emergency
from eventready.change.story import Standing, exit_on_record, next_step, person_needed, standings, told
from eventready.cli.context import App
from eventready.cli.listing import cell, listing
from eventready.cli.listing import show as show_table
from eventready.clock import TZ
from eventready.errors import UsageError
from eventready.store.changes import ChangeEntry, ChangeRecord, Step
from eventready.store.store import Store

STYLES = {"new": "green", "old": "yellow", "untouched": "", "unproven": "bold red", "waiting": "", "open": "bold red"}


@click.group("changes", help="What was changed, by whom, and which state every device is in.")
def command() -> None:
    """The group."""


@contextmanager
def _store(app: App) -> Iterator[Store]:
    with Store.of_workspace(app.workspace_path, make=False) as store:
        for notice in store.notices:
            app.say(notice)
        yield store


@command.command("list")
@click.pass_obj
def list_changes(app: App) -> None:
    """All changes, the latest last: when, by whom, and where their devices are."""
    if not Store.exists(app.workspace_path):
        entries: list[tuple[ChangeRecord, bool]] = []
    else:
        with _store(app) as store:
            found = store.changes.entries()
            entries = [(store.changes.get(entry.id), store.changes.working(entry.id)) for entry in found]
    if app.output != "table":
        app.emit([_plain(record, working=working) for record, working in entries])
        return
    if not entries:
        app.say("No change is on record yet. Make a plan with `eventready plan`, and apply it.")
        return
    table = listing("Change", "Event time", "By", "What", "Devices", "")
    for record, working in entries:
        states = standings(record)
        table.add_row(
            record.entry.id,
            event_time(record.entry),
            str(record.entry.opening.get("by", "")),
            what(record),
            counted(states),
            cell(*_mark(record.entry, states, working=working)),
        )
    show_table(table)


def _mark(entry: ChangeEntry, states: Sequence[Standing], *, working: bool) -> tuple[str, str]:
    """What a person must see at once, and its style."""
    if working:
        return "under way at this moment", "bold"
    if person_needed(states):
        return "a person is needed", "bold red"
    if entry.opening.get("emergency"):
        return f"EMERGENCY: {Emergency.load(entry.opening['emergency']).said}", "bold yellow"
    return "", ""


@command.command("show")
@click.argument("change", default="latest")
@click.option("--device", "globs", multiple=True, metavar="NAME", help="Only these devices; a glob, or several.")
@click.pass_obj
def show(app: App, change: str, globs: Sequence[str]) -> None:
    """One change: which state each device is in, and its journal in plain words. CHANGE is a name or its beginning."""
    with _store(app) as store:
        record = store.changes.get(change)
        working = store.changes.working(record.entry.id)
    chosen = [one for one in standings(record) if not globs or any(fnmatchcase(one.device, glob) for glob in globs)]
    if globs and not chosen:
        raise UsageError(
            f"no device of {record.entry.id} is called {' or '.join(globs)}",
            do=f"`eventready changes show {record.entry.id}` lists them.",
        )
    if app.output == "json":
        app.emit({**_plain(record, working=working), "plan": record.plan, "steps": _steps(record, chosen)})
    elif app.output == "ndjson":
        app.emit(_steps(record, chosen))
    else:
        _show(record, chosen, working=working)


def _show(record: ChangeRecord, chosen: Sequence[Standing], *, working: bool) -> None:
    entry = record.entry
    click.echo(f"Change {entry.id}: {what(record)}, {event_time(entry)}")
    opening = entry.opening
    lines = [f"By {opening.get('by', '?')} on {opening.get('host', '?')}, began {_real(entry.begun)}"]
    if entry.ended:
        lines[0] += f", ended {_real(entry.ended)}"
    if opening.get("emergency"):
        lines.append(f"EMERGENCY: {Emergency.load(opening['emergency']).said}")
    lines += [f"Approved by {approval['by']}" for approval in record.plan.get("approvals", ())]
    lines.append(f"Plan {record.plan['plan'].get('id', '')}, {str(record.plan['plan'].get('sha256', ''))[:16]}")
    click.echo("\n".join(lines))
    for one in chosen:
        click.echo()
        click.secho(f"{one.device}: ", nl=False, bold=True)
        click.echo("under way at this moment" if working and one.state == "open" else one.said)
        for step in record.of(one.device):
            click.echo(f"  {step.moment.astimezone(TZ):%H:%M:%S}  {told(step)}")
    click.echo()
    if working:
        click.echo("It is being worked on at this moment.")
    else:
        click.echo(f"Next: {next_step(entry.id, standings(record), rolls_back=str(opening.get('rolls_back') or ''))}")


def _steps(record: ChangeRecord, chosen: Sequence[Standing]) -> list[dict[str, Any]]:
    names = {one.device for one in chosen} | {""}
    return [
        {"device": step.device, "step": step.step, "recorded": step.recorded, "said": _said(step), "body": step.body}
        for step in record.steps
        if step.device in names
    ]


def _said(step: Step) -> str:
    return told(step) if step.device else step.step


def _plain(record: ChangeRecord, *, working: bool) -> dict[str, Any]:
    entry, states = record.entry, standings(record)
    return {
        "id": entry.id,
        "event": entry.event,
        "begun": entry.begun,
        "ended": entry.ended,
        "working": working,
        "opening": entry.opening,
        "intents": list(record.plan["plan"].get("intents", ())),
        "devices": [one.plain() for one in states],
        "exit": None if (code := exit_on_record(record)) is None else int(code),
    }


def what(record: ChangeRecord) -> str:
    """The intents, or which change this takes back."""
    intents = ", ".join(str(intent) for intent in record.plan["plan"].get("intents", ()))
    back = record.entry.opening.get("rolls_back")
    return f"rollback of {back} ({intents})" if back else intents


def counted(states: Sequence[Standing]) -> str:
    """`3 new, 1 old`."""
    counts = Counter(one.state for one in states)
    return ", ".join(f"{counts[state]} {state}" for state in STYLES if counts[state])


def event_time(entry: ChangeEntry) -> str:
    """When it began by the event's clock, local time; a rehearsal says so."""
    clock = entry.opening.get("clock") or {}
    at = str(clock.get("event") or entry.begun)
    rehearsal = " (rehearsal)" if clock.get("rehearsal") else ""
    return f"{datetime.fromisoformat(at).astimezone(TZ):%Y-%m-%d %H:%M}{rehearsal}"


def _real(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(TZ):%Y-%m-%d %H:%M:%S}"
