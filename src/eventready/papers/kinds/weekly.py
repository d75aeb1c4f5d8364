"""`report weekly`: the report of a week."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from eventready.clauses.changes import ChangeOnRecord
from eventready.core.language import Language
from eventready.core.messages import Lang, Message, message
from eventready.core.strings.texts import moment_of, short
from eventready.core.timezone import local_time, moment_at
from eventready.drawing.charts import column_charts
from eventready.evaluation.alike import Row
from eventready.evaluation.differences import Change, compare_runs, rests_between
from eventready.incidents.incident import Incident
from eventready.papers.dates import fit
from eventready.papers.document.model import Block, Document, Table
from eventready.papers.document.profile import Profile
from eventready.papers.document.sources import cited
from eventready.papers.material.change_lines import change_lines
from eventready.papers.material.material import Material
from eventready.papers.material.results import RunResults
from eventready.papers.material.trend import change_rows, series
from eventready.papers.sections.annexes import add_annexes, add_map
from eventready.papers.sections.results_section import ResultsSection, clause_summary
from eventready.papers.sections.run_sections import NAMED, measured_at, open_items, unmeasured
from eventready.papers.sections.tables import counted_states, incident_table, quoted, window_line
from eventready.papers.sections.writer import PaperWriter
from eventready.store.run import Summary

#: Letters of a clause that is due, and clauses, changes and incidents named.
_CLAUSE, _NAMED_CLAUSES, _NAMED_CHANGES, _NAMED_INCIDENTS = 70, 2, 4, 5


def weekly(material: Material, profile: Profile, lang: Lang = "vi") -> Document:
    """The report of the week before the Monday `material.week.due`."""
    writer = PaperWriter("weekly", material, profile, lang)
    results = RunResults.of(material.run, writer.language) if material.run else None
    annex = add_annexes(writer, results)
    add_map(writer, results)
    blocks = [
        *writer.head(),
        *directing(writer),
        *period_warning(writer, results),
        *ResultsSection(writer, results, annex).blocks(),
        *cited(_compared(writer), _since_last_week(writer, results)),
        *cited("change", _network_changes(writer, _changes_of_week(material))),
        *troubles(writer, results, annex, _incidents_of_week(material)),
        *_next_week(writer, results),
        *proposals(writer),
        *writer.close(),
    ]
    return writer.document(blocks, notices=_notices(material))


def _notices(material: Material) -> Iterator[Message]:
    """Notices of a report: early, or without a run of its week."""
    reports = material.event.weekly_report
    if reports and material.week.due < reports.first:
        yield message("papers:cli_before_first", first=reports.first, week=f"{reports.first}")
    if material.run is None:
        yield message("papers:cli_no_run")
    elif ran := outside_the_week(material):
        yield message("papers:cli_outside_week", ran=ran)


def _compared(writer: PaperWriter) -> str:
    before = writer.material.baseline
    return f"{writer.run}, run {before.id}" if before else writer.run


def outside_the_week(material: Material) -> datetime | None:
    """Return the event's time of a run outside the week of the report; None for a run inside."""
    if material.run is None:
        return None
    ran = moment_of(material.run.header.moment)
    return None if material.week.first <= ran.date() <= material.week.due else ran


def period_warning(writer: PaperWriter, results: RunResults | None) -> list[Block]:
    """A sentence where the figures of a report do not stem from its period."""
    material = writer.material
    if results is None:
        return []
    if writer.kind.of_week:
        ran = outside_the_week(material)
        return cited(writer.run, [writer.p("papers:audit_outside_week", when=ran)] if ran else [])
    start, ran = material.event_start, measured_at(results)
    early = [writer.p("papers:audit_before_event", when=ran)] if start and ran < start else []
    return cited(writer.run, early)


