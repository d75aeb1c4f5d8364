"""`eventready note`: a person's words for a section of a paper."""

from __future__ import annotations

from datetime import date

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.papers.formats import week_option
from eventready.papers.words import NOTE_SECTIONS, NoteSection

with deferred():
    from eventready.papers.material.material import Week, add_note


@click.command()
@click.argument("text")
@week_option
@click.option("--section", type=click.Choice(NOTE_SECTIONS), required=True, help="Section of the paper.")
@click.option("--by", default="", metavar="NAME", help="Person who writes it.")
@click.pass_obj
def command(app: App, text: str, *, week: date | None, section: NoteSection, by: str) -> None:
    """Record TEXT for a section of the paper of a week: work done, added capacity, proposals, lessons.

    The paper prints the text as it is. A note proves no clause; `eventready attest` does.
    """
    due = Week.at(week or app.clock.now(), app.workspace.event.report_weekday).due
    with app.open_store() as store:
        made = add_note(store, app.clock, due, section, text=text, by=by)
    if app.output == "table":
        app.notify("cli:note.recorded", number=made.number, section=section, due=due)
    else:
        app.emit({"number": made.number, "week": due.isoformat(), "section": section, "text": made.text, "by": made.by})
