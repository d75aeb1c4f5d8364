"""Record of a running change: begun by `recorded_change`, ended after its block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from eventready.change.document import PlanFile
from eventready.change.execute.context import ChangeProgress, ExecutionContext
from eventready.change.execute.device.driver import AssignmentResult, DeviceOutcome, Hold
from eventready.change.execute.executor import ChangeExecutor, interruptible
from eventready.change.execute.rollback import rolled_back_devices
from eventready.change.safety.approval import refuse_unapproved, refuse_unsendable, refuse_unsigned, sign_change
from eventready.change.safety.freeze import refuse_in_freeze, refuse_shifted_clock
from eventready.core.errors import Exit, RefusedError, StoreError, UsageError, most_severe
from eventready.core.gc import relaxed_gc
from eventready.core.messages import from_record, message, rendered
from eventready.session.hostkeys import known_hosts
from eventready.store.changes import ChangeRecord
from eventready.store.store import Store


@dataclass(frozen=True)
class ApplyResult:
    """The result of a change: its id, every device's result in the order of the waves, and the exit code.

    `trouble` is empty, or names the records that could not be written: the change then stays open. `takes_back`: the
    change is atomic and partial, and its confirmed devices are not taken back yet.
    """

    change: str
    results: tuple[AssignmentResult, ...]
    exit: Exit
    trouble: str = ""
    takes_back: bool = False


class RunningChange:
    """A recorded change with its devices locked. `done` is set when the block of `recorded_change` has ended."""

    def __init__(self, executor: ChangeExecutor, waves: tuple[tuple[str, ...], ...]) -> None:
        self.waves, self.done = waves, ApplyResult("", (), Exit.OK)
        self._executor = executor
        self._results: dict[str, AssignmentResult] = {}
        self._begun: set[str] = set()

    @property
    def stopped(self) -> str:
        """Return why no further device may start; empty while there is no reason."""
        return self._executor.signals.hold

    def execute(self, device: str) -> AssignmentResult:
        """Run a device, once, in the caller's thread. Raises RefusedError for an unknown device or a second run."""
        if not any(device in wave for wave in self.waves):
            raise RefusedError(message("change:apply.not_in_plan", device=device))
        if device in self._begun:
            raise RefusedError(message("change:apply.has_run", device=device))
        self._begun.add(device)
        self._results[device] = result = self._executor.execute(device)
        return result

    def execute_wave(self, number: int) -> None:
        """Run the devices of a wave in parallel; numbers count from 0."""
        self._begun |= set(self.waves[number])
        self._results |= self._executor.run(self.waves[number])

    def execute_waves(self, progress: ChangeProgress) -> None:
        """Run wave after wave, until no further device may start."""
        for number, wave in enumerate(self.waves):
            if self.stopped:
                break
            with suppress(Exception):
                progress.wave(number + 1, len(self.waves), wave)
            self.execute_wave(number)

    def results(self) -> dict[str, AssignmentResult]:
        """Return every device's result; devices without a turn are recorded as left alone."""
        order = [device for wave in self.waves for device in wave]
        rest = [device for device in order if device not in self._begun]
        lost = [device for device in order if device in self._begun and device not in self._results]
        return {
            **self._results,
            **(self._executor.skip(rest, self.stopped or rendered("change:why.not_started")) if rest else {}),
            **{
                device: AssignmentResult(device, DeviceOutcome.UNPROVEN, rendered("change:why.cut_off"), recorded=False)
                for device in lost
            },
        }


@contextmanager
def recorded_change(
    context: ExecutionContext,
    file: PlanFile,
    *,
    hold: Hold | None = None,
    takes_back: bool = False,
) -> Iterator[RunningChange]:
    """Open a change for the block, with all its devices locked; at the end, record the state of each.

    `hold` belongs to the plan of a drill (see `Assignment`), and only to it. `takes_back`: the plan takes an atomic
    change back, which neither a closed window nor the failure of another device stops. Raises RefusedError (closed
    window, missing approvals, a locked device, a plan that no longer matches) and other errors before the first device
    is contacted; later failures are results.
    """
    workspace, store, clock, options = context.workspace, context.store, context.clock, context.options
    plan = file.plan
    if plan.drill is not None and hold is None:
        raise RefusedError(message("change:apply.of_drill", plan=plan.id, drill=plan.drill.name))
    if plan.drill is None and hold is not None:
        raise RefusedError(message("change:apply.no_drill", plan=plan.id))
    if plan.empty:
        raise UsageError(message("change:apply.nothing", plan=plan.id))
    refuse_shifted_clock(workspace.event, clock)
    closed = not takes_back and refuse_in_freeze(workspace.event, clock.now(), options.emergency)
    # the way back was approved together with the plan that this one rolls back
    approved: tuple[str, ...] = ()
    if not plan.rolls_back:
        used = store.changes.used_approvals(plan.id)
        refuse_unsigned(file, workspace.event.changes)
        approved = refuse_unapproved(file, workspace.event.changes, clock.real(), used)
        refuse_unsendable(plan, workspace)
    atomic = options.atomic or plan.atomic
    change = store.changes.new_id(clock.now())
    before = store.changes.get(plan.rolls_back) if plan.rolls_back else None
    executor = ChangeExecutor(context, plan, change, before=before, hold=hold, atomic=atomic, takes_back=takes_back)
    workspace.check_secrets(device.name for device in plan.devices)
    known_hosts(workspace.known_hosts)
    header: dict[str, Any] = {
        "by": options.by,
        "host": options.host,
        "plan": plan.id,
        "approved_by": list(approved),
        "rolls_back": plan.rolls_back,
        "emergency": options.emergency.to_dict() if options.emergency and closed else None,
        "clock": {"event": clock.now().isoformat(timespec="seconds"), "rehearsal": clock.rehearsal},
        **({"atomic": True} if atomic else {}),
        **({"takes_back": True} if takes_back else {}),
    }
    if not takes_back and (
        signature := sign_change(
            plan, change, workspace.event.changes, by=options.by, key=options.key, now=clock.real()
        )
    ):
        header["applied"] = signature
    names = [device.name for device in plan.devices]

    def admit(used: Mapping[str, str]) -> None:
        """Refuse approvals used up since they were counted."""
        if not plan.rolls_back and refuse_unapproved(file, workspace.event.changes, clock.real(), used) != approved:
            others = ", ".join(sorted(set(used.values())))
            raise RefusedError(message("change:approval.used", plan=plan.id, change=others))

    with relaxed_gc(), store.changes.exclusive(change), interruptible(executor.signals):
        if before is not None:
            _refuse_taken_back(store, before.entry.id, names)
        store.changes.begin(
            change, event=workspace.event.id, plan=file.document, devices=names, header=header, admit=admit
        )
        with suppress(Exception):
            context.progress.begun(change, len(names))
        under_way = RunningChange(executor, plan.waves)
        order = tuple(name for wave in plan.waves for name in wave)
        try:
            yield under_way
        except Exception:  # the caller's error; a killed process leaves a change that can be resumed
            finish_change(store, change, under_way.results(), order, atomic=atomic)
            raise
        under_way.done = finish_change(store, change, under_way.results(), order, atomic=atomic)


