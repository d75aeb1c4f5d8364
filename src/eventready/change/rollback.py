"""Taking a finished change back: its mirrored plan, made of what is on record, and carried out like any other plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventready import __version__
from eventready.change.crew import kept_configuration
from eventready.change.delta import fingerprint, shown, way
from eventready.change.guard import change_spec
from eventready.change.plan import Plan, PlannedDevice, parse_plan, seal
from eventready.clock import Clock
from eventready.errors import RefusedError
from eventready.facts.platform import load_platform
from eventready.store.changes import ChangeRecord
from eventready.store.names import new_id
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace


def make_rollback(workspace: Workspace, name: str, *, store: Store, clock: Clock, by: str, host: str) -> Plan:
    """The sealed plan that takes the change `name` back on every device that it made new; no device is asked.

    A device that somebody has changed since will refuse it when it is carried out, and stays as it is. One that is not
    proven stays in the hands of its change; one that was taken back already is left out. Raises UsageError, and
    RefusedError for a change that nobody has left yet, or of which nothing is to be taken back.
    """
    record = store.changes.get(name)
    change = record.entry.id
    if store.changes.working(change):
        raise RefusedError(f"The change {change} is being worked on at this moment", do="Wait until that has ended.")
    if not record.entry.outcomes:
        raise RefusedError(
            f"The change {change} is not at its end", do=f"First run `eventready apply --resume {change}`."
        )
    plan = parse_plan(record.plan, f"the record of {change}").plan
    new = [planned for planned in plan.devices if record.entry.outcomes.get(planned.name) == "new"]
    if not new:
        raise RefusedError(f"The change {change} left no device in a new state", do="There is nothing to take back.")
    gone = taken_back(store, change)
    new = [planned for planned in new if planned.name not in gone]
    if not new:
        by_whom = ", ".join(sorted(set(gone.values())))
        raise RefusedError(f"The change {change} was taken back already, by {by_whom}", do="Make a new plan.")
    names = {planned.name for planned in new}
    waves = [[name for name in wave if name in names] for wave in plan.waves]
    return seal(
        {
            "schema": "eventready.plan/1",
            "id": f"p-{new_id(clock.now())}",
            "event": plan.event,
            "intents": list(plan.intents),
            "created": {
                "real": clock.real().isoformat(timespec="seconds"),
                "event": clock.now().isoformat(timespec="seconds"),
            },
            "by": by,
            "host": host,
            "tool": f"eventready {__version__}",
            "approvals_needed": 0,
            "waves": [wave for wave in waves if wave],
            "devices": [_mirrored(workspace, store, planned, record) for planned in new],
            "unchanged": [],
            "left_out": [],
            "rolls_back": change,
        }
    )


def taken_back(store: Store, change: str) -> dict[str, str]:
    """The devices on which a change was taken back already, each with the rollback that did it.

    A rollback that was itself taken back has left the change as it was.
    """
    return {
        device: entry.id
        for entry in store.changes.entries()
        if entry.opening.get("rolls_back") == change
        for gone in [taken_back(store, entry.id)]
        for device, outcome in entry.outcomes.items()
        if outcome == "new" and device not in gone
    }


def _mirrored(workspace: Workspace, store: Store, planned: PlannedDevice, record: ChangeRecord) -> Mapping[str, Any]:
    """One device's part, from its configuration before the change and after it."""
    spec = change_spec(load_platform(planned.platform, workspace.platform_dirs))
    steps = record.of(planned.name)
    was = kept_configuration(workspace, store, planned, steps, "backup")
    now = kept_configuration(workspace, store, planned, steps, "save")
    if was is None or now is None:
        raise RefusedError(
            f"What {planned.name} was before and after {record.entry.id} is no longer in the store",
            do="`eventready runs verify` says what was lost.",
        )
    return {
        **planned.model_dump(mode="json"),
        "before": now.sha256,
        "predicted": fingerprint(spec, was.tree),
        "forward": list(way(spec, now.tree, was.tree)),
        "backward": list(way(spec, was.tree, now.tree)),
        "diff": list(shown(spec, now.tree, was.tree)),
    }
