"""Take a partial atomic change back: its confirmed devices return to the old state, the latest wave first.

The way back is a recorded rollback like any other. It inherits the locks of the change, so that no other change comes
between, and its end is recorded in both changes.
"""

from __future__ import annotations

from eventready.change.document.plan_file import PlanFile, recorded_plan
from eventready.change.execute.change import finish_change, recorded_change
from eventready.change.execute.context import ExecutionContext
from eventready.change.execute.mode import ChangeMode
from eventready.change.execute.result import ApplyResult, AssignmentResult, last_result
from eventready.change.execute.rollback import devices_in_other_hands, rollback_plan, rolled_back_devices
from eventready.core.errors import EventreadyError
from eventready.core.messages import rendered
from eventready.store.change_steps import DeviceOutcome, Done
from eventready.store.changes import StepEntry


def take_back(context: ExecutionContext, change: str) -> ApplyResult:
    """Take back every new device of a partial atomic change, and return the state of the whole change.

    The exit code is 5 if every device is proven old, 6 otherwise. Devices in the hands of an earlier unfinished
    rollback are left to it. Raises RefusedError while another process works on the change, and StoreError.
    """
    store = context.store
    with store.changes.exclusive(change):
        record = store.changes.get(change)
        plan = recorded_plan(record.plan, change)
        results = {name: last_result(record, name) for name in plan.order}
        new = [name for name, one in results.items() if one.outcome is DeviceOutcome.NEW and not one.released]
        taken, others = rolled_back_devices(store, change), devices_in_other_hands(store, change)
        left = [name for name in new if name not in taken and name not in others]
        failures: dict[str, str] = {
            name: rendered("change:why.other_rollback", change=others[name]) for name in new if name in others
        }
        if left:
            try:
                back = rollback_plan(context, record, left, latest_first=True)
                with recorded_change(context, PlanFile(plan=back), ChangeMode.TAKE_BACK) as rollback:
                    rollback.execute_waves()
                failures |= {
                    one.device: rendered("change:why.by_rollback", change=rollback.done.change, why=one.why)
                    for one in rollback.done.results
                }
            except EventreadyError as error:
                failures |= dict.fromkeys(left, rendered("change:why.error", error=error.whole))
            taken = rolled_back_devices(store, change)
        ends = {name: _end(name, taken, failures) for name in new}
        store.changes.record(change, *(_step(one) for one in ends.values()))
        return finish_change(store, change, results | ends, plan.order, ChangeMode.ATOMIC)


def _end(name: str, taken: dict[str, str], failures: dict[str, str]) -> AssignmentResult:
    if name in taken:
        why = rendered("change:why.taken_back", change=taken[name])
        return AssignmentResult(name, DeviceOutcome.OLD, why)
    return AssignmentResult(name, DeviceOutcome.NEW, rendered("change:why.not_taken_back", reason=failures[name]))


def _step(end: AssignmentResult) -> StepEntry:
    return StepEntry(Done(end.device, end.outcome, end.why), releases_lock=end.outcome is DeviceOutcome.OLD)
