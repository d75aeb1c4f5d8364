"""`eventready drill`: failures made on purpose, and the interruption measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.options import FILE, PATH, key_option
from eventready.core.errors import Exit, UsageError, most_severe
from eventready.core.messages import Message, message, term, text

with deferred():
    from eventready.change.document import Plan, write_plan
    from eventready.change.safety.approval import sign_plan
    from eventready.cli.change.plan import refuse_overwrite
    from eventready.cli.render.changing.apply_progress import existing_plan
    from eventready.cli.render.changing.plan import show as show_change_plan
    from eventready.cli.render.drill import show_drills, show_plan, show_run, show_runs
    from eventready.cli.signing import current_user, role_key
    from eventready.drill.execution import DrillOptions
    from eventready.drill.preparation import drills_of, executor_of
    from eventready.drill.production import ProductionTarget, plan_failure, refuse_production
    from eventready.drill.record import DrillRun, drill_run_named, drill_runs
    from eventready.drill.spec import Drill, drill_named
    from eventready.drill.targets import target_of
    from eventready.store.store import Store
    from eventready.workspace.keys.signing_keys import PrivateKey

_EXITS = {"passed": Exit.OK, "interrupted": Exit.OK, "void": Exit.INCOMPLETE}


@click.group("drill", help="Make failures on purpose, and measure the interruption of the services.")
def command() -> None:
    """The group."""


@command.command("list")
@click.pass_obj
def list_drills(app: App) -> None:
    """List the drills of inventory/drills/, with the last result of each."""
    drills = drills_of(app.workspace)
    last = {run.drill.name: run for run in _runs(app)}
    if app.output == "table":
        show_drills(list(drills.values()), last, app.lang)
        return
    app.emit(
        [
            {**drill.model_dump(mode="json", by_alias=True), "name": name, "last": _row(last.get(name))}
            for name, drill in drills.items()
        ]
    )


@command.command("plan")
@click.argument("name")
@click.option("--out", type=FILE, metavar="PLAN", help="Plan for production.")
@click.option("--by", default="", metavar="NAME", help="The planner, with --out.")
@key_option("With --out: the planner's key, where the workspace has `changes: planners:`.")
@click.pass_obj
def plan(app: App, *, name: str, out: Path | None, by: str, source: str) -> None:
    """Show the faults, probes and requirements of a drill; no fault is injected.

    With --out, read the device that fails, and write a sealed plan for `eventready approve` and `drill run
    --production`.
    """
    drill = drill_named(drills_of(app.workspace), name)
    sealed = _plan_production(app, drill, out, by, source) if out else None
    if app.output != "table":
        app.emit(sealed.document if sealed else {"name": name, **drill.model_dump(mode="json", by_alias=True)})
    elif sealed:
        show_change_plan(sealed, app.lang, sent=True)
        app.say(text("cli:drill.approve", app.lang, workspace=str(app.workspace_path), plan=str(out)))
    else:
        show_plan(drill, app.lang)


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


@command.command("run")
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--by", default="", metavar="NAME", help="Person who runs the drill.  [default: your login]")
@key_option("With --production: the key of this person, where the workspace has `changes: appliers:`.")
@click.option("--resume", default="", metavar="RUN", help="Repair and close a drill whose process ended.")
@click.option("--production", "plan_path", type=PATH, metavar="PLAN",
              help="Run NAME in production with its approved plan.")  # fmt: skip
@click.pass_obj
def run(app: App, *, names: Sequence[str], by: str, source: str, resume: str, plan_path: Path | None) -> int:
    """Run drills in sequence on the lab of this workspace.

    A drill audits its devices, starts its probes, makes the failure, repairs it, and audits again. Without its
    requirements it does not begin; after an error or Ctrl-C it repairs its failure.

    In production the failure is a guarded change: with an approved plan of `drill plan --out`, in a window of kind
    `drill`, on a device that reverts by itself if eventready is lost.

    \b
    Exit codes:
      0  every limit was kept
      3  a limit was missed
      4  nothing was measured: the probes were not sent as planned
      6  a device is not proven to be repaired
      7  refused, no failure was made
    """
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
    _print(app, done)
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


@command.command("show")
@click.argument("name", default="")
@click.pass_obj
def show(app: App, *, name: str) -> None:
    """Show a recorded drill (a name, a prefix, or `latest`), or list all."""
    found = _runs(app)
    if name:
        _print(app, [drill_run_named(found, name)])
    elif app.output == "table":
        show_runs(found, app.lang)
    else:
        app.emit([_row(one) for one in found])


def _runs(app: App) -> tuple[DrillRun, ...]:
    if not Store.exists(app.workspace_path):
        return ()
    with Store.of_workspace(app.workspace_path, make=False) as store:
        return drill_runs(store)


def _print(app: App, runs: Sequence[DrillRun]) -> None:
    if app.output != "table":
        app.emit([_row(one) for one in runs])
        return
    for one in runs:
        show_run(one, app.lang)


def _row(run: DrillRun | None) -> dict[str, Any] | None:
    return run.to_dict() if run else None


class _Lines:
    """A line on stderr per step."""

    def __init__(self, app: App) -> None:
        self._app = app

    def step(self, name: str, detail: Message) -> None:
        """Print the step."""
        self._app.say(f"{term('cli:drill_progress', name, self._app.lang):<12}  {detail.render(self._app.lang)}")
