"""`eventready deadlines`: what is due when, on the event's clock, and as a calendar."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from eventready.cli.context import App
from eventready.cli.listing import cell, listing, show
from eventready.cli.on_record import on_record
from eventready.duty.deadlines import STANDING_WORDS, Deadline
from eventready.duty.ics import to_ics, write_ics
from eventready.duty.words import LANGS, Lang, at
from eventready.english import number_of
from eventready.errors import Exit

_HEAD = {"vi": ("Hạn", "Tình trạng", "Việc", "Ghi chú"), "en": ("Due", "Standing", "What", "Note")}
_STYLE = {"late": "bold red", "due": "red", "near": "yellow", "in_force": "yellow"}
_BEHIND = ("done", "done_late", "over")


@click.command(short_help="What is due when; warns ahead")
@click.option("--all", "everything", is_flag=True, help="In the table, also what is done and over.")
@click.option("--ics", type=click.Path(path_type=Path), help="Write all of it as an iCalendar file too.")
@click.option("--lang", type=click.Choice(LANGS), default="vi", show_default=True, help="Language.")
@click.pass_obj
def command(app: App, everything: bool, ics: Path | None, lang: Lang) -> Exit:
    """What is due when on the event's clock: weekly reports, the duty list, the freeze, tests, clauses, notices of
    incidents.

    Public holidays, the days given for them, and `days_off` in event.yaml count: a Monday that is a day off is warned
    of on the last working day before, for its report is due all the same.

    Leaves with 8 when something is late.
    """
    workspace, now = app.workspace, app.clock.now()
    record = on_record(app)
    found = record.deadlines(workspace, now)
    if ics is not None:
        write_ics(ics, to_ics(found, workspace.event, now, lang))
        app.say(f"{number_of(len(found), 'deadline')} in {ics}.")
    if app.output != "table":
        app.emit([_plain(deadline) for deadline in found])
    else:
        _table([deadline for deadline in found if everything or deadline.standing not in _BEHIND], lang)
        late = sum(deadline.late for deadline in found)
        app.say(f"{at(now)}: {late} late." if lang == "en" else f"{at(now)}: {late} việc quá hạn.")
    return Exit.DEADLINE if any(deadline.late for deadline in found) else Exit.OK


def _table(deadlines: Iterable[Deadline], lang: Lang) -> None:
    table = listing(*_HEAD[lang])
    for deadline in deadlines:
        note = "; ".join(part for part in (deadline.owner, deadline.note.said(lang)) if part)
        style = _STYLE.get(deadline.standing, "")
        table.add_row(
            at(deadline.due),
            cell(STANDING_WORDS[deadline.standing].said(lang), style),
            cell(deadline.title.said(lang)),
            cell(note),
        )
    show(table)


def _plain(deadline: Deadline) -> dict[str, Any]:
    return {
        "id": deadline.id,
        "kind": deadline.kind,
        "standing": deadline.standing,
        "due": deadline.due.isoformat(timespec="minutes"),
        "latest": deadline.latest.isoformat(timespec="seconds"),
        "warn": deadline.warn.isoformat(timespec="minutes"),
        "title": {"vi": deadline.title.vi, "en": deadline.title.en},
        "note": {"vi": deadline.note.vi, "en": deadline.note.en},
        "owner": deadline.owner,
    }
