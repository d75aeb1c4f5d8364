"""Recovery of a change: resumed after a crash, taken back when partial, a stuck device released by a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from eventready.change.document import PlanFile
from eventready.change.execute.change import finish_change, recorded_change
from eventready.change.execute.context import ExecutionContext
from eventready.change.execute.device.driver import ConfigurationReading
from eventready.change.execute.device.machine import DeviceMachine
from eventready.change.execute.device.steps import evidence_of
from eventready.change.execute.executor import ChangeExecutor, interruptible
from eventready.change.execute.recorded import Backups, planned_form
from eventready.change.execute.recorded_plans import InterruptedPlan
from eventready.change.execute.result import (
    ApplyResult,
    AssignmentResult,
    ChangeMode,
    exit_code,
    last_result,
    recorded_result,
)
from eventready.change.execute.rollback import devices_in_other_hands, rollback_plan, rolled_back_devices
from eventready.change.execute.status import TO_TAKE_BACK, describe_outcome, device_statuses
from eventready.change.forms.configuration import Configuration, Fragment
from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.tree import Tree
from eventready.core.errors import EventreadyError, RefusedError, UsageError
from eventready.core.messages import Message, Param, message
from eventready.core.this_process import relaxed_gc
from eventready.store.backup_cipher import BackupCipher, BackupKeyError
from eventready.store.change_steps import (
    AS_BEFORE,
    WITH_CHANGE,
    Arm,
    Claim,
    DeviceOutcome,
    Done,
    Release,
    absolute_state,
)
from eventready.store.changes import ChangeRecord, Step, StepEntry, last_of
from eventready.store.store import Store


def take_back(context: ExecutionContext, change: str) -> ApplyResult:
    """Take back every new device of a partial atomic change, and return the state of the whole change.

    The exit code is 5 if every device is proven old, 6 otherwise. Devices in the hands of an earlier unfinished
    rollback are left to it. Raises RefusedError while another process works on the change, and StoreError.
    """
    store = context.store
    with store.changes.exclusive(change):
        record = store.changes.get(change)
        order = InterruptedPlan.of(context, record).order
        results = {name: last_result(record, name) for name in order}
        new = [name for name, one in results.items() if one.outcome is DeviceOutcome.NEW and not one.released]
        taken, others = rolled_back_devices(store, change), devices_in_other_hands(store, change)
        left = [name for name in new if name not in taken and name not in others]
        failures: dict[str, str | Message] = {
            name: message("change:why.other_rollback", change=others[name]) for name in new if name in others
        }
        if left:
            try:
                back = rollback_plan(context, record, left, latest_first=True)
                with recorded_change(context, PlanFile(plan=back), ChangeMode.TAKE_BACK) as rollback:
                    rollback.execute_waves()
                failures |= {
                    one.device: message("change:why.by_rollback", change=rollback.done.change, why=one.why)
                    for one in rollback.done.results
                }
            except EventreadyError as error:
                failures |= dict.fromkeys(left, message("change:why.error", error=error.whole))
            taken = rolled_back_devices(store, change)
        ends = {name: _end(name, taken, failures) for name in new}
        store.changes.record(change, *(_step(one) for one in ends.values()))
        return finish_change(store, change, results | ends, order, ChangeMode.ATOMIC)


def _end(name: str, taken: dict[str, str], failures: dict[str, str | Message]) -> AssignmentResult:
    if name in taken:
        why = message("change:why.taken_back", change=taken[name])
        return AssignmentResult(name, DeviceOutcome.OLD, why)
    return AssignmentResult(name, DeviceOutcome.NEW, message("change:why.not_taken_back", reason=failures[name]))


def _step(end: AssignmentResult) -> StepEntry:
    return StepEntry(Done(end.device, end.outcome, end.why), releases_lock=end.outcome is DeviceOutcome.OLD)


def resume(context: ExecutionContext, name: str) -> ApplyResult:
    """Finish or revert every device of an interrupted or unproven change, and take a partial atomic change back.

    A device that was confirmed, or about to be, is finished if it has the change; any other reverts. Devices that had
    not started stay untouched. A way back goes on with all its devices, in its waves. A completed change is left alone.
    Without a readable plan on record every unfinished device leads back, by the journal and its backup.

    Freeze windows do not apply: a half-done device is worse. The rollback that took an atomic change back is resumed
    together with it, under either id. Raises RefusedError while another process works on the change, UsageError for an
    unknown change.
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
        interrupted = InterruptedPlan.of(context, record)
        plan, order = interrupted.plan, interrupted.order
        known = {device: result for device in order if (result := recorded_result(record, device)) is not None}
        left = set(order) - known.keys()
        if record.entry.ended:
            results = tuple(known[device] for device in order)
            return ApplyResult(change, results, exit_code(results, ChangeMode(record.entry.header.mode)))
        before = store.changes.get(plan.rolls_back) if plan.rolls_back else None
        mode = ChangeMode(record.entry.header.mode)
        executor = ChangeExecutor(context, plan, change, mode, before=before, resumed=True, journal=interrupted.journal)
        ended = dict(known) | interrupted.end_others(executor, left)
        left &= set(plan.order)
        workspace.check_secrets(left)
        with suppress(Exception):
            context.progress.begun(change, len(left))
        work = {
            device: partial(
                DeviceMachine.resume,
                goes_back=mode.goes_back,
                history=record.of(device),
                before=_backed_up(
                    planned_form(context.equipment, plan.device(device)), context.backups, record.of(device)
                ),
            )
            for device in left
        }
        with interruptible(executor.signals):
            for wave in plan.waves if mode.goes_back else (plan.order,):
                ended |= executor.run(left & set(wave), work)
            return finish_change(store, change, ended, order, mode)


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


