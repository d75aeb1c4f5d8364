"""`report weekly`: what Monday morning's paper says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from eventready.checks.diff import Change, compare
from eventready.clock import TZ
from eventready.duty.carried import ChangeOnRecord
from eventready.report.change_lines import change_lines
from eventready.report.dates import fit
from eventready.report.document.model import Block, Document
from eventready.report.document.profile import Profile
from eventready.report.draft import Draft
from eventready.report.language import Language
from eventready.report.material import Incident, Material
from eventready.report.pictures import columns
from eventready.report.tables import (
    clause_table,
    device_table,
    incident_table,
    measure_table,
    measures,
    open_table,
    quoted,
    station_table,
)
from eventready.report.telecom import NAMED, clause_points, item, telecom, topic, unmeasured
from eventready.report.topics import Results
from eventready.report.trend import trend
from eventready.report.words import Lang
from eventready.run import Run, Summary


def weekly(material: Material, profile: Profile, lang: Lang = "vi") -> Document:
    """The report of the week before the Monday `material.week.due`."""
    draft = Draft("weekly", material, profile, lang)
    results = Results.of(material.run, draft.language) if material.run else None
    annex = annexes(draft, results)
    blocks = [
        *draft.head(),
        *directing(draft),
        *outcome(draft, results, annex),
        *_changes(draft, results),
        *_changed(draft, _changed_in_the_week(material)),
        *troubles(draft, results, annex, _of_the_week(material)),
        *_next_week(draft, results),
        *proposals(draft),
        *draft.close(),
    ]
    return draft.document(blocks)


def annexes(draft: Draft, results: Results | None) -> str:
    """Put the annexes behind the paper; the name of the one that lists what is open."""
    material = draft.material
    opened = ""
    if results is not None:
        draft.annex("annex_devices", [device_table(draft, results)], landscape=True)
        wrong = [line for line in results.lines if line.status != "pass"]
        listed: list[Block] = [open_table(draft, wrong, results)] if wrong else [draft.p("open_none")]
        opened = draft.annex("annex_open", listed, landscape=True)
        stations = station_table(draft, results)
        draft.annex("annex_stations", [stations] if stations.rows else [draft.p("stations_none")])
        draft.annex("annex_measures", _figures(draft, results), landscape=True)
    if material.clauses:
        draft.annex("annex_clauses", [clause_table(draft, material.clauses)], landscape=True)
    return opened


def _figures(draft: Draft, results: Results) -> list[Block]:
    table = measure_table(draft, results)
    if not table.rows:
        return [draft.p("measures_none")]
    rest = len(measures(results)) - len(table.rows)
    return [table, *([draft.note("measures_more", shown=len(table.rows), rest=rest)] if rest else [])]


def directing(draft: Draft) -> list[Block]:
    """I. What the leaders set in motion, and how far the duties are."""
    blocks: list[Block] = [draft.outline.section(draft.say("head_directing"))]
    blocks += draft.paragraphs(draft.profile.standing.directing)
    clauses = draft.material.clauses
    if clauses is None:
        return [*blocks, draft.p("clauses_unknown")]
    states = [clause.state for clause in clauses]
    ours = len(states) - states.count("not_applicable")
    blocks.append(
        draft.p(
            "clauses_counted",
            ours=ours,
            done=states.count("done"),
            in_progress=states.count("in_progress"),
            not_done=states.count("not_done"),
        )
    )
    return blocks


def outcome(draft: Draft, results: Results | None, annex: str) -> list[Block]:
    """II. Results: telecommunications, post, people on duty, security, health."""
    outline, clauses = draft.outline, draft.material.clauses
    blocks: list[Block] = [outline.section(draft.say("head_results"))]
    blocks += telecom(draft, results, annex)
    blocks.append(outline.clause(draft.say("head_postal")))
    blocks += clause_points(draft, clauses, ("2.*",))
    blocks.append(outline.clause(draft.say("head_duty")))
    blocks += on_duty(draft)
    blocks.append(outline.clause(draft.say("head_security")))
    if results is not None:
        blocks += topic(draft, results.topics["security"], annex)
    blocks += clause_points(draft, clauses, ("3.g", "3.h", "3.k"))
    blocks.append(outline.clause(draft.say("head_covid")))
    blocks += clause_points(draft, clauses, ("3.i",))
    return blocks


def on_duty(draft: Draft) -> list[Block]:
    """The roster in one paragraph; gaps by role where there are any."""
    duty_list = draft.material.duty_list
    if duty_list is None:
        return [draft.p("roster_unknown")]
    people = len({(row.name, row.unit) for row in duty_list.rows})
    shifts = len(duty_list.rows)
    blocks: list[Block] = [
        draft.p("roster", version=duty_list.version, people=people, shifts=shifts)
        if duty_list.version
        else draft.p("roster_draft", people=people, shifts=shifts)
    ]
    gaps = [(role, minutes) for role, minutes in duty_list.gaps.items() if minutes]
    if gaps:
        blocks.append(draft.p("roster_gaps"))
        blocks += draft.bullets(
            draft.say("roster_gap", role=draft.say(f"role_{role}"), minutes=minutes) for role, minutes in gaps
        )
    else:
        blocks.append(draft.p("roster_full"))
    broken = duty_list.broken
    if broken:
        blocks.append(draft.p("roster_broken", count=len(broken)))
        blocks += draft.bullets(broken[:NAMED])
    return blocks


def _changes(draft: Draft, results: Results | None) -> list[Block]:
    """What improved and what worsened since last week's run."""
    blocks: list[Block] = [draft.outline.clause(draft.say("head_changes"))]
    before = draft.material.baseline
    if results is None or before is None:
        return [*blocks, draft.p("changes_unknown")]
    diff = compare(before.document.get("findings", ()), results.run.document.get("findings", ()))
    blocks.append(
        draft.p(
            "changes",
            before=datetime.fromisoformat(Summary.of(before.document).moment),
            fixed=len(diff.fixed),
            better=len(diff.better),
            new=len(diff.new),
            worse=len(diff.worse),
            still=len(diff.still),
            unseen=len(diff.unseen),
        )
    )
    for key, changes in (("fixed", diff.fixed), ("new", diff.new), ("worse", diff.worse)):
        if changes:
            blocks.append(draft.p(f"changes_{key}"))
            blocks += draft.bullets(_said(draft.language, change) for change in changes[:NAMED])
            blocks += [draft.p("changes_more", count=len(changes) - NAMED)] if len(changes) > NAMED else []
    return [*blocks, *history(draft, results.run)]


