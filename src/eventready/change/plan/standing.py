"""Standing changes: the planned parts of each device applied and not rolled back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress

from eventready.change.document import PlannedDevice, recorded_plan
from eventready.core.errors import EventreadyError
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace


def standing_parts(workspace: Workspace) -> Mapping[str, tuple[PlannedDevice, ...]]:
    """Return the parts of applied changes by device, without those rolled back. Raises StoreError."""
    if not Store.exists(workspace.path):
        return {}
    with Store.of_workspace(workspace.path, make=False, only_reads=True) as store:
        return standing_in(store)


def standing_in(store: Store) -> Mapping[str, tuple[PlannedDevice, ...]]:
    """Return the parts of applied changes in an open store. Raises StoreError."""
    standing: dict[str, dict[str, PlannedDevice]] = {}
    for entry in store.changes.entries():
        new = [device for device, outcome in entry.outcomes.items() if outcome == "new"]
        back = entry.header.rolls_back
        for device in new:
            standing.get(back, {}).pop(device, None)
        if new and (not back or back not in standing):
            with suppress(EventreadyError):  # an unreadable record blocks no device
                plan = recorded_plan(store.changes.get(entry.id).plan, entry.id)
                standing[entry.id] = {device: plan.device(device) for device in new}
    found: defaultdict[str, list[PlannedDevice]] = defaultdict(list)
    for parts in standing.values():
        for device, part in parts.items():
            found[device].append(part)
    return {device: tuple(parts) for device, parts in found.items()}
