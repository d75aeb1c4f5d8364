"""Drills on the terminal: list, plan, and result with a timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import click

from eventready.cli.render.listing import cell, translated
from eventready.cli.render.listing import show as show_table
from eventready.core.clock import TZ
from eventready.core.messages import Lang, in_language, message, number, term, text
from eventready.drill.record import DrillRun, TimelineEntry, failed_at, timeline
from eventready.drill.spec import STREAMS, Drill, Probe
from eventready.drill.steps import STEPS, FlowFigures, ProbeMeasure, ProbeResult

_STYLES = {
    "passed": "green",
    "failed": "red",
    "unpredicted": "bold red",
    "void": "yellow",
    "refused": "yellow",
    "interrupted": "yellow",
}


def show_drills(drills: Sequence[Drill], last: Mapping[str, DrillRun], lang: Lang) -> None:
    """Print the drills of a workspace."""
    if not drills:
        click.echo(text("cli:drill.no_drills", lang))
        return
    table = translated("cli:drill_column", ("drill", "last", "longest", "what"), lang)
    for drill in drills:
        run = last.get(drill.name)
        outcome = (run.outcome or "") if run else ""
        shown = _outcome(run, lang) if run else text("cli:drill.never", lang)
        table.add_row(
            drill.name, cell(shown, _STYLES.get(outcome, "")), _longest(run, lang), drill.title.text.render(lang)
        )
    show_table(table)


def show_plan(drill: Drill, lang: Lang) -> None:
    """Print the plan of a drill."""
    click.secho(f"{drill.name}: {drill.title.text.render(lang)}", bold=True)
    click.echo(drill.why.text.render(lang))
    click.echo("\n" + text("cli:drill.required", lang))
    for requirement in drill.requires:
        click.echo(text("cli:drill.requirement", lang, check=requirement.check, devices=requirement.devices))
    click.echo(text("cli:drill.broken", lang, seconds=drill.observe_s))
    for failure in drill.break_:
        arguments = " ".join(f"{key}={value}" for key, value in failure.arguments.items())
        where = {"fault": failure.fault, "device": failure.device, "arguments": arguments}
        click.echo(text("cli:drill.fault", lang, **where).rstrip())
        for line in failure.lines:
            click.echo(text("cli:drill.in_production", lang, line=line))
    click.echo(text("cli:drill.measured", lang))
    for probe in drill.probes:
        click.echo(f"  {probe.name_in(lang)}: {_described(probe, lang)}")
    click.echo(text("cli:drill.predicted", lang, checks=drill.predicted_by))


def show_runs(runs: Sequence[DrillRun], lang: Lang) -> None:
    """Print the drills on record, the oldest first."""
    if not runs:
        click.echo(text("cli:drill.no_runs", lang))
        return
    columns = ("run", "event_time", "drill", "result", "longest", "changes")
    table = translated("cli:drill_column", columns, lang)
    for run in runs:
        outcome = cell(_outcome(run, lang), _STYLES.get(run.outcome or "", "bold red"))
        changes = ", ".join(run.prepared.in_force) or text("cli:drill.no_changes", lang)
        table.add_row(run.id, in_language(run.begun, lang), run.drill.name, outcome, _longest(run, lang), changes)
    show_table(table)


def _outcome(run: DrillRun, lang: Lang) -> str:
    return term("cli:drill_outcome", run.outcome or "not_finished", lang)


def show_run(run: DrillRun, lang: Lang) -> None:
    """Print a drill: result, each probe against its limit, and timeline."""
    rehearsal = text("cli:drill.rehearsal", lang) if run.opened.rehearsal else ""
    click.secho(f"{run.id}  {run.drill.name}: {_outcome(run, lang)}{rehearsal}", bold=True)
    origin = {"by": run.opened.by, "target": run.opened.target}
    click.echo(text("cli:drill.by", lang, title=run.drill.title.text, at=run.begun, **origin))
    changes = run.prepared.in_force or (message("cli:drill.no_changes"),)
    click.echo(
        text("cli:drill.changes", lang, changes=changes, stage=term("cli:drill_stage", run.prepared.stage, lang))
    )
    if run.reason:
        click.echo(run.reason_in(lang))
    for probe in run.probes:
        click.echo(f"  {run.drill.probe_title(probe.probe, lang)}: {measured(probe, lang)}")
    for one in run.predicted:
        click.echo(text("cli:drill.announced", lang, device=one.device, check=one.check, shown=one.message))
    _show_timeline(run, lang)
    if not run.finished:
        click.echo(text("cli:drill.next", lang, run=run.id))


def _show_timeline(run: DrillRun, lang: Lang) -> None:
    """Print the steps with their times, or the timeline in seconds since the failure."""
    begin = failed_at(run)
    if begin is None:
        click.echo(text("cli:drill.steps", lang))
        for entry in run.steps:
            step = term("cli:drill_step", STEPS.name(entry.body), lang)
            click.echo(f"  {datetime.fromisoformat(entry.recorded).astimezone(TZ):%H:%M:%S}  {step}")
        return
    click.echo(text("cli:drill.timeline", lang, at=f"{begin.astimezone(TZ):%H:%M:%S}"))
    for at in timeline(run):
        click.echo(f"  {number(at.at_s, lang, '9.3f')}  {_event(run, at, lang)}".rstrip())


def _event(run: DrillRun, at: TimelineEntry, lang: Lang) -> str:
    match at.kind:
        case "step":
            return term("cli:drill_step", at.subject, lang)
        case "device":
            fault, _, action = at.detail.rpartition(" ")
            return f"  {at.subject}: {text(f'cli:drill_event.{action}', lang, fault=fault)}"
    duration = {"ms": at.duration_ms} if at.duration_ms is not None else {}
    return "    " + text(f"cli:drill.{at.kind}", lang, probe=run.drill.probe_title(at.subject, lang), **duration)


def measured(probe: ProbeResult, lang: Lang) -> str:
    """A probe's values against their limits, with flows and loss: `285 ms (limit 300 ms, resolution 20 ms)`."""
    if probe.void:
        return text("cli:drill.void", lang, reason=probe.void)
    unknown = "cli:drill.no_recovery" if probe.kind in STREAMS else "cli:drill.no_count"
    value = text(unknown, lang) if probe.value is None else _figure(probe.value, probe.unit, lang)
    limit = text("cli:drill.limit", lang, limit=probe.limit, unit=probe.unit)
    if probe.resolution:
        limit += text("cli:drill.resolution", lang, resolution=probe.resolution, unit=probe.unit)
    parts = [f"{value} ({limit})", *(_measured(measure, lang) for measure in probe.measures[1:])]
    if probe.flows:
        parts.append(_flows(probe.flows, lang))
    if probe.sent and probe.kind != "stations":
        lost = text("cli:drill.lost_of", lang, lost=probe.lost, sent=probe.sent)
        parts.append(lost + (text("cli:drill.reordered", lang, number=probe.reordered) if probe.reordered else ""))
    if probe.detail:
        parts.append(in_language(probe.detail, lang))
    return "; ".join(parts) + ("" if probe.within else "  " + text("cli:drill.missed", lang))


