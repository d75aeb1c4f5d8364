"""Standing changes: the planned parts of each device applied and not rolled back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress

from eventready.change.document import PlannedDevice, recorded_plan
from eventready.core.errors import EventreadyError
from eventready.store.standing import standing_devices
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
    found: defaultdict[str, list[PlannedDevice]] = defaultdict(list)
    for change, devices in standing_devices(store.changes.entries()).items():
        if not devices:
            continue
        with suppress(EventreadyError, KeyError):  # an unreadable record blocks no device
            plan = recorded_plan(store.changes.get(change).plan, change)
            for device in sorted(devices):
                found[device].append(plan.device(device))
    return {device: tuple(parts) for device, parts in found.items()}
