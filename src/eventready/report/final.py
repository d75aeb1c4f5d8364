"""`report final`: what was done from the letter to the last Monday, how it went, and what was learnt."""

from __future__ import annotations

from eventready.report.document.model import Block, Document
from eventready.report.document.profile import Profile
from eventready.report.draft import Draft
from eventready.report.material import Material
from eventready.report.topics import Results
from eventready.report.weekly import annexes, directing, history, outcome, proposals, troubles
from eventready.report.words import Lang


def final(material: Material, profile: Profile, lang: Lang = "vi") -> Document:
    """The summary of the whole event, resting on its last run and on all incidents."""
    draft = Draft("final", material, profile, lang)
    results = Results.of(material.run, draft.language) if material.run else None
    annex = annexes(draft, results)
    blocks = [
        *draft.head(),
        *directing(draft),
        *outcome(draft, results, annex),
        *_course(draft, results),
        *troubles(draft, results, annex, material.incidents),
        draft.outline.section(draft.say("head_lessons")),
        *(draft.paragraphs(profile.standing.lessons) or [draft.p("lessons_none")]),
        *proposals(draft),
        *draft.close(),
    ]
    return draft.document(blocks)


def _course(draft: Draft, results: Results | None) -> list[Block]:
    """How many audits there were, and how the results moved."""
    blocks: list[Block] = [draft.outline.clause(draft.say("head_course"))]
    if results is None:
        return [*blocks, draft.p("no_run")]
    blocks.append(draft.p("course", runs=len(draft.material.earlier) + 1))
    return [*blocks, *history(draft, results.run)]
