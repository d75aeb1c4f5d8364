"""Resume a change after a crash: finish or revert each device, from the journal and the device's present state."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from eventready.change.document.plan_file import recorded_plan
from eventready.change.execute.change import finish_change
from eventready.change.execute.context import ExecutionContext
from eventready.change.execute.device.machine import DeviceMachine
from eventready.change.execute.executor import ChangeExecutor, interruptible
from eventready.change.execute.mode import ChangeMode
from eventready.change.execute.recorded.backups import Backups
from eventready.change.execute.recorded.target_tree import planned_form
from eventready.change.execute.recovery.take_back import take_back
from eventready.change.execute.result import ApplyResult, exit_code, recorded_result
from eventready.change.forms.configuration import Configuration
from eventready.change.forms.form import ConfigurationForm
from eventready.core.errors import EventreadyError
from eventready.core.this_process import relaxed_gc
from eventready.store.backup_cipher import BackupKeyError
from eventready.store.changes import Step


def resume(context: ExecutionContext, name: str) -> ApplyResult:
    """Finish or revert every device of an interrupted or unproven change, and take a partial atomic change back.

    A device that was confirmed, or about to be, is finished if it is in the new state; any other reverts. Devices that
    had not started stay untouched. A completed change is left alone. Freeze windows do not apply: a half-done device is
    worse. The rollback that took an atomic change back is resumed together with it, under either id. Raises
    RefusedError while another process works on the change, UsageError for an unknown change.
    """
    store = context.store
    entry = store.changes.get(name).entry
    change = entry.header.rolls_back if entry.header.mode == ChangeMode.TAKE_BACK else entry.id
    rollbacks = [
        one.id
        for one in store.changes.entries()
        if one.header.rolls_back == change and one.header.mode == ChangeMode.TAKE_BACK and not one.ended
    ]
    for one in (*rollbacks, change):
        done = _resume(context, one)
    return take_back(context, change) if done.partial else done


def _resume(context: ExecutionContext, change: str) -> ApplyResult:
    workspace, store = context.workspace, context.store
    with relaxed_gc(), store.changes.exclusive(change):
        record = store.changes.get(change)
        plan = recorded_plan(record.plan, change)
        order = plan.order
        known = {device: result for device in order if (result := recorded_result(record, device)) is not None}
        left = [device for device in order if device not in known]
        if record.entry.ended:
            results = tuple(known[device] for device in order)
            return ApplyResult(change, results, exit_code(results, ChangeMode(record.entry.header.mode)))
        before = store.changes.get(plan.rolls_back) if plan.rolls_back else None
        mode = ChangeMode(record.entry.header.mode)
        executor = ChangeExecutor(context, plan, change, mode, before=before, resumed=True)
        workspace.check_secrets(left)
        with suppress(Exception):
            context.progress.begun(change, len(left))
        work = {
            device: partial(
                DeviceMachine.resume,
                history=record.of(device),
                before=_backed_up(
                    planned_form(context.equipment, plan.device(device)), context.backups, record.of(device)
                ),
            )
            for device in left
        }
        with interruptible(executor.signals):
            return finish_change(store, change, {**known, **executor.run(left, work)}, order, mode)


def _backed_up(form: ConfigurationForm, backups: Backups, steps: Sequence[Step]) -> Configuration | None:
    """Return the backed-up configuration; None if lost by the store: the device's state cannot be proven then.

    Raises BackupKeyError without the key of the backup.
    """
    try:
        return backups.before(form, steps)
    except BackupKeyError:
        raise
    except EventreadyError:
        return None
