"""`eventready drill`: failures made on purpose, and the interruption measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.text import Text

from eventready.change.document import Plan, write_plan
from eventready.change.safety.approval import sign_plan
from eventready.cli.change.plan import refuse_overwrite
from eventready.cli.change.plan_text import plan_lines
from eventready.cli.change.progress import existing_plan
from eventready.cli.console import Cell, Listing, styled
from eventready.cli.context import App, Shown
from eventready.cli.signing import current_user, role_key
from eventready.core.errors import Exit, UsageError, most_severe
from eventready.core.messages import Lang, Message, in_language, message, number, percentage, term, text
from eventready.core.timezone import local_time
from eventready.drill.execution import DrillOptions
from eventready.drill.preparation import drills_of, executor_of
from eventready.drill.production import ProductionTarget, plan_failure, refuse_production
from eventready.drill.record import DrillRun, TimelineEntry, drill_run_named, drill_runs, failed_at, timeline
from eventready.drill.spec import STREAMS, Drill, Probe, drill_named
from eventready.drill.steps import STEPS, FlowFigures, ProbeMeasure, ProbeResult
from eventready.drill.targets import target_of
from eventready.store.store import Store
from eventready.workspace.keys.signing_keys import PrivateKey

_STYLES = {
    "passed": "green",
    "failed": "red",
    "unpredicted": "bold red",
    "void": "yellow",
    "refused": "yellow",
    "interrupted": "yellow",
}
_EXITS = {"passed": Exit.OK, "interrupted": Exit.OK, "void": Exit.INCOMPLETE}


def list_drills(app: App) -> None:
    """List the drills of inventory/drills/, with the last result of each."""
    drills = drills_of(app.workspace)
    last = {run.drill.name: run for run in _runs(app)}
    cells = (_drill_cells(drill, last.get(name), app.lang) for name, drill in drills.items())
    app.show(
        [
            {**drill.model_dump(mode="json", by_alias=True), "name": name, "last": _row(last.get(name))}
            for name, drill in drills.items()
        ],
        Listing("cli:drill_column", ("drill", "last", "longest", "what"), cells, "cli:drill.no_drills"),
    )


def plan(app: App, *, name: str, out: Path | None, by: str, source: str) -> None:
    """Show the faults, probes and requirements of a drill; no fault is injected."""
    drill = drill_named(drills_of(app.workspace), name)
    sealed = _plan_production(app, drill, out, by, source) if out else None
    then = message("cli:drill.approve", workspace=str(app.workspace_path), plan=str(out))
    app.show(
        sealed.document if sealed else {"name": name, **drill.model_dump(mode="json", by_alias=True)},
        plan_lines(sealed, app.lang, sent=True) if sealed else _plan_lines(drill, app.lang),
        closing=[then] if sealed else (),
    )


def _plan_production(app: App, drill: Drill, out: Path, by: str, source: str) -> Plan:
    """Plan the failure of a drill and write the plan. Raises UsageError and RefusedError."""
    settings = app.workspace.event.changes
    key, by = role_key(app, settings.planners, source, by)
    if not by.strip():
        raise UsageError(message("cli:drill.planner"))
    refuse_overwrite(out)
    person, _host = current_user(by)
    sealed = plan_failure(app.allowed_workspace, drill, clock=app.clock, by=person)
    write_plan(out, sign_plan(sealed, settings, key, app.clock.real()))
    return sealed


def run(app: App, *, names: Sequence[str], by: str, source: str, resume: str, plan_path: Path | None) -> int:
    """Run drills in sequence on the lab of this workspace."""
    if bool(names) == bool(resume):
        raise UsageError(message("cli:drill.nothing"))
    drills = drills_of(app.workspace)
    chosen = [drill_named(drills, name) for name in names]
    if plan_path is not None and len(chosen) != 1:
        raise UsageError(message("cli:drill.one"))
    with Store.of_workspace(app.workspace_path) as store:
        if plan_path is not None:
            key, by = role_key(app, app.workspace.event.changes.appliers, source, by)
        else:
            key = None
        interrupted = drill_run_named(drill_runs(store), resume) if resume else None
        production = _production(app, store, chosen[0] if chosen else interrupted, plan_path, by=by, key=key)
        executor = executor_of(
            app.allowed_workspace, production or target_of(app.workspace_path), store=store, clock=app.clock,
            options=DrillOptions(current_user(by)[0], production.plan if production else "", bool(by.strip())),
            progress=_Lines(app),
        )  # fmt: skip
        done = [executor.resume(interrupted)] if interrupted else [executor.run(drill) for drill in chosen]
    _show(app, done)
    return most_severe({_EXITS.get(one.outcome or "", Exit.FINDINGS) for one in done})


def _production(
    app: App, store: Store, what: Drill | DrillRun | None, path: Path | None, *, by: str, key: PrivateKey | None
) -> ProductionTarget | None:
    """The production target of a drill with its plan, or of an interrupted run; None on a lab.

    Raises UsageError, and RefusedError unless the drill may run now.
    """
    person, host = current_user(by)
    if isinstance(what, DrillRun) and what.opened.plan:
        return ProductionTarget(app.allowed_workspace, what.drill, what.opened.plan, store, app.clock, person, host)
    if not isinstance(what, Drill) or path is None:
        return None
    file = existing_plan(path)
    refuse_production(app.allowed_workspace, what, file, store, app.clock)
    return ProductionTarget(app.allowed_workspace, what, file.plan.id, store, app.clock, person, host, file, key=key)


def show(app: App, *, name: str) -> None:
    """Show a recorded drill (a name, a prefix, or `latest`), or list all."""
    found = _runs(app)
    if name:
        _show(app, [drill_run_named(found, name)])
        return
    columns = ("run", "event_time", "drill", "result", "longest", "changes")
    cells = (_run_cells(one, app.lang) for one in found)
    app.show([_row(one) for one in found], Listing("cli:drill_column", columns, cells, "cli:drill.no_runs"))


def _runs(app: App) -> tuple[DrillRun, ...]:
    if not Store.exists(app.workspace_path):
        return ()
    with Store.of_workspace(app.workspace_path, make=False) as store:
        return drill_runs(store)


def _show(app: App, runs: Sequence[DrillRun]) -> None:
    app.show([_row(one) for one in runs], (_run_lines(one, app.lang) for one in runs))


def _row(run: DrillRun | None) -> dict[str, Any] | None:
    return run.to_dict() if run else None


class _Lines:
    """A line on stderr per step."""

    def __init__(self, app: App) -> None:
        self._app = app

    def step(self, name: str, detail: Message) -> None:
        """Print the step."""
        self._app.say(f"{term('cli:drill_progress', name, self._app.lang):<12}  {detail.render(self._app.lang)}")


def _drill_cells(drill: Drill, run: DrillRun | None, lang: Lang) -> Sequence[Cell]:
    outcome = (run.outcome or "") if run else ""
    shown = _outcome(run, lang) if run else text("cli:drill.never", lang)
    return drill.name, styled(shown, _STYLES.get(outcome, "")), _longest(run, lang), drill.title.text


def _plan_lines(drill: Drill, lang: Lang) -> Iterator[Shown]:
    """The plan of a drill."""
    yield Text(f"{drill.name}: {drill.title.text.render(lang)}", style="bold")
    yield drill.why.text
    yield from ("", message("cli:drill.required"))
    for requirement in drill.requires:
        yield message("cli:drill.requirement", check=requirement.check, devices=requirement.devices)
    yield message("cli:drill.broken", seconds=drill.observe_s)
    for failure in drill.break_:
        arguments = " ".join(f"{key}={value}" for key, value in failure.arguments.items())
        where = {"fault": failure.fault, "device": failure.device, "arguments": arguments}
        yield text("cli:drill.fault", lang, **where).rstrip()
        for line in failure.lines:
            yield message("cli:drill.in_production", line=line)
    yield message("cli:drill.measured")
    for probe in drill.probes:
        yield f"  {probe.name_in(lang)}: {_described(probe, lang)}"
    yield message("cli:drill.predicted", checks=drill.predicted_by)


def _run_cells(run: DrillRun, lang: Lang) -> Sequence[Cell]:
    outcome = styled(_outcome(run, lang), _STYLES.get(run.outcome or "", "bold red"))
    changes = ", ".join(run.prepared.in_force) or text("cli:drill.no_changes", lang)
    return run.id, run.begun, run.drill.name, outcome, _longest(run, lang), changes


def _outcome(run: DrillRun, lang: Lang) -> str:
    return term("cli:drill_outcome", run.outcome or "not_finished", lang)


def _run_lines(run: DrillRun, lang: Lang) -> Iterator[Shown]:
    """A drill: result, each probe against its limit, and timeline."""
    rehearsal = text("cli:drill.rehearsal", lang) if run.opened.rehearsal else ""
    yield Text(f"{run.id}  {run.drill.name}: {_outcome(run, lang)}{rehearsal}", style="bold")
    origin = {"by": run.opened.by, "target": run.opened.target}
    yield message("cli:drill.by", title=run.drill.title.text, at=run.begun, **origin)
    changes = run.prepared.in_force or (message("cli:drill.no_changes"),)
    yield message("cli:drill.changes", changes=changes, stage=term("cli:drill_stage", run.prepared.stage, lang))
    if run.reason:
        yield run.reason_in(lang)
    for probe in run.probes:
        yield f"  {run.drill.probe_title(probe.probe, lang)}: {measured(probe, lang)}"
    for one in run.predicted:
        yield message("cli:drill.announced", device=one.device, check=one.check, shown=one.message)
    yield from _timeline(run, lang)
    if not run.finished:
        yield message("cli:drill.next", run=run.id)


def _timeline(run: DrillRun, lang: Lang) -> Iterator[str | Message]:
    """The steps with their times, or the timeline in seconds since the failure."""
    begin = failed_at(run)
    if begin is None:
        yield message("cli:drill.steps")
        for entry in run.steps:
            step = term("cli:drill_step", STEPS.name(entry.body), lang)
            yield f"  {local_time(datetime.fromisoformat(entry.recorded)):%H:%M:%S}  {step}"
        return
    yield message("cli:drill.timeline", at=f"{local_time(begin):%H:%M:%S}")
    for at in timeline(run):
        yield f"  {number(at.at_s, lang, '9.3f')}  {_event(run, at, lang)}".rstrip()


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
    shown = percentage(value, lang) if unit == "%" else number(value, lang, ".0f" if unit == "ms" else ".1f")
    return f"{shown} {unit}"


def _described(probe: Probe, lang: Lang) -> str:
    limits = ("outage_ms", "loss_percent", "latency_ms", "refused_percent", "most_per_mean")
    given = {key: value for key in limits if (value := getattr(probe, key)) is not None}
    allowed = [message(f"cli:drill_limit.{key}", value=value) for key, value in given.items()]
    source = message("cli:drill.from", source=probe.source) if probe.source else ""
    where = {"kind": probe.kind, "target": probe.target, "source": source}
    if probe.kind not in STREAMS:
        return text("cli:drill.probe_counter", lang, **where, allowed=allowed)
    return text("cli:drill.probe", lang, **where, rate=probe.rate, flows=probe.flows, allowed=allowed)