def directing(writer: PaperWriter) -> list[Block]:
    """I. Directions of the leaders, and the clauses by state."""
    blocks: list[Block] = [writer.outline.section(writer.text("papers:head_directing"))]
    blocks += [*writer.standing(writer.profile.standing.directing), *writer.noted("done")]
    clauses = writer.material.clauses
    if clauses is None:
        return cited("clause", [*blocks, writer.p("papers:clauses_unknown")])
    counts = counted_states(clauses)
    blocks.append(writer.p("papers:clauses_counted", ours=sum(counts.values()), **counts))
    table = clause_summary(writer, clauses)
    return cited("clause", [*blocks, *([table] if table.rows else [])])


def _since_last_week(writer: PaperWriter, results: RunResults | None) -> list[Block]:
    """The changes of findings since last week's run, with their course over the runs."""
    blocks: list[Block] = [writer.outline.clause(writer.text("papers:head_changes"))]
    before = writer.material.baseline
    if results is None or before is None:
        return [*blocks, writer.p("papers:changes_unknown")]
    diff = compare_runs(before, results.run, results.findings.subjects_open)
    kinds = ("fixed", "better", "new", "worse", "still", "unseen")
    counts = {kind: len(getattr(diff, kind)) for kind in kinds}
    blocks.append(writer.p("papers:changes", before=moment_of(before.header.moment), **counts))
    for kind in ("new", "worse"):
        changes: Sequence[Change] = getattr(diff, kind)
        if changes:
            blocks.append(writer.p(f"{_CHANGES}.{kind}"))
            named = change_rows(changes, rests_between(before, results.run))[:NAMED]
            blocks += writer.bullets(_sentence(writer.language, row) for row in named)
            if rest := len(changes) - sum(row.count for row in named):
                blocks.append(writer.p("papers:changes_more", count=rest))
    return [*blocks, *history(writer, results.summary)]


_CHANGES = "papers:changes"


def _sentence(language: Language, row: Row[Change]) -> str:
    sentence = row.sentence(language, language.sentence(row.first.entry))
    return f"{fit(language.names(row.devices))}: {sentence}."


def history(writer: PaperWriter, now: Summary) -> list[Block]:
    """Return charts over the runs so far, if there are several."""
    charts = series(now, writer.material.earlier, writer.language)
    return [column_charts(charts[:3], writer.text("papers:figure_trend"))] if charts else []


def _network_changes(writer: PaperWriter, changes: Sequence[ChangeOnRecord] | None) -> list[Block]:
    """Return the changes made to the network; an emergency is listed with the names of its approvers."""
    blocks: list[Block] = [writer.outline.clause(writer.text("papers:head_changed"))]
    if changes is None:
        return [*blocks, writer.p("papers:changed_unknown")]
    if not changes:
        return [*blocks, writer.p("papers:changed_none")]
    emergencies = sum(bool(change.emergency) for change in changes)
    msgid = "papers:changed_emergencies" if emergencies else "papers:changed"
    opening = writer.p(msgid, count=len(changes), emergencies=emergencies)
    urgent_first = sorted(changes, key=lambda change: not change.emergency)
    lines = change_lines(urgent_first[:_NAMED_CHANGES], writer.language, writer.material.changes or ())
    more = len(changes) - len(lines)
    rest = [writer.text("papers:changes_more", count=more)] if more else []
    return [*blocks, opening, *writer.bullets([*(f"{line.sentence}." for line in lines), *rest])]


def troubles(
    writer: PaperWriter, results: RunResults | None, annex: str, incidents: Sequence[Incident] | None
) -> list[Block]:
    """Return section III: incidents, open findings, and unmeasured items."""
    outline = writer.outline
    blocks: list[Block] = [
        outline.section(writer.text("papers:head_troubles")),
        outline.clause(writer.text("papers:head_incidents")),
    ]
    if incidents is None:
        blocks.append(writer.p("papers:incidents_unknown"))
    elif not incidents:
        blocks.append(writer.p("papers:incidents_none"))
    else:
        blocks += [writer.p("papers:incidents", count=len(incidents)), _incidents(writer, incidents)]
    measured: list[Block] = [outline.clause(writer.text("papers:head_open")), *open_items(writer, results, annex)]
    measured.append(outline.clause(writer.text("papers:head_unmeasured")))
    measured += unmeasured(writer, results) if results else [writer.p("papers:no_run")]
    return [*cited("incident", blocks), *cited(writer.run, measured)]


