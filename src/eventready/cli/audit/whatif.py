"""`eventready whatif`: services lost by a failure, and takeovers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.options import limit_option
from eventready.core.errors import Exit, UsageError, most_severe
from eventready.core.messages import message
from eventready.core.strings.texts import short

with deferred():
    from eventready.audit.run_builder import recorded_network, recorded_setting
    from eventready.cli.render.whatif import as_json, show, show_ranked
    from eventready.core.validation_messages import suggest
    from eventready.drill.record import DrillRun, drill_runs
    from eventready.network.graph.graph import Cut
    from eventready.network.graph.outcome import FailureOutcome, WhatIf
    from eventready.network.graph.takeover import takeovers
    from eventready.network.graph.topology import NetworkElement
    from eventready.store.run import Run
    from eventready.store.store import Store
    from eventready.workspace.devices.select import select
    from eventready.workspace.workspace import Workspace

#: Elements of which all pairs are tried.
_MOST_PAIRED = 600


@click.command()
@click.argument("what", type=click.Choice(["down", "link", "group", "n-1", "n-2"]))
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--given", multiple=True, metavar="NAME", help="Failed already, repeatable: a device or device:port.")
@click.option("--run", "run_name", default="", metavar="RUN", help="Facts of this run.  [default: the last full audit]")
@limit_option
@click.pass_obj
def command(
    app: App, *, what: str, names: tuple[str, ...], given: tuple[str, ...], run_name: str, limit: str | None
) -> int:
    """Show the services lost by a failure, per venue, and the takeovers.

    `down` names devices, or parts of a device as device:port, device:site; `link` a port at either end; `group` a
    group of risk.yaml; `n-1` is every single failure, `n-2` every pair of the devices of -l. Connects to nothing.

    \b
    Exit codes:
      0  nothing is lost
      3  a service is lost, in whole or in part
      4  something needed was not measured
    """
    ranked = what in ("n-1", "n-2")
    if ranked == bool(names):
        raise UsageError(message("whatif:names"), do=message("whatif:names.do"))
    if limit is not None and not ranked:
        raise UsageError(message("whatif:limit", what=what), do=message("whatif:limit.do"))
    workspace = app.workspace
    with app.open_store(make=False) as store:
        run = store.get(run_name, interrupted=True) if run_name else last_full(store, workspace)
        drills = drill_runs(store)
    whatif = load_whatif(workspace, run, [*dict.fromkeys(name.removeprefix("down ") for name in given)])
    if ranked:
        return _ranked(app, whatif, run, limit, pairs=what == "n-2")
    outcome = _outcome(whatif, [*dict.fromkeys(names)], what)
    taking = takeovers(whatif, outcome.failure)
    measured = tuple(_drilled(whatif, outcome, drills))
    if app.output == "table":
        with app.tolerate_closed_pipe():
            show(outcome, taking, measured, whatif, app.lang, run=run.id)
    else:
        app.emit(as_json(outcome, taking, measured, whatif, run=run.id))
    return _exit([outcome], whatif)


def load_whatif(workspace: Workspace, run: Run, given: Sequence[str] = ()) -> WhatIf:
    """Network of a run. Raises UsageError for an event without origins, and for an unknown name."""
    if not workspace.event.origins:
        raise UsageError(message("whatif:no_origins"), do=message("whatif:no_origins.do"))
    readings = recorded_network(workspace.devices, run)
    try:
        return WhatIf(readings, recorded_setting(workspace, run), given)
    except KeyError as error:
        raise _unknown(str(error.args[0]), [device.name for device in workspace.devices]) from None


def last_full(store: Store, workspace: Workspace) -> Run:
    """Last finished run of all devices. Raises UsageError without such a run."""
    wanted = {device.name for device in workspace.devices}
    for run in map(store.get, reversed(store.full_runs(workspace.event.id, len(wanted)))):
        if wanted <= {device.name for device in run.header.devices}:
            return run
    raise UsageError(message("whatif:no_run"), do=message("whatif:no_run.do"))


def _unknown(name: str, known: Iterable[str]) -> UsageError:
    return UsageError(message("whatif:unknown", name=short(name)), do=suggest(name, known))


def _outcome(whatif: WhatIf, names: Sequence[str], what: str) -> FailureOutcome:
    elements = whatif.topology.elements
    kinds = {"group": ("group",), "link": ("link",)}.get(what, ("device", "part"))
    known = [one.name for one in elements.values() if one.kind in kinds]
    for name in names:
        part = what != "group" and ":" in name and whatif.topology.member(name) is not None
        if name in elements and name not in known and not part:
            raise _elsewhere(what, elements[name])
        if name not in known and not part:
            raise _unknown(name, known)
        if any(_same(whatif, name, given) for given in whatif.given_names):
            raise UsageError(message("whatif:both", name=name), do=message("whatif:both.do"))
    return whatif.outcome_by_ways(names)


def _elsewhere(what: str, element: NetworkElement) -> UsageError:
    """Refusal of a name of another kind, with the words for its kind."""
    word = {"group": "group", "link": "link"}.get(element.kind, "down")
    remedy = "whatif:kind.port" if (what, element.kind) == ("link", "device") else "whatif:kind.do"
    return UsageError(
        message("whatif:kind", what=what, name=element.name), do=message(remedy, what=word, name=element.name)
    )


def _same(whatif: WhatIf, name: str, other: str) -> bool:
    """True for two names of the same element, such as both ends of a link."""
    failure = whatif.failure([name])
    return name == other or (failure != Cut() and failure == whatif.failure([other]))


def _ranked(app: App, whatif: WhatIf, run: Run, limit: str | None, *, pairs: bool) -> int:
    chosen = {device.name for device in select(app.workspace.devices, limit)}
    elements = [one for one in whatif.topology.elements.values() if chosen.issuperset(one.devices)]
    if pairs and len(elements) > _MOST_PAIRED:
        raise UsageError(message("whatif:pairs", count=len(elements)), do=message("whatif:pairs.do", most=_MOST_PAIRED))
    names = {one.name for one in elements}
    single = list(whatif.single())
    double = list(whatif.double(elements)) if pairs else []
    tried = 2 if pairs and len(names) == len(whatif.topology.elements) else 1
    least = dict(_least(whatif, single, double, tried))
    found = double if pairs else [one for one in single if one.names[0] in names]
    ranked = sorted(found, key=lambda one: one.rank)
    if app.output == "table":
        with app.tolerate_closed_pipe():
            show_ranked(ranked, least, whatif, app.lang, run=run.id)
    else:
        app.emit(as_json_ranked(ranked, least, whatif, run))
    return _exit(ranked, whatif, incomplete=bool(whatif.topology.strangers))


def as_json_ranked(
    ranked: Sequence[FailureOutcome], least: dict[tuple[str, str], str], whatif: WhatIf, run: Run
) -> Any:
    """Outcomes as plain JSON types, with the least number of failures for the loss of each service."""
    outcomes = [as_json(one, (), (), whatif, run="") for one in ranked]
    for one in outcomes:
        del one["run"], one["given"], one["takes_over"], one["drills"], one["not_known"]
    counts = [{"venue": venue, "service": service, "failures": count} for (venue, service), count in least.items()]
    return {"run": run.id, "given": list(whatif.given_names), "outcomes": outcomes, "least": counts}


def _least(
    whatif: WhatIf, single: Iterable[FailureOutcome], double: Iterable[FailureOutcome], tried: int
) -> Iterator[tuple[tuple[str, str], str]]:
    """Least number of failures for the loss of each service: exact up to the size tried as a whole, else at least."""
    taken: list[set[tuple[str, str]]] = [
        {(service.venue, service.service) for one in outcomes for service in one.services if service.state == "lost"}
        for outcomes in (single, double)
    ]
    for key, numbers in whatif.services.items():
        if not any(number in whatif.served for number in numbers):
            known = whatif.gone.intersection(numbers) or (numbers and not whatif.unmeasured.intersection(numbers))
            yield key, "0" if known else "not measured"
        elif key in taken[0]:
            yield key, "1"
        else:
            yield key, "2" if key in taken[1] else f"at least {tried + 1}"


def _drilled(whatif: WhatIf, outcome: FailureOutcome, drills: Iterable[DrillRun]) -> Iterator[tuple[str, float]]:
    """Outages of drills of the same failure, in seconds, by the name of the drill."""
    wanted = whatif.topology.arcs(outcome.failure)
    for run in drills:
        broken = ((one.device, one.arguments.get("port")) for one in run.drill.break_)
        members = [f"{device}:{port}" if port else device for device, port in broken]
        try:
            same = whatif.topology.arcs(whatif.failure(members)) == wanted
        except KeyError:
            continue
        outages = [probe.value for probe in run.probes if probe.unit == "ms" and probe.value is not None]
        if same and outages:
            yield run.drill.name, max(outages) / 1000


def _exit(outcomes: Sequence[FailureOutcome], whatif: WhatIf, *, incomplete: bool = False) -> Exit:
    codes = {Exit.OK}
    if whatif.gone or any(one.state in ("lost", "degraded") for one in outcomes):
        codes.add(Exit.FINDINGS)
    if incomplete or whatif.unmeasured or any(one.state == "unmeasured" for one in outcomes):
        codes.add(Exit.INCOMPLETE)
    return most_severe(codes)
