"""`eventready deadlines`: all deadlines on the event's clock, and as a calendar."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.duties.event_record import load_event_record
from eventready.cli.options import PATH
from eventready.core.errors import Exit
from eventready.core.messages import Lang, in_both, term
from eventready.core.strings.texts import at

with deferred():
    from eventready.clauses.deadlines import Deadline
    from eventready.clauses.ics import to_ics, write_ics
    from eventready.cli.render.listing import cell, show, translated

_STYLE = {"late": "bold red", "due": "red", "near": "yellow", "in_force": "yellow"}
_PAST = ("done", "done_late", "over")


@click.command()
@click.option("--all", "everything", is_flag=True, help="In the table, also entries that are done or over.")
@click.option("--ics", type=PATH, help="Write all of them as an iCalendar file too.")
@click.pass_obj
def command(app: App, everything: bool, ics: Path | None) -> Exit:
    """List all deadlines on the event's clock: weekly reports, the duty list, the freeze, tests, clauses, notices of
    incidents.

    Public holidays, their compensatory days, and `days_off` in event.yaml count. A weekly report on a day off is still
    due; the warning comes on the last working day before.

    Exit code 8 with a late entry.
    """
    workspace, now = app.workspace, app.clock.now()
    record = load_event_record(app, app.clock)
    deadlines = record.deadlines(workspace, now)
    if ics is not None:
        write_ics(ics, to_ics(deadlines, workspace.event, now, app.paper_lang))
        app.notify("cli:deadlines.written", n=len(deadlines), file=str(ics))
    late = sum(deadline.late for deadline in deadlines)
    if app.output != "table":
        app.emit([_json(deadline) for deadline in deadlines])
    else:
        _table([deadline for deadline in deadlines if everything or deadline.status not in _PAST], app.lang)
        app.notify("cli:deadlines.late", at=now, late=late)
    return Exit.DEADLINE if late else Exit.OK


def _table(deadlines: Iterable[Deadline], lang: Lang) -> None:
    table = translated("cli:deadlines_column", ("due", "status", "what", "note"), lang)
    for deadline in deadlines:
        note = deadline.note.render(lang) if deadline.note else ""
        table.add_row(
            at(deadline.due),
            cell(term("clauses:deadline_status", deadline.status, lang), _STYLE.get(deadline.status, "")),
            cell(deadline.title.render(lang)),
            cell("; ".join(part for part in (deadline.owner, note) if part)),
        )
    show(table)


def _json(deadline: Deadline) -> dict[str, Any]:
    return {
        "id": deadline.id,
        "kind": deadline.kind,
        "status": deadline.status,
        "due": deadline.due.isoformat(timespec="minutes"),
        "latest": deadline.latest.isoformat(timespec="seconds"),
        "warn": deadline.warn.isoformat(timespec="minutes"),
        "title": in_both(deadline.title),
        "note": in_both(deadline.note) if deadline.note else None,
        "owner": deadline.owner,
    }
