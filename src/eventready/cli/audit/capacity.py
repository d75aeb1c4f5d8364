"""`eventready network capacity`: demand of capacity.yaml against the supply of a run, and additions for the gaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from eventready.audit.run_builder import recorded_network, recorded_setting
from eventready.checks.equipment.capacity import CAPACITY_CHECKS, capacity_targets
from eventready.checks.registry import all_checks
from eventready.cli.audit.capacity_text import Found, as_json, calculation, capacity_sheet, gaps, solution, totals
from eventready.cli.context import App
from eventready.core.errors import Exit, UsageError, most_severe
from eventready.core.files import write_atomic
from eventready.core.messages import Lang, message, term
from eventready.core.validation_messages import suggest
from eventready.evaluation.limits import resolve_limits
from eventready.network.capacity.balance import Addition, Balance, additions
from eventready.network.capacity.calculate import CapacityCalculation
from eventready.network.capacity.case import CapacityTargets
from eventready.network.capacity.links import LinkGroups
from eventready.network.graph.outcome import WhatIf
from eventready.store.run import Run
from eventready.workspace.settings.capacity import load_capacity
from eventready.workspace.settings.event import unknown_venue
from eventready.workspace.workspace import Workspace

#: Loads without which a service has no users.
_BEARERS = {"mobile": "cell", "wifi": "access_point"}


def command(
    app: App, *, venue: str | None, window: str | None, run_name: str, out: Path | None, verbose: bool, solve: bool
) -> Exit:
    """Show demand against supply line by line: cells, access points, links, addresses and services."""
    run, found, unplaced = _balances(app, venue, window, run_name, out)
    if solve:
        return _solve(app, run, found, unplaced)
    app.show(
        partial(as_json, found, unplaced, run=run.id),
        calculation(found, app.lang) if verbose else gaps(found, app.lang),
        totals(found, unplaced, app.lang, run=run.id, verbose=verbose),
    )
    codes = {"short": Exit.FINDINGS, "unknown": Exit.INCOMPLETE}
    states = {balance.status for _device, balance in found} | ({"unknown"} if unplaced else set())
    return most_severe({codes[one] for one in states if one in codes})


def _solve(app: App, run: Run, found: Found, unplaced: Sequence[str]) -> Exit:
    """Name the fewest additions to close each gap, proven by the same calculation."""
    unknown = [(device, balance) for device, balance in found if balance.unknown]
    closed = [
        (device, balance, additions(balance)) for device, balance in found if balance.status in ("short", "crowd")
    ]
    named = [_named(*one) for one in unknown]
    app.show(
        {"run": run.id, "gaps": [_gap(*gap) for gap in closed], "unknown": named, "unknown_places": unplaced},
        solution(closed, unknown, unplaced, app.lang),
    )
    codes = {Exit.INCOMPLETE for _ in (*unknown, *unplaced)} | {
        Exit.FINDINGS for _device, _balance, ways in closed if not ways
    }
    return most_severe(codes)


def _gap(device: str, balance: Balance, ways: Iterable[Addition]) -> dict[str, Any]:
    proofs = [
        {"add": one.way, "number": one.number, "crowd": one.proof.crowd.value, "limit": one.proof.crowd_limit.value}
        for one in ways
    ]
    return {**_named(device, balance), "crowd": balance.crowd.value, "limit": balance.crowd_limit.value, "ways": proofs}


def _named(device: str, balance: Balance) -> dict[str, Any]:
    return {"device": device, "subject": balance.subject, "window": balance.window, "status": balance.status}


def _balances(
    app: App, venue: str | None, window: str | None, run_name: str, out: Path | None
) -> tuple[Run, list[tuple[str, Balance]], list[str]]:
    """Run, its balances by device, and unknown places. Raises UsageError for unknown names, and without loads."""
    workspace = app.workspace
    windows = {name for device in workspace.devices for load in device.loads for name in load.windows}
    if not windows:
        raise UsageError(message("cli:capacity.none"), do=message("cli:capacity.none.do"))
    if venue is not None and venue not in workspace.event.venue_ids:
        what, do = unknown_venue(venue, workspace.event)
        raise UsageError(what, do=do)
    if window is not None and window not in windows:
        raise UsageError(message("workspace:capacity.window", window=window), do=suggest(window, windows))
    with app.open_store(make=False) as store:
        full = store.full_runs(workspace.event.id, len(workspace.devices))
        run = store.get(run_name or (full[-1] if full else "latest"), interrupted=True)
    calculation = _calculation(workspace, run)
    found = [
        (device.name, balance)
        for device in workspace.devices
        for balance in calculation.balances(device.name, device.loads)
        if (venue is None or venue in balance.venues) and window in (None, balance.window)
    ]
    if out:
        write_atomic(out, capacity_sheet(_titled(found, workspace, app.paper_lang), app.paper_lang))
    if app.for_people:
        found = _titled(found, workspace, app.lang)
    return run, found, _unplaced(workspace, venue, window)


def _calculation(workspace: Workspace, run: Run) -> CapacityCalculation:
    limits = resolve_limits(workspace.limits, workspace.devices)
    checks = [check for check in all_checks() if check.name in CAPACITY_CHECKS]
    devices = {device.name: device for device in workspace.devices}
    network = recorded_network(workspace.devices, run)
    whatif = WhatIf(network, recorded_setting(workspace, run))

    def targets(name: str) -> CapacityTargets:
        return capacity_targets(*(limits.of(check, devices[name]) for check in checks))

    return CapacityCalculation(network.by_name, targets, LinkGroups(whatif.topology))


def _titled(found: Found, workspace: Workspace, lang: Lang) -> list[tuple[str, Balance]]:
    """Balances with the names of their windows in a language."""
    windows = workspace.event.windows
    titles = {str(one.kind): term("workspace:window_kind", one.kind, lang) for one in windows}
    titles |= {name: one.title.render(lang) for one in windows for name in (one.name_vi, one.name) if name}
    return [(name, replace(one, window=titles.get(one.window, one.window))) for name, one in found]


def _unplaced(workspace: Workspace, venue: str | None, window: str | None) -> list[str]:
    """Places of demands without an expected cell or access point at the venue, and demands without any load."""
    loads = [load for device in workspace.devices for load in device.loads]
    demands = {
        (one.venue, one.service, place)
        for load in loads for one in load.demands for place in one.places
        if venue in (None, one.venue) and window in (None, one.window)
    }  # fmt: skip
    placed = {(one.venue, one.service, load.name) for load in loads for one in load.demands if load.peers}
    borne = {
        (one.venue, one.service) for load in loads for one in load.demands
        if load.kind == _BEARERS.get(one.service, load.kind)
    }  # fmt: skip
    path = workspace.path / "inventory" / "capacity.yaml"
    lost = {
        f"{one.venue} {one.service}" for one in load_capacity(path, workspace.event, workspace.devices).demand
        if (one.venue, one.service) not in borne and venue in (None, one.venue) and window in (None, one.window)
    }  # fmt: skip
    return sorted({place for _venue, _service, place in demands - placed} | lost)
