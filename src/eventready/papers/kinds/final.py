"""`report final`: the summary after the event (its timeline: `sections/timeline.py`)."""

from __future__ import annotations

from eventready.core.errors import RefusedError
from eventready.core.messages import Lang, message
from eventready.core.strings.texts import at
from eventready.papers.document.model import Block, Document
from eventready.papers.document.profile import Profile
from eventready.papers.document.sources import cited
from eventready.papers.kinds.weekly import directing, history, period_warning, proposals, troubles
from eventready.papers.material.material import Material
from eventready.papers.material.results import RunResults
from eventready.papers.sections.after_event import after_event
from eventready.papers.sections.annexes import add_annexes, add_map, watch_section
from eventready.papers.sections.results_section import ResultsSection
from eventready.papers.sections.writer import PaperWriter


def final(material: Material, profile: Profile, lang: Lang = "vi", *, draft: bool = False) -> Document:
    """The summary of the whole event: its last run and all incidents.

    Raises RefusedError before the event's end, unless it is a `draft` and marked as one.
    """
    end = material.event_end
    early = end is not None and material.moment < end
    if early and end and not draft:
        raise RefusedError(message("papers:error.final_early", at=at(end)))
    writer = PaperWriter("final", material, profile, lang, draft=early)
    results = RunResults.of(material.run, writer.language) if material.run else None
    annex = add_annexes(writer, results)
    add_map(writer, results)
    lessons = [*writer.standing(profile.standing.lessons), *writer.noted("lessons")]
    blocks = [
        *writer.head(),
        *directing(writer),
        *period_warning(writer, results),
        *ResultsSection(writer, results, annex).blocks(),
        *cited(writer.run, _course(writer, results)),
        *watch_section(writer),
        *after_event(writer),
        *troubles(writer, results, annex, material.incidents),
        writer.outline.section(writer.text("papers:head_lessons")),
        *(lessons or [writer.blank()]),
        *proposals(writer),
        *writer.close(),
    ]
    return writer.document(blocks)


def _course(writer: PaperWriter, results: RunResults | None) -> list[Block]:
    """The number of audits, and the course of their results."""
    heading = writer.outline.clause(writer.text("papers:head_course"))
    if results is None:
        return [heading, writer.p("papers:no_run")]
    runs = len(writer.material.earlier) + 1
    return [heading, writer.p("papers:course", runs=runs), *history(writer, results.summary)]
