"""`eventready apply --at`: a begin without a person at the keys, checked at the keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from eventready.change.document import PlanFile
from eventready.change.execute.context import ExecutionContext, NoChangeProgress, Options
from eventready.change.execute.waiting import Begin, refuse_later
from eventready.cli.context import App
from eventready.core.clock import parse_moment
from eventready.core.errors import RefusedError, UsageError
from eventready.core.messages import message
from eventready.core.strings.texts import at as at_time
from eventready.store.store import Store
from eventready.workspace.devices.access import ASK, chain
from eventready.workspace.workspace import Workspace


def begin_of(app: App, store: Store, file: PlanFile, *, path: Path, options: Options, at: str) -> Begin:
    """Return the admitted begin of a plan at an event time. Raises UsageError, RefusedError."""
    moment = parse_moment(at)
    if moment <= app.clock.now():
        raise UsageError(message("cli:later.past", at=at_time(moment), now=at_time(app.clock.now())))
    if options.emergency is not None:
        raise UsageError(message("cli:later.emergency"))
    devices = [device.name for device in file.plan.devices]
    if asking := next(_asking(app.allowed_workspace, devices), ""):
        raise RefusedError(message("cli:later.code", device=asking))
    context = ExecutionContext(app.allowed_workspace, store, app.clock, options, NoChangeProgress())
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