def _changed(draft: Draft, changes: Sequence[ChangeOnRecord] | None) -> list[Block]:
    """What was changed in the network; an emergency stands there with the people who answer for it."""
    blocks: list[Block] = [draft.outline.clause(draft.say("head_changed"))]
    if changes is None:
        return [*blocks, draft.p("changed_unknown")]
    if not changes:
        return [*blocks, draft.p("changed_none")]
    emergencies = sum(bool(change.emergency) for change in changes)
    key = "changed_emergencies" if emergencies else "changed"
    said = (f"{line.said}." for line in change_lines(changes, draft.language, draft.material.changes or ()))
    return [*blocks, draft.p(key, count=len(changes), emergencies=emergencies), *draft.bullets(said)]


def history(draft: Draft, run: Run) -> list[Block]:
    """Charts over the runs so far, where there is more than one."""
    charts = trend(run, None, draft.material.earlier, draft.language).charts
    return [columns(charts[:3], draft.say("figure_trend"))] if charts else []


def _said(language: Language, change: Change) -> str:
    entry = change.after or change.before or {}
    return f"{fit(entry.get('device', ''))}: {language.sentence(entry)}."


def troubles(draft: Draft, results: Results | None, annex: str, incidents: Sequence[Incident] | None) -> list[Block]:
    """III. Incidents, what is still wrong, what is not known."""
    outline = draft.outline
    blocks: list[Block] = [outline.section(draft.say("head_troubles")), outline.clause(draft.say("head_incidents"))]
    if incidents is None:
        blocks.append(draft.p("incidents_unknown"))
    elif not incidents:
        blocks.append(draft.p("incidents_none"))
    else:
        blocks += [draft.p("incidents", count=len(incidents)), incident_table(draft, incidents)]
    blocks.append(outline.clause(draft.say("head_open")))
    blocks += _open(draft, results, annex)
    blocks.append(outline.clause(draft.say("head_unmeasured")))
    blocks += unmeasured(draft, results) if results else [draft.p("no_run")]
    return blocks