@dataclass(frozen=True)
class DeviceView:
    """Present state of a device for the decision. `unread` is a sentence if the read failed.

    `to_old` and `to_new` are the differences from the present to the old and the new configuration; `holds` are the
    claims that the present configuration proves. `goes_back`: the change is a way back.
    """

    device: str
    unread: str | Message = ""
    reading: ConfigurationReading | None = None
    to_old: tuple[str, ...] = ()
    to_new: tuple[str, ...] = ()
    holds: tuple[Claim, ...] = ()
    goes_back: bool = False

    @property
    def difference(self) -> Mapping[str, Sequence[str]]:
        """Return the differences to the configuration with the change, and to the configuration before."""
        new, old = (AS_BEFORE, WITH_CHANGE) if self.goes_back else (WITH_CHANGE, AS_BEFORE)
        return {new: self.to_new, old: self.to_old}


def claim_of(state: str, *, goes_back: bool) -> Claim:
    """Return the claim of a state: `with_change`, `as_before` or any other word for none."""
    claims: tuple[Claim, ...] = ("new", "old")
    return next((one for one in claims if _state(one, goes_back=goes_back) == state), "by-hand")


def _state(claim: Claim, *, goes_back: bool) -> str:
    return absolute_state(DeviceOutcome(claim.replace("-", "_")), goes_back=goes_back)


@dataclass(frozen=True)
class Decision:
    """The operator's decision: the claim, the responsible person, the machine, and the reason."""

    claim: Claim
    by: str
    host: str
    why: str


def release(
    context: ExecutionContext, name: str, device: str, decision: Decision, *, confirm: Callable[[DeviceView], None]
) -> AssignmentResult:
    """Release a device of an unfinished change, record the decision, and unlock the device.

    `confirm` receives the present state, and raises to cancel. Raises UsageError for an unknown change or device, and
    RefusedError if the change is running, the device is finished, its guard is still armed, or its configuration
    contradicts the claim.
    """
    store = context.store
    change = store.changes.get(name).entry.id
    with relaxed_gc(), store.changes.exclusive(change):
        record = store.changes.get(change)
        interrupted = InterruptedPlan.of(context, record)
        plan = interrupted.plan
        if device not in interrupted.order:
            raise UsageError(message("change:release.not_in_change", device=device, change=change))
        mode = ChangeMode(record.entry.header.mode)
        pending = {one.device for one in device_statuses(record) if one.state == TO_TAKE_BACK}
        if (known := recorded_result(record, device)) is not None and device not in pending:
            outcome = describe_outcome(known.outcome, goes_back=mode.goes_back)
            raise RefusedError(message("change:release.finished", device=device, change=change, outcome=outcome))
        before = store.changes.get(plan.rolls_back) if plan.rolls_back else None
        view = DeviceView(device, unread=message("change:release.not_read"))
        try:
            executor = ChangeExecutor(
                context, plan, change, mode, before=before, resumed=True, journal=interrupted.journal
            )
            if device in plan.order:
                view = _view(executor, record, device)
        except _Armed:
            raise
        except EventreadyError as error:  # an unreachable device, or one that left the inventory
            view = DeviceView(device, unread=error.whole)
        view = replace(view, goes_back=mode.goes_back)
        _refuse_contradiction(decision.claim, view)
        confirm(view)
        result = _record(store, context.backups.cipher, change, decision, view)
        _finish_if_complete(store, change, interrupted.order)
        return result


