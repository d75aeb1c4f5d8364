"""`report drill`: the minutes of the drills in the form of Decree 30/2020/ND-CP, with every run on record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Any

from eventready.core.errors import UsageError
from eventready.core.messages import Lang, message
from eventready.core.timezone import local_time
from eventready.drill.record import DrillRun, TimelineEntry, failed_at, timeline
from eventready.drill.steps import ProbeResult, Stage
from eventready.papers.dates import fit
from eventready.papers.document.model import Block, Cell, Document, Paragraph, Span, Table, TableCell
from eventready.papers.document.profile import Profile
from eventready.papers.document.sources import BLANK, cited
from eventready.papers.material.drill_results import (
    DrillComparison,
    drill_comparisons,
    drill_title,
    figure,
    limit_value,
    outcome_text,
    probe_value,
    repair_value,
)
from eventready.papers.material.material import Material
from eventready.papers.sections.tables import columns, numbered_table
from eventready.papers.sections.writer import PaperWriter

_STEP = "papers:drill_step"
_STEPS = ("failing", "repairing", "repaired", "verified")
#: To be filled in by hand.
_BLANK = "." * 60


@dataclass(frozen=True)
class Meeting:
    """Place of a drill, people present, chair and secretary; blank where not given."""

    place: str = ""
    present: tuple[str, ...] = ()
    chair: str = ""
    secretary: str = ""


def drill_minutes(
    runs: Sequence[DrillRun],
    material: Material,
    profile: Profile,
    lang: Lang = "vi",
    meeting: Meeting = Meeting(),
) -> Document:
    """The minutes of every drill on record. Raises UsageError when none was measured."""
    compared = drill_comparisons(runs)
    if not compared:
        raise UsageError(message("papers:error.no_drill"))
    writer = PaperWriter("drill", material, profile, lang)
    outline = writer.outline
    measured: list[Block] = [
        outline.section(writer.text("papers:head_drill_results")),
        _results(writer, compared),
        outline.section(writer.text("papers:head_drill_runs")),
        _all_runs(writer, runs),
        outline.section(writer.text("papers:head_drill_course")),
        *_course(writer, compared),
        outline.section(writer.text("papers:head_drill_conclusion")),
        *writer.bullets(_conclusions(writer, compared)),
        writer.p("papers:drill_ended", last=writer.moment(_ended(runs))),
    ]
    blocks = [
        *writer.head(),
        *cited("drill", [*_setting(writer, runs, meeting), *measured]),
        *writer.close(secretary=meeting.secretary, chair=meeting.chair),
    ]
    return writer.document(blocks)


def recorded_drills(material: Material, profile: Profile, lang: Lang, **meeting: Any) -> Document:
    """The minutes of the drills of a material, with the values of a `Meeting`. Raises UsageError without any."""
    return drill_minutes(material.drills, material, profile, lang, Meeting(**meeting))


def _setting(writer: PaperWriter, runs: Sequence[DrillRun], meeting: Meeting) -> Iterator[Block]:
    """Begin, place, people, chair and secretary, each a paragraph with its label."""
    by = ", ".join(dict.fromkeys(run.person for run in runs if run.person))
    networks = dict.fromkeys(run.opened.network for run in runs)
    given = {
        "time": writer.moment(min(run.begun for run in runs)),
        "place": meeting.place,
        "present": "; ".join(meeting.present),
        "chair": meeting.chair,
        "secretary": meeting.secretary,
        "people": by,
        "network": ", ".join(writer.term("papers:drill_on", network) for network in networks),
    }
    for key, value in given.items():
        label = writer.text(f"papers:drill_setting.{key}")
        typed = "command line" if key in ("place", "present", "chair", "secretary") else ""
        yield Paragraph((Span(f"{label} "), Span(fit(value) or _BLANK)), source=typed if value else BLANK)
    if any(run.opened.rehearsal for run in runs):
        yield writer.p("papers:drill_rehearsal")


def _results(writer: PaperWriter, compared: Sequence[DrillComparison]) -> Table:
    rows = []
    for one in compared:
        title = fit(drill_title(one.worst, writer.lang))
        for probe in one.worst.probes:
            shown, named = one.worst_of(one.worst.prepared.stage, probe.probe) or probe, probe.probe
            result = writer.text("papers:drill_kept" if shown.within else "papers:drill_missed")
            rows.append((
                title, fit(one.worst.drill.probe_title(named, writer.lang)), _worst(writer, one, "before", probe),
                _worst(writer, one, "after", probe), repair_value(shown, writer.lang), limit_value(probe, writer.lang),
                result,
            ))  # fmt: skip
    weights = {
        "drill": 3.6, "drill_probe": 3.2, "drill_before": 3.2, "drill_after": 3.2, "drill_repair": 2.2,
        "drill_limit": 2.2, "drill_result": 1.8,
    }  # fmt: skip
    name, note = writer.text("papers:sheet_drills"), writer.text("papers:drill_worst_note")
    return numbered_table(writer, name, columns(writer, **weights), rows, note=note)


def _worst(writer: PaperWriter, one: DrillComparison, stage: Stage, probe: ProbeResult) -> TableCell:
    """Worst value of a stage, with its run and the number of runs."""
    found = one.worst_of(stage, probe.probe)
    run = one.run_of(stage, found)
    value = probe_value(found, writer.lang)
    count = len(one.measured(stage))
    if run is None:
        return value
    return Cell(value, note=writer.text("papers:drill_worst_of", run=run.id, count=count) if count > 1 else run.id)


def _all_runs(writer: PaperWriter, runs: Sequence[DrillRun]) -> Table:
    """Every run on record with its number: none is left out."""
    rows = [
        (
            run.id,
            writer.moment(_measured_at(run), short=True),
            fit(drill_title(run, writer.lang)),
            writer.term("papers:drill_stage", run.prepared.stage),
            fit("; ".join(probe_value(probe, writer.lang) for probe in run.probes)) or "-",
            Cell(outcome_text(run, writer.lang), note=fit(run.reason_in(writer.lang)) if not run.probes else ""),
        )
        for run in runs
    ]
    weights = {
        "drill_run": 2.6, "drill_at": 2.2, "drill": 4, "drill_stage": 2, "drill_value": 3, "drill_outcome": 3,
    }  # fmt: skip
    return numbered_table(writer, writer.text("papers:sheet_drill_runs"), columns(writer, **weights), rows)


def _course(writer: PaperWriter, compared: Sequence[DrillComparison]) -> list[Block]:
    """A paragraph per drill: failure, longest loss of each probe, repair and audit, in the order of time."""
    blocks: list[Block] = []
    for worst in (one.worst for one in compared):
        date = writer.day(local_time(_measured_at(worst)).date())
        steps = "; ".join(_course_entry(writer, worst, entry) for entry in _main_entries(worst))
        title = drill_title(worst, writer.lang)
        blocks.append(writer.p("papers:drill_course", title=title, run=worst.id, date=date, steps=steps))
    return blocks


def _main_entries(run: DrillRun) -> list[TimelineEntry]:
    """Entries of the timeline without device events, and of losses the longest of failure and of repair per probe."""
    entries = timeline(run)
    repair = next((entry.at_s for entry in entries if (entry.kind, entry.subject) == ("step", "repairing")), inf)
    longest: dict[tuple[str, bool], tuple[float, float | None]] = {}
    for probe in run.probes:
        for outage in probe.outages:
            key = probe.probe, outage[0] >= repair
            longest[key] = max(longest.get(key, outage), outage, key=_lasted)
    ends = {(name, at) for (name, _), outage in longest.items() for at in outage}
    return [
        entry
        for entry in entries
        if (entry.kind == "step" and entry.subject in _STEPS) or (entry.subject, entry.at_s) in ends
    ]


def _lasted(outage: tuple[float, float | None]) -> float:
    begin, end = outage
    return inf if end is None else end - begin


def _measured_at(run: DrillRun) -> datetime:
    """Moment of the failure by the clock of the measurement; a rehearsal's event clock may show another day."""
    return failed_at(run) or run.begun


