"""`eventready duties`: every clause of the letter, who answers for it, by when, how it stands, and what proves it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import click

from eventready.cli.context import App
from eventready.cli.listing import cell, listing, show
from eventready.cli.on_record import on_record
from eventready.duty.attesting import duty_named
from eventready.duty.state import STATE_WORDS, ClauseState, State
from eventready.duty.words import LANGS, Lang, at, short
from eventready.errors import Exit

_STYLE: dict[State, str] = {"done": "green", "in_progress": "yellow", "not_done": "red", "not_applicable": "dim"}
_HEAD = {
    "vi": ("Mục", "Nội dung", "Trạng thái", "Hạn", "Chủ trì", "Minh chứng, vướng mắc"),
    "en": ("Clause", "What", "State", "Deadline", "Owner", "Evidence, and what stands in the way"),
}
_LATE = {"vi": "QUÁ HẠN", "en": "LATE"}
_PARTS = {
    "vi": ("minh chứng", "còn thiếu", "chưa đạt"),
    "en": ("evidence", "missing", "against"),
}


@click.command(short_help="Every clause: its owner, deadline, state and evidence")
@click.argument("clauses", nargs=-1)
@click.option("--state", "states", type=click.Choice(get_args(State)), multiple=True, help="Only these states.")
@click.option("--late", is_flag=True, help="Only what is past its deadline and not done.")
@click.option("--lang", type=click.Choice(LANGS), default="vi", show_default=True, help="Language.")
@click.pass_obj
def command(app: App, clauses: tuple[str, ...], states: tuple[State, ...], late: bool, lang: Lang) -> Exit:
    """Every clause of the letter that applies to this operator (`operator:` in event.yaml), with owner, deadline, state
    and evidence; with CLAUSES only these, and everything about them.

    A clause is done when every kind of proof that duties.yaml names is there and nothing speaks against it: checks of
    the latest run, changes carried out, the roster, papers sent or signed for. What a device can prove cannot be signed
    for instead.

    Leaves with 8 when a clause is past its deadline and not done.
    """
    workspace = app.workspace
    wanted = [duty_named(clause, workspace).id for clause in clauses]
    record = on_record(app)
    found = record.clauses(workspace, app.clock.now())
    if not found:
        app.say("No clause applies: there is no inventory/duties.yaml, or `operator:` in event.yaml fits none of it.")
    shown = [
        clause
        for clause in found
        if (not wanted or clause.duty.id in wanted)
        and (not states or clause.state in states)
        and (clause.late or not late)
    ]
    if app.output != "table":
        app.emit([clause.plain() for clause in shown])
    elif wanted:
        for clause in shown:
            _explain(clause, lang)
    else:
        _table(shown, lang)
        _count(app, found, lang)
    return Exit.DEADLINE if any(clause.late for clause in shown) else Exit.OK


def _deadline(clause: ClauseState) -> str:
    return at(clause.deadline) if clause.deadline else clause.duty.deadline


def _table(clauses: Sequence[ClauseState], lang: Lang) -> None:
    table = listing(*_HEAD[lang])
    for clause in clauses:
        state = STATE_WORDS[clause.state].said(lang) + (f", {_LATE[lang]}" if clause.late else "")
        table.add_row(
            clause.duty.id,
            cell(short(clause.duty.en if lang == "en" else clause.duty.vi, 48)),
            cell(state, "bold red" if clause.late else _STYLE[clause.state]),
            cell(_deadline(clause)),
            cell(clause.owner),
            cell(_because(clause, lang)),
        )
    show(table)


def _because(clause: ClauseState, lang: Lang) -> str:
    """Why it stands so; where something stands in the way, how much evidence there is nevertheless."""
    if clause.state in ("done", "not_applicable") or not clause.evidence:
        return clause.reason.said(lang)
    count = len(clause.evidence)
    return f"({count} {_PARTS[lang][0]}) {clause.reason.said(lang)}"


def _count(app: App, clauses: Sequence[ClauseState], lang: Lang) -> None:
    counts = [
        f"{sum(clause.state == state for clause in clauses)} {words.said(lang)}" for state, words in STATE_WORDS.items()
    ]
    late = sum(clause.late for clause in clauses)
    app.say(f"{', '.join(counts)}; {late} {_LATE[lang].lower()}.")


def _explain(clause: ClauseState, lang: Lang) -> None:
    state = STATE_WORDS[clause.state].said(lang) + (f", {_LATE[lang]}" if clause.late else "")
    click.echo(f"{clause.duty.id}  {state}  ({_deadline(clause)}; {clause.owner})")
    click.echo(f"    {clause.duty.en if lang == 'en' else clause.duty.vi}")
    evidence, missing, against = _PARTS[lang]
    for piece in clause.evidence:
        click.echo(f"  + {evidence}: {piece.words.said(lang)}" + (f" [{piece.ref}]" if piece.ref else ""))
    for words in clause.against:
        click.echo(f"  ! {against}: {words.said(lang)}")
    for words in clause.missing:
        click.echo(f"  - {missing}: {words.said(lang)}")
    if clause.state == "not_applicable":
        click.echo(f"  = {clause.reason.said(lang)}")
