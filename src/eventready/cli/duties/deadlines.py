"""`eventready duties deadlines`: all deadlines on the event's clock, and as a calendar."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eventready.clauses.deadlines import Deadline
from eventready.clauses.ics import to_ics, write_ics
from eventready.cli.console import Cell, Listing, styled
from eventready.cli.context import App
from eventready.cli.duties.event_record import load_event_record
from eventready.core.errors import Exit
from eventready.core.messages import Lang, in_both, message, term
from eventready.core.strings.texts import at

_STYLE = {"late": "bold red", "due": "red", "near": "yellow", "in_force": "yellow"}
_PAST = ("done", "done_late", "over")


def command(app: App, *, everything: bool, ics: Path | None) -> Exit:
    """List all deadlines on the event's clock: weekly reports, the duty list, the freeze, tests, clauses, notices
    of incidents.
    """
    workspace, now = app.workspace, app.clock.now()
    record = load_event_record(app, app.clock)
    deadlines = record.deadlines(workspace, now)
    if ics is not None:
        write_ics(ics, to_ics(deadlines, workspace.event, now, app.paper_lang))
        app.notify("cli:deadlines.written", n=len(deadlines), file=str(ics))
    late = sum(deadline.late for deadline in deadlines)
    shown = (_row(deadline, app.lang) for deadline in deadlines if everything or deadline.status not in _PAST)
    app.show(
        [_json(deadline) for deadline in deadlines],
        Listing("cli:deadlines_column", ("due", "status", "what", "note"), shown),
        closing=[message("cli:deadlines.late", at=now, late=late)],
    )
    return Exit.DEADLINE if late else Exit.OK


def _row(deadline: Deadline, lang: Lang) -> Sequence[Cell]:
    note = deadline.note.render(lang) if deadline.note else ""
    status = styled(term("clauses:deadline_status", deadline.status, lang), _STYLE.get(deadline.status, ""))
    return at(deadline.due), status, deadline.title, "; ".join(part for part in (deadline.owner, note) if part)


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
