"""`eventready duties`: every clause with its owner, deadline, state and evidence; all deadlines of the event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from eventready.clauses.attesting import duty_named
from eventready.clauses.calendar import Calendar
from eventready.clauses.deadlines import Deadline
from eventready.clauses.event_record import EventRecord
from eventready.clauses.gather import gather
from eventready.clauses.ics import to_ics, write_ics
from eventready.clauses.proof import ClauseState, State
from eventready.cli.console import Cell, Listing, styled
from eventready.cli.context import App, Shown
from eventready.core.clock import Clock
from eventready.core.errors import Exit
from eventready.core.messages import Lang, Message, message, term, text
from eventready.core.strings.texts import at, short

_STYLE: dict[State, str] = {"done": "green", "in_progress": "yellow", "not_done": "red", "not_applicable": "dim"}
_COLUMNS = ("clause", "what", "state", "deadline", "owner", "reason")


#: Letters of a reason in the table; `duties show CLAUSE` has the whole.
_REASON = 110


def list_clauses(app: App, *, states: tuple[State, ...], late: bool) -> Exit:
    """List the clauses of duties.yaml for this operator."""
    found = _clauses(app)
    shown = [clause for clause in found if (not states or clause.state in states) and (clause.late or not late)]
    table = Listing("cli:duties_column", _COLUMNS, (_row(clause, app.lang) for clause in shown))
    return _show(app, shown, table, closing=_count(found))


def show_clauses(app: App, *, clauses: tuple[str, ...]) -> Exit:
    """Show each clause with its evidence."""
    wanted = [duty_named(clause, app.workspace).id for clause in clauses]
    shown = [clause for clause in _clauses(app) if clause.duty.id in wanted]
    return _show(app, shown, (_details(clause, app.lang) for clause in shown))


def _clauses(app: App) -> Sequence[ClauseState]:
    found = load_event_record(app, app.clock).clauses(app.workspace, app.clock.now())
    if not found:
        app.notify("cli:duties.none")
    return found


def _show(app: App, shown: Sequence[ClauseState], people: Shown, closing: Iterable[Message] = ()) -> Exit:
    """Print the clauses, and return the exit code."""
    app.show([clause.to_dict() for clause in shown], people, closing=closing)
    return Exit.DEADLINE if any(clause.late for clause in shown) else Exit.OK


def _deadline(clause: ClauseState) -> str:
    return at(clause.deadline) if clause.deadline else clause.duty.deadline


def _state(clause: ClauseState, lang: Lang) -> str:
    return text("cli:duties.late_state" if clause.late else "cli:duties.state", lang, state=clause.state)


def _row(clause: ClauseState, lang: Lang) -> Sequence[Cell]:
    state = styled(_state(clause, lang), "bold red" if clause.late else _STYLE[clause.state])
    title, reason = short(clause.duty.title.render(lang), 48), short(_reason(clause, lang), _REASON)
    return clause.duty.id, title, state, _deadline(clause), clause.owner, reason


def _reason(clause: ClauseState, lang: Lang) -> str:
    """Reason of the state; for an unfinished clause with the number of pieces of evidence."""
    if clause.state in ("done", "not_applicable") or not clause.evidence:
        return clause.reason.render(lang)
    return text("cli:duties.reason", lang, n=len(clause.evidence), reason=clause.reason)


def _count(clauses: Sequence[ClauseState]) -> Iterator[Message]:
    counts = [
        message("cli:duties.count", count=sum(clause.state == state for clause in clauses), state=state)
        for state in _STYLE
    ]
    yield message("cli:duties.counts", counts=counts, late=sum(clause.late for clause in clauses))


def _details(clause: ClauseState, lang: Lang) -> Iterator[str]:
    yield f"{clause.duty.id}  {_state(clause, lang)}  ({_deadline(clause)}; {clause.owner})"
    yield f"    {clause.duty.title.render(lang)}"
    for piece in clause.evidence:
        reference = f" [{piece.ref}]" if piece.ref else ""
        yield f"  + {text('cli:duties.evidence', lang, text=piece.text)}{reference}"
    for reason in clause.against:
        yield f"  ! {text('cli:duties.against', lang, text=reason)}"
    for reason in clause.missing:
        yield f"  - {text('cli:duties.missing', lang, text=reason)}"
    if clause.state == "not_applicable":
        yield f"  = {clause.reason.render(lang)}"


_DEADLINE_STYLE = {"late": "bold red", "due": "red", "near": "yellow", "in_force": "yellow"}
_PAST = ("done", "done_late", "over")


def list_deadlines(app: App, *, everything: bool, ics: Path | None) -> Exit:
    """List all deadlines on the event's clock: weekly reports, the duty list, the freeze, tests, clauses, notices
    of incidents.
    """
    workspace, now = app.workspace, app.clock.now()
    record = load_event_record(app, app.clock)
    deadlines = record.deadlines(workspace, now)
    if ics is not None:
        write_ics(ics, to_ics(deadlines, workspace.event, now, app.paper_lang, workspace.works))
        app.notify("cli:deadlines.written", n=len(deadlines), file=str(ics))
    late = sum(deadline.late for deadline in deadlines)
    shown = (
        _deadline_cells(deadline, app.lang) for deadline in deadlines if everything or deadline.status not in _PAST
    )
    app.show(
        [deadline.to_dict() for deadline in deadlines],
        Listing("cli:deadlines_column", ("due", "status", "what", "note"), shown),
        closing=[message("cli:deadlines.late", at=now, late=late), *filter(None, [Calendar.of(workspace.event).gap])],
    )
    return Exit.DEADLINE if late else Exit.OK


def _deadline_cells(deadline: Deadline, lang: Lang) -> Sequence[Cell]:
    note = deadline.note.render(lang) if deadline.note else ""
    status = styled(term("clauses:deadline_status", deadline.status, lang), _DEADLINE_STYLE.get(deadline.status, ""))
    return at(deadline.due), status, deadline.title, "; ".join(part for part in (deadline.owner, note) if part)


def load_event_record(app: App, clock: Clock) -> EventRecord:
    """Load the recorded evidence of the workspace at a time, and print its notices."""
    workspace = app.workspace
    record = gather(workspace, clock)
    for notice in record.notices:
        app.say(notice)
    return record
