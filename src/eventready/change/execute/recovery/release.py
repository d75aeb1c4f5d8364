"""Release a stuck device: end its part of a change by an operator's decision, after a look at its present state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eventready.change.document.plan import Plan
from eventready.change.document.plan_file import recorded_plan
from eventready.change.execute.change import finish_change
from eventready.change.execute.context import ExecutionContext
from eventready.change.execute.device.driver import ConfigurationReading
from eventready.change.execute.device.steps import evidence_of
from eventready.change.execute.executor import ChangeExecutor
from eventready.change.execute.mode import ChangeMode
from eventready.change.execute.result import AssignmentResult, recorded_result
from eventready.change.execute.status import TO_TAKE_BACK, device_statuses
from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.fragment import Fragment
from eventready.change.forms.tree import Tree
from eventready.core.errors import EventreadyError, RefusedError, UsageError
from eventready.core.messages import Rendered, message, rendered
from eventready.core.this_process import relaxed_gc
from eventready.store.backup_cipher import BackupCipher
from eventready.store.change_steps import Arm, Claim, DeviceOutcome, Done, Release
from eventready.store.changes import ChangeRecord, StepEntry, last_of
from eventready.store.store import Store


@dataclass(frozen=True)
class DeviceView:
    """Present state of a device for the decision. `unread` is a sentence if the read failed.

    `to_old` and `to_new` are the differences from the present to the old and the new configuration; `holds` are the
    claims that the present configuration proves.
    """

    device: str
    unread: str = ""
    reading: ConfigurationReading | None = None
    to_old: tuple[str, ...] = ()
    to_new: tuple[str, ...] = ()
    holds: tuple[Claim, ...] = ()


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
        plan = recorded_plan(record.plan, change)
        if device not in {planned.name for planned in plan.devices}:
            raise UsageError(message("change:release.not_in_change", device=device, change=change))
        pending = {one.device for one in device_statuses(record) if one.state == TO_TAKE_BACK}
        if (known := recorded_result(record, device)) is not None and device not in pending:
            raise RefusedError(message("change:release.finished", device=device, change=change, outcome=known.outcome))
        before = store.changes.get(plan.rolls_back) if plan.rolls_back else None
        mode = ChangeMode(record.entry.header.mode)
        view = DeviceView(device, unread=rendered("change:release.not_read"))
        try:
            executor = ChangeExecutor(context, plan, change, mode, before=before, resumed=True)
            view = _view(executor, record, device)
        except _Armed:
            raise
        except EventreadyError as error:  # an unreachable device, or one that left the inventory
            view = DeviceView(device, unread=Rendered(error.whole))
        _refuse_contradiction(decision.claim, view)
        confirm(view)
        result = _record(store, context.backups.cipher, change, decision, view)
        _finish_if_complete(store, change, plan)
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
    found, new = reading.configuration.tree, assignment.target(was.tree)
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
    if view.unread and claim != "by-hand":
        raise RefusedError(message("change:release.unread", device=view.device, claim=claim, unread=view.unread))
    if not view.unread and claim not in view.holds:
        difference = "\n".join(view.to_new if claim == "new" else view.to_old)
        raise RefusedError(
            message("change:release.contradicted", device=view.device, claim=claim, difference=difference)
        )


def _record(store: Store, cipher: BackupCipher, change: str, decision: Decision, view: DeviceView) -> AssignmentResult:
    outcome = DeviceOutcome(decision.claim.replace("-", "_"))
    why = rendered("change:why.released", claim=decision.claim, by=decision.by, why=decision.why)
    kept, evidence = (None, ()) if view.reading is None else cipher.encrypt_answers(*evidence_of(view.reading))
    made = Release(view.device, **vars(decision), unread=view.unread, difference=view.to_old, kept=kept)
    end = Done(view.device, outcome, why, kept.sha256 if kept else "", released=True)
    store.changes.record(change, StepEntry(made, evidence), StepEntry(end, releases_lock=True))
    return AssignmentResult(view.device, outcome, why, released=True)


def _finish_if_complete(store: Store, change: str, plan: Plan) -> None:
    """Finish the change if this was its last open device."""
    record = store.changes.get(change)
    results = {name: result for name in plan.order if (result := recorded_result(record, name)) is not None}
    if len(results) == len(plan.order):
        finish_change(store, change, results, plan.order, ChangeMode(record.entry.header.mode))
