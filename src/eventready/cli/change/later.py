"""`eventready apply --at` and `--in-window`: a begin without a person at the keys, checked at the keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from eventready.change.document import PlanFile
from eventready.change.execute.context import ExecutionContext, NoChangeProgress, Options
from eventready.change.execute.waiting import Begin, refuse_later, window_begin
from eventready.cli.context import App
from eventready.core.clock import parse_moment
from eventready.core.errors import RefusedError, UsageError
from eventready.core.messages import message
from eventready.core.strings.texts import at as at_time
from eventready.store.store import Store
from eventready.workspace.devices.access import ASK, chain
from eventready.workspace.workspace import Workspace


def is_later(at: str, window: str, *, alone: bool) -> bool:
    """Return True for a begin at a time or in a window. Raises UsageError for both, and unless `alone`."""
    if at and window:
        raise UsageError(message("cli:later.both"))
    if (at or window) and not alone:
        raise UsageError(message("cli:later.alone"))
    return bool(at or window)


def not_past(app: App, begin: Begin, window: str) -> Begin:
    """Return a begin in an open window as a begin from now on, after the yes; any other begin unaltered."""
    return replace(begin, at=max(begin.at, app.clock.now())) if window else begin


def begin_of(app: App, store: Store, file: PlanFile, *, path: Path, options: Options, at: str) -> Begin:
    """Return the admitted begin of a plan at an event time, or in the window of `options` without a time.

    Raises UsageError, RefusedError.
    """
    context = ExecutionContext(app.allowed_workspace, store, app.clock, options, NoChangeProgress())
    moment = parse_moment(at) if at else window_begin(context, file.plan, options.window)
    if at and moment <= app.clock.now():
        raise UsageError(message("cli:later.past", at=at_time(moment), now=at_time(app.clock.now())))
    if options.emergency is not None:
        raise UsageError(message("cli:later.emergency"))
    devices = [device.name for device in file.plan.devices]
    if asking := next(_asking(app.allowed_workspace, devices), ""):
        raise RefusedError(message("cli:later.code", device=asking))
    change = store.changes.new_id(moment)
    refuse_later(context, file, change, moment)
    return Begin(change, moment, path.absolute(), lambda: replace(app).allowed_workspace)


def _asking(workspace: Workspace, devices: Sequence[str]) -> Iterator[str]:
    """Yield the devices and jump hosts with codes typed by a person at each login."""
    for device in workspace.devices:
        if device.name in devices:
            jumps = chain(device.access.jump_host or "", workspace.jump_hosts)
            sources = {device.name: device.access.one_time_code}
            sources |= {name: workspace.jump_hosts[name].access.one_time_code for name in jumps}
            yield from (name for name, source in sources.items() if source == ASK)
