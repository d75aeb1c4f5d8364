"""Standing lines of earlier changes on each device: their objects are ours, and may be altered."""

from __future__ import annotations

from collections.abc import Mapping

from eventready.change.document import recorded_plan
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace


def earlier_lines(workspace: Workspace) -> Mapping[str, frozenset[str]]:
    """Return the lines of applied changes by device, without those rolled back. Raises StoreError."""
    if not Store.exists(workspace.path):
        return {}
    standing: dict[str, dict[str, frozenset[str]]] = {}
    with Store.of_workspace(workspace.path, make=False, only_reads=True) as store:
        for entry in store.changes.entries():
            new = [device for device, outcome in entry.outcomes.items() if outcome == "new"]
            back = entry.header.rolls_back
            for device in new:
                standing.get(back, {}).pop(device, None)
            if new and (not back or back not in standing):
                plan = recorded_plan(store.changes.get(entry.id).plan, entry.id)
                standing[entry.id] = {device: frozenset(plan.device(device).forward) for device in new}
    devices = {device for lines in standing.values() for device in lines}
    none: frozenset[str] = frozenset()
    return {device: none.union(*(lines.get(device, none) for lines in standing.values())) for device in devices}
