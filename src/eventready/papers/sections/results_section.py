"""Section II of the weekly and the final report, in the profile's outline: results, roster and clauses."""

from __future__ import annotations

from collections.abc import Sequence

from eventready.clauses.proof import ClauseState
from eventready.core.strings.texts import short
from eventready.papers.document.model import Block, Table
from eventready.papers.document.profile import SectionPart, Shown
from eventready.papers.document.sources import cited
from eventready.papers.material.material import DutyList
from eventready.papers.material.results import RunResults
from eventready.papers.sections.run_sections import services, topic, verdicts
from eventready.papers.sections.tables import columns, counted_states, numbered_table, quoted
from eventready.papers.sections.writer import PaperWriter

#: Letters of a clause, of a reason in an item and in the table, broken rules named, pending clauses of one part.
_CLAUSE, _REASON, _LACKING, _RULES, _CLAUSES = 90, 60, 60, 3, 1


class ResultsSection:
    """Build the section; `annex` is the label of the list of open findings."""

    def __init__(self, writer: PaperWriter, results: RunResults | None, annex: str) -> None:
        self._writer, self._results, self._annex = writer, results, annex

    def blocks(self) -> list[Block]:
        """The whole section."""
        writer = self._writer
        blocks: list[Block] = [writer.outline.section(writer.text("papers:head_results"))]
        named: set[str] = set()
        for section in writer.profile.sections:
            named |= self._named((section, *section.parts))
            if not applies(section, writer):
                continue
            own = self._part(section)
            parts = [(part, self._part(part)) for part in section.parts if applies(part, writer)]
            parts = [(part, inside) for part, inside in parts if inside]
            if not own and not parts:
                continue
            blocks += [writer.outline.clause(writer.office(section.head)), *own]
            for part, inside in parts:
                blocks += [writer.outline.point(writer.office(part.head)), *inside]
        return cited(writer.run, [*blocks, *self._others(named)])

    def _part(self, part: SectionPart) -> list[Block]:
        """The results of a part; for a part without any, its clauses, which are otherwise in the table of clauses."""
        if part.shows:
            return [block for shown in part.shows for block in self._shown(shown)]
        if self._writer.material.clauses is None:
            return cited("clause", [self._writer.p("papers:clauses_unknown")])
        return self._clauses([c for c in self._writer.material.clauses if part.names(c.duty.id)])

    def _named(self, parts: Sequence[SectionPart]) -> set[str]:
        clauses = self._writer.material.clauses or ()
        return {clause.duty.id for clause in clauses for part in parts if part.names(clause.duty.id)}

    def _others(self, named: set[str]) -> list[Block]:
        """Return the clauses outside every part."""
        writer = self._writer
        others = [clause for clause in writer.material.clauses or () if clause.duty.id not in named]
        if not [clause for clause in others if clause.state in ("in_progress", "not_done")]:
            return []
        return [writer.outline.clause(writer.text("papers:head_other_clauses")), *self._clauses(others)]

    def _clauses(self, clauses: Sequence[ClauseState]) -> list[Block]:
        """Return the clauses by state, and some of the pending clauses; no block if all are done."""
        writer = self._writer
        counts = counted_states(clauses)
        if not counts["in_progress"] and not counts["not_done"]:
            return []
        words = [f"{n} {writer.term('papers:clause', state).lower()}" for state, n in counts.items() if n]
        pending = [clause for state in ("not_done", "in_progress") for clause in clauses if clause.state == state]
        summary = writer.p("papers:clauses_part", states=", ".join(words))
        return cited("clause", [summary, *writer.bullets(self._clause(clause) for clause in pending[:_CLAUSES])])

    def _clause(self, clause: ClauseState) -> str:
        writer = self._writer
        open_text = clause.open_text(writer.lang)
        reason = writer.text("papers:because", reason=short(open_text, _REASON)) if open_text else ""
        return writer.text(
            "papers:clause_item",
            duty=short(quoted(writer, clause.duty), _CLAUSE).rstrip(".;:, "),
            state=writer.term("papers:clause", clause.state).lower(),
            reason=f" {reason}" if reason else "",
        )

    def _shown(self, key: Shown) -> list[Block]:
        """Return the results named by a part of the profile."""
        writer, results = self._writer, self._results
        if key == "roster":
            return cited("roster", on_duty(writer))
        if key == "services":
            source = f"form {writer.profile.circuits}, {writer.run}"
            return [*cited(source, services(writer, results)), *writer.noted("capacity")]
        if key == "verdicts":
            return verdicts(writer, results) if results else [writer.p("papers:no_run")]
        return topic(writer, results, key, self._annex) if results else []


def applies(part: SectionPart, writer: PaperWriter) -> bool:
    """True where the enterprise has the branch and offers the service of a part."""
    event = writer.material.event
    offered = {service for venue in event.venues for service in venue.services}
    return (part.operator is None or event.operator in (part.operator, "both")) and (
        part.service is None or part.service in offered
    )


def clause_summary(writer: PaperWriter, clauses: Sequence[ClauseState]) -> Table:
    """Return the clauses of each part of the profile by state, with the first reason of a pending clause."""
    parts = [
        part
        for section in writer.profile.sections
        if applies(section, writer)
        for part in (section, *section.parts)
        if applies(part, writer)
    ]
    rows, ours = [], [clause for clause in clauses if clause.state != "not_applicable"]
    others = [clause for clause in ours if not any(part.names(clause.duty.id) for part in parts)]
    named = [(writer.office(part.head), [one for one in ours if part.names(one.duty.id)]) for part in parts]
    for head, own in (*named, (writer.text("papers:head_other_clauses"), others)):
        if own:
            pending = next((text for clause in own if (text := clause.open_text(writer.lang))), "")
            lacking = short(pending.partition("; ")[0].partition(" (")[0], _LACKING)
            rows.append((head, *map(str, counted_states(own).values()), lacking))
    shown = (
        *columns(writer, content=7.3),
        *columns(writer, "center", "number", clauses_done=1.4, clauses_open=1.4, clauses_not=1.4),
        *columns(writer, lacking=7),
    )
    return numbered_table(writer, writer.text("papers:sheet_clauses"), shown, rows)


def roster_gaps(writer: PaperWriter, duty_list: DutyList) -> list[Block]:
    """Return the roles with gaps and their minutes; no block for a full roster."""
    gaps = [(role, minutes) for role, minutes in duty_list.gaps.items() if minutes]
    items = (
        writer.text("papers:roster_gap", role=writer.term("papers:role", role), length=writer.duration(minutes))
        for role, minutes in gaps
    )
    return [writer.p("papers:roster_gaps"), *writer.bullets(items)] if gaps else []


def on_duty(writer: PaperWriter) -> list[Block]:
    """Return the roster as a single paragraph, and the roles with gaps."""
    duty_list = writer.material.duty_list
    if duty_list is None:
        return [writer.p("papers:roster_unknown")]
    people, shifts = len(duty_list.people), len(duty_list.rows)
    msgid = "papers:roster" if duty_list.version else "papers:roster_draft"
    blocks: list[Block] = [writer.p(msgid, version=duty_list.version, people=people, shifts=shifts)]
    blocks += roster_gaps(writer, duty_list) or [writer.p("papers:roster_full")]
    if duty_list.broken:
        blocks.append(writer.p("papers:roster_broken", count=len(duty_list.broken)))
        blocks += writer.bullets(duty_list.broken[:_RULES])
    return blocks