def finish_change(
    store: Store, change: str, results: Mapping[str, AssignmentResult], order: Iterable[str], *, atomic: bool
) -> ApplyResult:
    """Record the state of the change. The change is finished when every device's result is proven and recorded, and an
    atomic change when also no device is new, or every device.
    """
    in_order = tuple(results[name] for name in order)
    takes_back = atomic and _is_partial(in_order)
    code = Exit.REVERT_FAILED if takes_back else exit_code(in_order)
    proven = all(result.recorded and result.outcome is not DeviceOutcome.UNPROVEN for result in in_order)
    outcomes = {result.device: result.outcome.value for result in in_order}
    trouble = "" if all(result.recorded for result in in_order) else rendered("change:why.unrecorded")
    try:
        body = {"exit": int(code), **({"takes_back": True} if takes_back else {})}
        store.changes.finish(change, outcomes, body, ended=proven and not takes_back)
    except StoreError as error:
        trouble = rendered("change:why.error", error=error.whole)
    if trouble:
        code = most_severe({code, Exit.INTERNAL})
    return ApplyResult(change, in_order, code, trouble, takes_back)


def _is_partial(results: Iterable[AssignmentResult]) -> bool:
    """Return True if some devices are new and others not. A released device does not count as new."""
    results = tuple(results)
    new = [result for result in results if result.outcome is DeviceOutcome.NEW]
    return len(new) < len(results) and any(not result.released for result in new)


def exit_code(results: Iterable[AssignmentResult]) -> Exit:
    """Return 6 for an unproven device, 5 for a failed change, 7 for a refused change."""
    codes = set()
    held_back = False
    for result in results:
        if result.outcome is DeviceOutcome.UNPROVEN:
            codes.add(Exit.REVERT_FAILED)
        elif result.outcome in (DeviceOutcome.OLD, DeviceOutcome.BY_HAND) or (
            result.outcome is DeviceOutcome.UNTOUCHED and not _excused(result)
        ):
            codes.add(Exit.CHANGE_REVERTED)
        elif result.refused:
            codes.add(Exit.REFUSED)
        held_back = held_back or result.held_back
    return most_severe(codes or ({Exit.CHANGE_REVERTED} if held_back else set()))


def _excused(result: AssignmentResult) -> bool:
    return result.refused or result.held_back


def recorded_result(record: ChangeRecord, device: str) -> AssignmentResult | None:
    """Return the recorded result of a finished device; None for an unproven or unfinished device."""
    result = last_result(record, device)
    return None if result.outcome is DeviceOutcome.UNPROVEN else result


def last_result(record: ChangeRecord, device: str) -> AssignmentResult:
    """Return the last recorded result of a device; a device without a result is unproven."""
    steps = record.of(device)
    if not steps or steps[-1].step != "done":
        return AssignmentResult(device, DeviceOutcome.UNPROVEN, "It has no recorded result.", recorded=False)
    body = steps[-1].body
    refused, held_back, released = (bool(body.get(key)) for key in ("refused", "held_back", "released"))
    outcome = DeviceOutcome(body["outcome"])
    return AssignmentResult(device, outcome, from_record(body, "why"), refused, held_back, released=released)


def _refuse_taken_back(store: Store, change: str, devices: Iterable[str]) -> None:
    """Raise RefusedError for a second rollback of a change on a device; two rollbacks may have been planned
    concurrently.
    """
    gone = rolled_back_devices(store, change)
    for device in devices:
        if device in gone:
            raise RefusedError(message("change:rollback.device_done", change=change, device=device, by=gone[device]))