def _ended(runs: Sequence[DrillRun]) -> datetime:
    """End of the last run, on the event's clock."""
    last = max(runs, key=lambda run: run.begun)
    recorded = [datetime.fromisoformat(entry.recorded) for entry in last.steps]
    return last.begun + (max(recorded) - min(recorded) if recorded else timedelta())


def _course_entry(writer: PaperWriter, run: DrillRun, entry: TimelineEntry) -> str:
    moment = _measured_at(run) + timedelta(seconds=entry.at_s)
    at = f"{local_time(moment):%H:%M:%S}"
    if entry.kind == "step":
        return writer.text(f"{_STEP}.{entry.subject}", at=at)
    probe = run.drill.probe_title(entry.subject, writer.lang)
    if entry.duration_ms is None:
        return writer.text(f"{_STEP}.lost", at=at, probe=probe)
    return writer.text(f"{_STEP}.answered", at=at, probe=probe, after=figure(entry.duration_ms, "ms", writer.lang))


def _conclusions(writer: PaperWriter, compared: Sequence[DrillComparison]) -> list[str]:
    kept = [one for one in compared if one.worst.outcome == "passed"]
    lines = [writer.text("papers:drill_conclusion", kept=len(kept), count=len(compared))]
    for one in compared:
        title = drill_title(one.worst, writer.lang)
        if one.worst.outcome != "passed":
            lines.append(writer.text(f"papers:drill_not_kept.{one.worst.outcome}", title=title))
        if one.repeated:
            missed = [run for run in one.concluding if run.outcome != "passed"]
            figures = {"count": len(one.concluding), "missed": len(missed), "last": one.concluding[-1].id}
            lines.append(writer.text("papers:drill_repeated", title=title, **figures))
        if unclear := [run.id for run in one.measured("unknown")]:
            lines.append(writer.text("papers:drill_unclear", title=title, runs=", ".join(unclear)))
        if void := [run.id for run in one.runs if run.outcome == "void"]:
            lines.append(writer.text("papers:drill_void", title=title, runs=", ".join(void)))
    return lines
