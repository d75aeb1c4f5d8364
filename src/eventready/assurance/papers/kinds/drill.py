"""`report drill`: the minutes of the drills, with every interruption before and after the backup configuration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import inf

from eventready.assurance.papers.dates import fit
from eventready.assurance.papers.document.model import Block, Document, Table
from eventready.assurance.papers.document.profile import Profile
from eventready.assurance.papers.material.drill_results import (
    DrillComparison,
    drill_comparisons,
    drill_title,
    figure,
    probe_of,
    probe_title,
    probe_value,
)
from eventready.assurance.papers.material.material import Material
from eventready.assurance.papers.sections.tables import columns, numbered_table
from eventready.assurance.papers.sections.writer import PaperWriter
from eventready.core.clock import TZ
from eventready.core.errors import UsageError
from eventready.core.messages import Lang, message
from eventready.drill.record import DrillRun
from eventready.drill.timeline import TimelineEntry, failed_at, timeline

_STEP = "papers:drill_step"
_STEPS = ("failing", "repaired", "verified")


def drill_minutes(runs: Sequence[DrillRun], material: Material, profile: Profile, lang: Lang = "vi") -> Document:
    """The minutes of every drill on record. Raises UsageError when none was measured."""
    compared = drill_comparisons(runs)
    if not compared:
        raise UsageError(message("papers:error.no_drill"))
    writer = PaperWriter("drill", material, profile, lang)
    outline = writer.outline
    blocks: list[Block] = [
        *writer.head(),
        outline.section(writer.text("papers:head_drill_setting")),
        *writer.bullets(_setting(writer, compared)),
        outline.section(writer.text("papers:head_drill_results")),
        _results(writer, compared),
        outline.section(writer.text("papers:head_drill_course")),
        *_course(writer, compared),
        outline.section(writer.text("papers:head_drill_conclusion")),
        *writer.bullets(_conclusions(writer, compared)),
        *writer.close(),
    ]
    return writer.document(blocks)


def _setting(writer: PaperWriter, compared: Sequence[DrillComparison]) -> list[str]:
    runs = [run for one in compared for run in (one.before, one.after) if run]
    people = ", ".join(dict.fromkeys(str(run.opened["by"]) for run in runs))
    networks = dict.fromkeys(str(run.opened.get("network", "embedded")) for run in runs)
    first, last = min(run.begun for run in runs), max(run.begun for run in runs)
    setting = [
        writer.text("papers:drill_time", first=writer.moment(first), last=writer.moment(last)),
        writer.text("papers:drill_people", people=fit(people)),
        writer.text(
            "papers:drill_network", network=", ".join(writer.term("papers:drill_on", network) for network in networks)
        ),
    ]
    if any(run.opened.get("rehearsal") for run in runs):
        setting.append(writer.text("papers:drill_rehearsal"))
    return setting


def _results(writer: PaperWriter, compared: Sequence[DrillComparison]) -> Table:
    rows = []
    for one in compared:
        for probe in one.latest.probes:
            rows.append(
                (
                    fit(drill_title(one.latest, writer.lang)),
                    fit(probe_title(one.latest, probe.probe, writer.lang)),
                    probe_value(probe_of(one.before, probe.probe), writer.lang),
                    probe_value(probe_of(one.after, probe.probe), writer.lang),
                    figure(probe.limit, probe.unit, writer.lang),
                    writer.text("papers:drill_kept" if probe.within else "papers:drill_missed"),
                )
            )
    shown = columns(
        writer, drill=5, drill_probe=4, drill_before=2.6, drill_after=2.6, drill_limit=2.2, drill_result=2.2
    )
    return numbered_table(writer, writer.text("papers:sheet_drills"), shown, rows)


def _course(writer: PaperWriter, compared: Sequence[DrillComparison]) -> list[Block]:
    """A paragraph per drill: failure, longest loss of each probe, repair and audit, in the order of time."""
    return [
        writer.p(
            "papers:drill_course",
            title=drill_title(one.latest, writer.lang),
            date=writer.day(_measured_at(one.latest).astimezone(TZ).date()),
            steps="; ".join(_course_entry(writer, one.latest, entry) for entry in _main_entries(one.latest)),
        )
        for one in compared
    ]


def _main_entries(run: DrillRun) -> list[TimelineEntry]:
    """Entries of the timeline without device events and without all but the longest loss of a probe."""
    longest: dict[str, tuple[float, float | None]] = {}
    for probe in run.probes:
        if probe.outages:
            longest[probe.probe] = max(probe.outages, key=lambda one: inf if one[1] is None else one[1] - one[0])
    ends = {(name, at) for name, outage in longest.items() for at in outage}
    return [
        entry
        for entry in timeline(run)
        if (entry.kind == "step" and entry.subject in _STEPS) or (entry.subject, entry.at_s) in ends
    ]


def _measured_at(run: DrillRun) -> datetime:
    """Moment of the failure by the clock of the measurement; a rehearsal's event clock may show another day."""
    return failed_at(run) or run.begun


def _course_entry(writer: PaperWriter, run: DrillRun, entry: TimelineEntry) -> str:
    moment = _measured_at(run) + timedelta(seconds=entry.at_s)
    at = f"{moment.astimezone(TZ):%H:%M:%S}"
    if entry.kind == "step":
        return writer.text(f"{_STEP}.{entry.subject}", at=at)
    probe = probe_title(run, entry.subject, writer.lang)
    if entry.duration_ms is None:
        return writer.text(f"{_STEP}.lost", at=at, probe=probe)
    return writer.text(f"{_STEP}.answered", at=at, probe=probe, after=figure(entry.duration_ms, "ms", writer.lang))


def _conclusions(writer: PaperWriter, compared: Sequence[DrillComparison]) -> list[str]:
    kept = [one for one in compared if one.latest.outcome == "passed"]
    lines = [writer.text("papers:drill_conclusion", kept=len(kept), count=len(compared))]
    for one in compared:
        if one.latest.outcome == "unpredicted":
            lines.append(writer.text("papers:drill_unpredicted", title=drill_title(one.latest, writer.lang)))
        elif one.latest.outcome == "failed":
            lines.append(writer.text("papers:drill_failed", title=drill_title(one.latest, writer.lang)))
    return lines