def _measured(measure: ProbeMeasure, lang: Lang) -> str:
    """A further limit of a stream: outage of the repair, loss, round trip."""
    known = None if measure.value is None else _figure(measure.value, measure.unit, lang)
    value = known or text("cli:drill.no_value", lang)
    limit = text("cli:drill.limit", lang, limit=measure.limit, unit=measure.unit)
    return f"{term('cli:drill_measure', measure.name, lang)} {value} ({limit})"


def _flows(flows: FlowFigures, lang: Lang) -> str:
    """Flows hit of all, the median flow's outage, and the round trip."""
    end = text("cli:drill.no_end", lang)
    middle = end if flows.median_ms is None else _figure(flows.median_ms, "ms", lang)
    trip = end if flows.round_trip_ms is None else f"{number(flows.round_trip_ms, lang, '.1f')} ms"
    return text("cli:drill.flows", lang, hit=flows.hit, flows=flows.flows, middle=middle, trip=trip)


def _longest(run: DrillRun | None, lang: Lang) -> str:
    if run is None or not run.probes:
        return ""
    worst = next((probe for probe in run.probes if not probe.within), run.probes[0])
    if worst.void:
        return term("cli:drill_outcome", "void", lang)
    missed = next((measure for measure in worst.measures if not measure.within), None)
    value, unit = (missed.value, missed.unit) if missed else (worst.value, worst.unit)
    return text("cli:drill.no_end", lang) if value is None else _figure(value, unit, lang)


def _figure(value: float, unit: str, lang: Lang) -> str:
    return f"{number(value, lang, '.0f' if unit == 'ms' else '.1f')} {unit}"


def _described(probe: Probe, lang: Lang) -> str:
    limits = ("outage_ms", "loss_percent", "latency_ms", "refused_percent", "most_per_mean")
    given = {key: value for key in limits if (value := getattr(probe, key)) is not None}
    allowed = [message(f"cli:drill_limit.{key}", value=value) for key, value in given.items()]
    source = message("cli:drill.from", source=probe.source) if probe.source else ""
    where = {"kind": probe.kind, "target": probe.target, "source": source}
    if probe.kind not in STREAMS:
        return text("cli:drill.probe_counter", lang, **where, allowed=allowed)
    return text("cli:drill.probe", lang, **where, rate=probe.rate, flows=probe.flows, allowed=allowed)
