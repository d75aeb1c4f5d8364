"""Going on after a crash: by what is on record and what devices are found to be, each is finished or taken back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from eventready.change.apply import Done, exit_of, leave
from eventready.change.case import Ending, Hand, Outcome
from eventready.change.configuration import Configuration
from eventready.change.crew import Crew, Options, Watch, called_back, kept_configuration
from eventready.change.device_machine import DeviceMachine
from eventready.change.plan import PlannedDevice, parse_plan
from eventready.clock import Clock
from eventready.collector import calm
from eventready.errors import EventreadyError
from eventready.store.changes import ChangeRecord
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace


def resume(
    workspace: Workspace,
    name: str,
    *,
    store: Store,
    clock: Clock,
    options: Options,
    watch: Watch,
    hand_of: Callable[[PlannedDevice], Hand] | None = None,
) -> Done:
    """Finish or take back every device of a change that was cut off, or could not be proven.

    A device that was confirmed, or about to be, is finished if it is found new; every other one goes back. Those whose
    turn had not come stay untouched. Raises RefusedError while another process works on it, UsageError for a change
    that nobody knows. For a change that is at its end nothing is done. No window is too closed for this: leaving a
    device half-done would be worse.
    """
    change = store.changes.get(name).entry.id
    with calm(), store.changes.carrying(change):
        record = store.changes.get(change)
        plan = parse_plan(record.plan, f"the record of {change}").plan
        order = [device for wave in plan.waves for device in wave]
        known = {device: ending for device in order if (ending := _ended(record, device)) is not None}
        left = [device for device in order if device not in known]
        if record.entry.ended:
            endings = tuple(known[device] for device in order)
            return Done(change, endings, exit_of(endings))
        before = store.changes.get(plan.rolls_back) if plan.rolls_back else None
        crew = Crew(
            workspace, plan, change, store=store, clock=clock, options=options, watch=watch, before=before, armed=True,
            hand_of=hand_of,
        )  # fmt: skip
        workspace.check_secrets(left)
        with suppress(Exception):
            watch.begun(change, len(left))
        work = {
            device: partial(
                DeviceMachine.resume,
                history=record.of(device),
                before=_backed_up(workspace, store, plan.device(device), record),
            )
            for device in left
        }
        with called_back(crew.orders):
            return leave(store, change, {**known, **crew.run(left, work)}, order)


def _ended(record: ChangeRecord, device: str) -> Ending | None:
    """The ending of a device that is at its end, as it stands on record."""
    steps = record.of(device)
    if not steps or steps[-1].step != "done":
        return None
    body = steps[-1].body
    outcome = Outcome(body["outcome"])
    refused, held_back = bool(body.get("refused")), bool(body.get("held_back"))
    if outcome is Outcome.UNPROVEN:
        return None
    return Ending(device, outcome, str(body["why"]), refused, held_back)


def _backed_up(
    workspace: Workspace, store: Store, planned: PlannedDevice, record: ChangeRecord
) -> Configuration | None:
    """None where the store does not have it, or not as it was: the device's state cannot be proven then."""
    try:
        return kept_configuration(workspace, store, planned, record.of(planned.name), "backup")
    except EventreadyError:
        return None
