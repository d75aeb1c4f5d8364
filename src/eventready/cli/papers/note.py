"""`eventready duties note`: a person's words for a section of a paper."""

from __future__ import annotations

from datetime import date

from eventready.cli.context import App
from eventready.core.messages import message
from eventready.papers.material.material import Week, add_note
from eventready.papers.words import NoteSection


def command(app: App, *, text: str, week: date | None, section: NoteSection, by: str) -> None:
    """Record TEXT for a section of the paper of a week: work done, added capacity, proposals, lessons."""
    due = Week.at(week or app.clock.now(), app.workspace.event.report_weekday).due
    with app.open_store() as store:
        made = add_note(store, app.clock, due, section, text=text, by=by)
    app.show(
        {"number": made.number, "week": due.isoformat(), "section": section, "text": made.text, "by": made.by},
        closing=[message("cli:note.recorded", number=made.number, section=section, due=due)],
    )