def _incidents(writer: PaperWriter, incidents: Sequence[Incident]) -> Table:
    """The latest incidents; the workbook has the rest."""
    table = incident_table(writer, incidents)
    rest = len(table.rows) - _NAMED_INCIDENTS
    if rest <= 0:
        return table
    writer.sheet(writer.text("papers:sheet_incidents"), table, "incident")
    return replace(table, rows=table.rows[-_NAMED_INCIDENTS:], note=writer.text("papers:open_more", rest=rest))


def _incidents_of_week(material: Material) -> Sequence[Incident] | None:
    """Return the incidents begun in the week, or open."""
    if material.incidents is None:
        return None
    return [i for i in material.incidents if _of_week(material, i.began, still_open=i.restored is None)]


def _changes_of_week(material: Material) -> Sequence[ChangeOnRecord] | None:
    """Return the changes begun in the week, or open."""
    if material.changes is None:
        return None
    return [c for c in material.changes if _of_week(material, c.began, still_open=c.status == "open")]


def _of_week(material: Material, began: datetime, *, still_open: bool) -> bool:
    first, due = (moment_at(day) for day in (material.week.first, material.week.due))
    return began < max(due, material.moment) and (began >= first or still_open)


def _next_week(writer: PaperWriter, results: RunResults | None) -> list[Block]:
    """IV. Repairs, measurements, windows and clauses of the next week."""
    due = writer.material.week.due
    start, end = moment_at(due), moment_at(due + timedelta(days=7))
    windows = [
        window_line(writer, window)
        for window in sorted(writer.material.event.windows, key=lambda window: window.start)
        if window.kind != "protected" and window.start < end and window.end > start
    ]
    planned = [
        *cited(writer.run, writer.bullets(_repairs(writer, results))),
        *cited("event.yaml", writer.bullets(windows)),
        *cited("clause", writer.bullets(_due_clauses(writer, start, end))),
    ]
    return [writer.outline.section(writer.text("papers:head_next")), *(planned or [writer.blank()])]


def _repairs(writer: PaperWriter, results: RunResults | None) -> list[str]:
    if results is None:
        return [writer.text("papers:plan_first_run")]
    lines = results.findings.lines
    wrong = sum(line.status in ("fail", "warn") for line in lines)
    lost = sum(line.status == "not_measured" and not line.blind for line in lines)
    return [
        *([writer.text("papers:plan_repair", count=wrong)] if wrong else []),
        *([writer.text("papers:plan_measure", count=lost)] if lost else []),
    ]


def _due_clauses(writer: PaperWriter, start: datetime, end: datetime) -> Iterable[str]:
    """Yield the clauses due in the week, each by name, and the number of late clauses."""
    states = {clause.duty.id: clause.state for clause in writer.material.clauses or ()}
    event = writer.material.event
    pending = [
        (event.owed(duty.due), duty)
        for duty in writer.material.duties
        if duty.due and states.get(duty.id) not in ("done", "not_applicable") and not event.forgone(duty.due, start)
    ]
    coming = [(due, duty) for due, duty in pending if start <= due < end]
    for due, duty in coming[:_NAMED_CLAUSES]:
        text = short(quoted(writer, duty), _CLAUSE)
        yield writer.text("papers:plan_due", duty=text, due=local_time(due).date(), owner=duty.owner)
    if len(coming) > _NAMED_CLAUSES:
        yield writer.text("papers:clauses_more", count=len(coming) - _NAMED_CLAUSES)
    late = [duty.id for due, duty in pending if due < start and duty.id in states]
    if late:
        yield writer.text("papers:plan_late", count=len(late), ids=", ".join(late))


def proposals(writer: PaperWriter) -> list[Block]:
    """V. Proposals of the office and of people, else a blank."""
    own = [*writer.standing(writer.profile.standing.proposals), *writer.noted("proposals")]
    return [writer.outline.section(writer.text("papers:head_proposals")), *(own or [writer.blank()])]
