"""`eventready duties`: every clause with its owner, deadline, state and evidence."""

from __future__ import annotations

from collections.abc import Sequence

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.duties.event_record import load_event_record
from eventready.core.errors import Exit
from eventready.core.messages import Lang, message, text
from eventready.core.strings.texts import at, short

with deferred():
    from eventready.clauses.attesting import duty_named
    from eventready.clauses.proof import ClauseState, State
    from eventready.cli.render.listing import cell, show, translated

_STYLE: dict[State, str] = {"done": "green", "in_progress": "yellow", "not_done": "red", "not_applicable": "dim"}
_COLUMNS = ("clause", "what", "state", "deadline", "owner", "reason")


#: Letters of a reason in the table; `duties CLAUSE` has the whole.
_REASON = 110


@click.command()
@click.argument("clauses", nargs=-1)
@click.option("--state", "states", type=click.Choice(list(_STYLE)), multiple=True, help="Only these states.")
@click.option("--late", is_flag=True, help="Only unfinished clauses past their deadline.")
@click.pass_obj
def command(app: App, clauses: tuple[str, ...], states: tuple[State, ...], late: bool) -> Exit:
    """List the clauses of duties.yaml for this operator (`operator:` in event.yaml), with owner, deadline,
    state and evidence. With CLAUSES only these, each with all its evidence.

    A clause is done with every kind of proof named in duties.yaml and no counter-evidence: checks of the latest run,
    applied changes, the roster, documents sent or attested. An attestation does not replace a measurement.

    Exit code 8 with an unfinished clause past its deadline.
    """
    workspace = app.workspace
    wanted = [duty_named(clause, workspace).id for clause in clauses]
    record = load_event_record(app, app.clock)
    found = record.clauses(workspace, app.clock.now())
    if not found:
        app.notify("cli:duties.none")
    shown = [
        clause
        for clause in found
        if (not wanted or clause.duty.id in wanted)
        and (not states or clause.state in states)
        and (clause.late or not late)
    ]
    if app.output != "table":
        app.emit([clause.to_dict() for clause in shown])
    elif wanted:
        for clause in shown:
            _details(clause, app.lang)
    else:
        _table(shown, app.lang)
        _count(app, found)
    return Exit.DEADLINE if any(clause.late for clause in shown) else Exit.OK


def _deadline(clause: ClauseState) -> str:
    return at(clause.deadline) if clause.deadline else clause.duty.deadline


def _state(clause: ClauseState, lang: Lang) -> str:
    return text("cli:duties.late_state" if clause.late else "cli:duties.state", lang, state=clause.state)


def _table(clauses: Sequence[ClauseState], lang: Lang) -> None:
    table = translated("cli:duties_column", _COLUMNS, lang)
    for clause in clauses:
        table.add_row(
            clause.duty.id,
            cell(short(clause.duty.title.render(lang), 48)),
            cell(_state(clause, lang), "bold red" if clause.late else _STYLE[clause.state]),
            cell(_deadline(clause)),
            cell(clause.owner),
            cell(short(_reason(clause, lang), _REASON)),
        )
    show(table)


def _reason(clause: ClauseState, lang: Lang) -> str:
    """Reason of the state; for an unfinished clause with the number of pieces of evidence."""
    if clause.state in ("done", "not_applicable") or not clause.evidence:
        return clause.reason.render(lang)
    return text("cli:duties.reason", lang, n=len(clause.evidence), reason=clause.reason)


def _count(app: App, clauses: Sequence[ClauseState]) -> None:
    counts = [
        message("cli:duties.count", count=sum(clause.state == state for clause in clauses), state=state)
        for state in _STYLE
    ]
    app.notify("cli:duties.counts", counts=counts, late=sum(clause.late for clause in clauses))


def _details(clause: ClauseState, lang: Lang) -> None:
    click.echo(f"{clause.duty.id}  {_state(clause, lang)}  ({_deadline(clause)}; {clause.owner})")
    click.echo(f"    {clause.duty.title.render(lang)}")
    for piece in clause.evidence:
        reference = f" [{piece.ref}]" if piece.ref else ""
        click.echo(f"  + {text('cli:duties.evidence', lang, text=piece.text)}{reference}")
    for reason in clause.against:
        click.echo(f"  ! {text('cli:duties.against', lang, text=reason)}")
    for reason in clause.missing:
        click.echo(f"  - {text('cli:duties.missing', lang, text=reason)}")
    if clause.state == "not_applicable":
        click.echo(f"  = {clause.reason.render(lang)}")