def _open(draft: Draft, results: Results | None, annex: str) -> list[Block]:
    if results is None:
        return [draft.p("no_run")]
    failed = [line for line in results.lines if line.status == "fail"]
    warned = [line for line in results.lines if line.status == "warn"]
    if not failed and not warned:
        return [draft.p("open_none")]
    blocks: list[Block] = [draft.p("open", fail=len(failed), warn=len(warned), annex=annex)]
    return [*blocks, *draft.bullets(item(draft, line) for line in (failed or warned)[: 2 * NAMED])]


def _of_the_week(material: Material) -> Sequence[Incident] | None:
    """Incidents that began in the week, or are not over."""
    if material.incidents is None:
        return None
    first = datetime.combine(material.week.first, time(), TZ)
    end = datetime.combine(material.week.due, time(), TZ)
    told = max(end, material.moment)
    return [i for i in material.incidents if i.began < told and (i.began >= first or i.restored is None)]


def _changed_in_the_week(material: Material) -> Sequence[ChangeOnRecord] | None:
    """Changes that began in the week, and those that are not at their end."""
    if material.changes is None:
        return None
    first = datetime.combine(material.week.first, time(), TZ)
    told = max(datetime.combine(material.week.due, time(), TZ), material.moment)
    return [c for c in material.changes if c.began < told and (c.began >= first or c.standing == "open")]


def _next_week(draft: Draft, results: Results | None) -> list[Block]:
    """IV. What is to be repaired, measured again, and due; and which windows open."""
    material = draft.material
    start = datetime.combine(material.week.due, time(), TZ)
    end = start + timedelta(days=7)
    items = []
    if results is not None:
        open_lines = sum(line.status in ("fail", "warn") for line in results.lines)
        lost = sum(line.status == "not_measured" and not line.blind for line in results.lines)
        items += [draft.say("plan_repair", count=open_lines)] if open_lines else []
        items += [draft.say("plan_measure", count=lost)] if lost else []
    else:
        items.append(draft.say("plan_first_run"))
    for window in sorted(material.event.windows, key=lambda window: window.start):
        if window.start < end and window.end > start:
            name = (window.name_vi if draft.lang == "vi" else window.name) or window.name or window.kind
            items.append(draft.say("plan_window", name=name, start=window.start, end=window.end))
    states = {clause.duty.id: clause.state for clause in material.clauses or ()}
    for duty in material.duties:
        settled = states.get(duty.id) in ("done", "not_applicable")
        if duty.due and duty.due < end and not settled and duty.due >= start:
            items.append(
                draft.say("plan_due", duty=quoted(draft, duty), due=duty.due.astimezone(TZ).date(), owner=duty.owner)
            )
    late = [
        clause.duty.id
        for clause in material.clauses or ()
        if clause.duty.due and clause.duty.due < start and clause.state in ("in_progress", "not_done")
    ]
    if late:
        items.append(draft.say("plan_late", count=len(late), ids=", ".join(late)))
    return [draft.outline.section(draft.say("head_next")), *draft.bullets([*items, draft.say("plan_duty")])]


def proposals(draft: Draft) -> list[Block]:
    """V. What the office asks for."""
    said = draft.paragraphs(draft.profile.standing.proposals)
    return [draft.outline.section(draft.say("head_proposals")), *(said or [draft.p("proposals_none")])]