class _Armed(RefusedError):
    """The guard of the change is armed."""


def _view(executor: ChangeExecutor, record: ChangeRecord, device: str) -> DeviceView:
    assignment, driver = executor.open_device(device)
    try:
        waiting = driver.pending()
        if waiting is not None and waiting.mine:
            raise _Armed(message("change:release.armed", change=record.entry.id, device=device))
        reading = driver.read()
    finally:
        driver.disconnect()
    steps, form = record.of(device), assignment.form
    if last_of(steps, Arm) is None:  # no line was sent
        return DeviceView(device, reading=reading, holds=("old", "by-hand"))
    was = executor.before(device, steps)
    if was is None:
        return DeviceView(device, reading=reading, holds=("by-hand",))
    found, new = reading.configuration.tree, assignment.rules.target(was.tree)
    claims: list[Claim] = ["by-hand"]
    claims += ["new"] if _is_new(form, found, new, executor.fragment(device)) else []
    claims += ["old"] if not _differs_by_change(found, was.tree, new) else []
    return DeviceView(
        device,
        reading=reading,
        to_old=form.diff(found, was.tree),
        to_new=form.diff(found, new),
        holds=tuple(claims),
    )


def _is_new(form: ConfigurationForm, found: Tree, new: Tree, fragment: Fragment | None) -> bool:
    """Return True if the change would send no line; a rollback has no fragment and must match as a whole."""
    try:
        target = new if fragment is None else form.merge(found, fragment)
        return not form.commands_between(found, target)
    except EventreadyError:
        return False


def _differs_by_change(found: Tree, old: Tree, new: Tree) -> bool:
    """Return True if a line of the change is still present, or a removed line is still missing."""
    for line in {**old, **new}:
        if line in old and line in new:
            if _differs_by_change(found.get(line, {}), old[line], new[line]):
                return True
        elif (line in found) != (line in old):
            return True
    return False


def _refuse_contradiction(claim: Claim, view: DeviceView) -> None:
    state = _state(claim, goes_back=view.goes_back)
    named: dict[str, Param] = {"device": view.device, "claim": message(f"change:claim.{state}")}
    if view.unread and claim != "by-hand":
        raise RefusedError(message("change:release.unread", **named, unread=view.unread))
    if not view.unread and claim not in view.holds:
        difference = "\n".join(view.difference.get(state, ()))
        raise RefusedError(message("change:release.contradicted", **named, difference=difference))


def _record(store: Store, cipher: BackupCipher, change: str, decision: Decision, view: DeviceView) -> AssignmentResult:
    outcome = DeviceOutcome(decision.claim.replace("-", "_"))
    claim = message(f"change:claim.{_state(decision.claim, goes_back=view.goes_back)}")
    why = message("change:why.released", claim=claim, by=decision.by, why=decision.why)
    kept, evidence = (None, ()) if view.reading is None else cipher.encrypt_answers(*evidence_of(view.reading))
    made = Release(view.device, **vars(decision), unread=view.unread, difference=view.to_old, kept=kept)
    end = Done(view.device, outcome, why, kept.sha256 if kept else "", released=True)
    store.changes.record(change, StepEntry(made, evidence), StepEntry(end, releases_lock=True))
    return AssignmentResult(view.device, outcome, why, released=True)


def _finish_if_complete(store: Store, change: str, order: Sequence[str]) -> None:
    """Finish the change if this was its last open device."""
    record = store.changes.get(change)
    results = {name: result for name in order if (result := recorded_result(record, name)) is not None}
    if len(results) == len(order):
        finish_change(store, change, results, order, ChangeMode(record.entry.header.mode))
