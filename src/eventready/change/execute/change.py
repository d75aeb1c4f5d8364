"""Running change: admitted and opened, with its devices locked and recorded; closed with the state of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from eventready.change.document import Plan, PlanFile, recorded_plan
from eventready.change.execute.context import ExecutionContext
from eventready.change.execute.device.assignment import Hold
from eventready.change.execute.executor import ChangeExecutor, interruptible
from eventready.change.execute.removal_plan import refuse_other_removal
from eventready.change.execute.result import ApplyResult, AssignmentResult, ChangeMode, exit_code, is_partial
from eventready.change.execute.rollback import rolled_back_devices
from eventready.change.execute.wave_gate import WaveGate
from eventready.change.plan.restated import refuse_other_basis, refuse_restated
from eventready.change.plan.until import refuse_past_end
from eventready.change.safety.approval import (
    is_signed_plan,
    refuse_unapproved,
    refuse_unsendable,
    refuse_unsigned,
    sign_change,
)
from eventready.change.safety.freeze import refuse_beyond, refuse_in_freeze, refuse_late_effects, refuse_shifted_clock
from eventready.core.errors import Exit, RefusedError, StoreError, UnreadableStore, UsageError, most_severe
from eventready.core.messages import Message, message
from eventready.core.strings.json_text import canonical
from eventready.core.this_process import relaxed_gc
from eventready.session.hostkeys import known_hosts
from eventready.store.change_steps import ChangeHeader, DeviceOutcome, Emergency, Ended
from eventready.store.store import Store


@dataclass(frozen=True)
class Admission:
    """Admitted plan: its mode, its approvers, and the emergency if a window is closed."""

    context: ExecutionContext
    file: PlanFile
    mode: ChangeMode
    approved_by: tuple[str, ...]
    emergency: Emergency | None

    def header(self, change: str) -> ChangeHeader:
        """Return the header of the change. Raises RefusedError without the key of an applier."""
        plan, options, clock = self.file.plan, self.context.options, self.context.clock
        settings, now = self.context.workspace.event.changes, clock.real()
        signed = self.mode is not ChangeMode.TAKE_BACK
        return ChangeHeader(
            by=options.by,
            host=options.host,
            plan=plan.id,
            mode=self.mode.value,
            approved_by=self.approved_by,
            rolls_back=plan.rolls_back or "",
            removes=plan.removes,
            event_time=clock.now().isoformat(timespec="seconds"),
            rehearsal=clock.rehearsal,
            emergency=self.emergency,
            applied=sign_change(plan, change, settings, by=options.by, key=options.key, now=now) if signed else None,
            planner_signed=is_signed_plan(self.file, settings),
        )

    def confirm(self, used: Mapping[str, str]) -> None:
        """Raise RefusedError for approvals used up since they were counted."""
        plan = self.file.plan
        if not self.mode.goes_back and _approvers(self.context, self.file, used) != self.approved_by:
            others = ", ".join(sorted(set(used.values())))
            raise RefusedError(message("change:approval.used", plan=plan.id, change=others))


def admit(context: ExecutionContext, file: PlanFile, mode: ChangeMode, *, begin: datetime | None = None) -> Admission:
    """Admit a plan for a begin now, or at an event time. Raises RefusedError and UsageError.

    Refused are a closed window, missing approvals, a forbidden line, and the plan of a drill in another mode.
    A way back was approved together with the plan that it rolls back, and needs an approval of its own where nobody is
    at the keys; a closed window does not stop a take-back.
    """
    workspace, plan = context.workspace, file.plan
    if plan.drill is not None and mode is not ChangeMode.DRILL:
        raise RefusedError(message("change:apply.of_drill", plan=plan.id, drill=plan.drill.name))
    if plan.drill is None and mode is ChangeMode.DRILL:
        raise RefusedError(message("change:apply.no_drill", plan=plan.id))
    if plan.empty:
        raise UsageError(message("change:apply.nothing", plan=plan.id))
    emergency, clock = context.options.emergency, context.clock
    event, now = context.event_of(plan), begin or clock.now()
    later = begin is not None or context.options.unattended
    refuse_shifted_clock(event, clock)
    do = message("change:freeze.closed_later") if later else ""
    closed = mode is not ChangeMode.TAKE_BACK and bool(refuse_in_freeze(event, now, emergency, do=do))
    if not mode.goes_back:
        closed = refuse_beyond(event, now, expected_ends(context, plan), emergency, later=later) or closed
    approved: tuple[str, ...] = ()
    if not mode.goes_back:
        refuse_unsigned(file, event.changes)
    if not mode.goes_back or (context.options.unattended and mode is not ChangeMode.TAKE_BACK):
        real = clock.real() + (now - clock.now() if begin else timedelta())
        approved = _approvers(context, file, context.store.changes.used_approvals(plan.id), real)
    if not mode.goes_back:
        refuse_unsendable(plan, context.equipment, workspace.writable)
        refuse_restated(plan, context.equipment, workspace.writable)
        refuse_other_basis(plan, workspace.intents, context.store)
        refuse_other_removal(plan, context.store, context.equipment, workspace.writable)
        refuse_past_end(plan, now)
        refuse_late_effects(event, now, {one.name: one.risks for one in plan.devices}, emergency)
    return Admission(context, file, mode, approved, emergency if closed else None)


def expected_ends(context: ExecutionContext, plan: Plan) -> list[tuple[float, list[str]]]:
    """Return the expected end of each wave in seconds from now, and its devices; in a lab with the chosen soak."""
    soak_s = context.options.soak_s if context.workspace.event.lab else None
    times = plan.timetable(soak_s, overlap=context.options.word is None)
    return [(end, list(wave)) for (_begin, end), wave in zip(times, plan.waves, strict=True)]


def _approvers(
    context: ExecutionContext, file: PlanFile, used: Mapping[str, str], real: datetime | None = None
) -> tuple[str, ...]:
    """Return the names of the approvers, now or at a real time: of an unattended begin at least a single name."""
    settings, least = context.workspace.event.changes, int(context.options.unattended)
    return refuse_unapproved(file, settings, real or context.clock.real(), used, least)


def refuse_rolled_back(store: Store, change: str, devices: Iterable[str]) -> None:
    """Raise RefusedError for a second rollback of a change on a device; two may have been planned concurrently."""
    gone = rolled_back_devices(store, change)
    for device in devices:
        if device in gone:
            raise RefusedError(message("change:rollback.device_done", change=change, device=device, by=gone[device]))


class RunningChange:
    """A recorded change with its devices locked. `done` is set when the block of `recorded_change` has ended."""

    def __init__(self, executor: ChangeExecutor) -> None:
        self.waves, self.done = executor.plan.waves, ApplyResult("", (), Exit.OK)
        self._executor = executor
        self._results: dict[str, AssignmentResult] = {}
        self._begun: set[str] = set()

    @property
    def stopped(self) -> str | Message:
        """Return why no further device may start; empty while there is no reason."""
        return self._executor.signals.hold

    def execute(self, device: str) -> AssignmentResult:
        """Run a device, once, in the caller's thread. Raises RefusedError for an unknown device or a second run."""
        wave = next((wave for wave in self.waves if device in wave), None)
        if wave is None:
            raise RefusedError(message("change:apply.not_in_plan", device=device))
        if device in self._begun:
            raise RefusedError(message("change:apply.has_run", device=device))
        if self._begun.isdisjoint(wave):
            self._executor.may_begin(wave)  # a reason against it holds the device back
        self._begun.add(device)
        self._results[device] = result = self._executor.execute(device)
        return result

    def execute_wave(self, number: int) -> None:
        """Run the devices of a wave in parallel; numbers count from 0."""
        self._begun |= set(self.waves[number])
        self._results |= self._executor.run(self.waves[number])

    def execute_waves(self) -> None:
        """Run the waves, until no further device may start."""
        self._executor.run_waves(self._begin_wave)

    def _begin_wave(self, number: int) -> None:
        with suppress(Exception):
            self._executor.progress.wave(number + 1, len(self.waves), self.waves[number])
        self.execute_wave(number)

    def close(self) -> None:
        """Record the state of the change; devices without a turn are recorded as left alone."""
        executor, order = self._executor, self._executor.plan.order
        rest = [device for device in order if device not in self._begun]
        lost = [device for device in order if device in self._begun and device not in self._results]
        results = {
            **self._results,
            **(executor.skip(rest, self.stopped or message("change:why.not_started")) if rest else {}),
            **{
                device: AssignmentResult(device, DeviceOutcome.UNPROVEN, message("change:why.cut_off"), recorded=False)
                for device in lost
            },
        }
        self.done = finish_change(executor.store, executor.change, results, order, executor.mode)


@contextmanager
def refuse_unrecorded() -> Iterator[None]:
    """Raise RefusedError for a store without room for the record: no device was touched."""
    try:
        yield
    except UnreadableStore:
        raise
    except StoreError as error:
        raise RefusedError(error.cause, where=error.place, do=error.remedy) from error


@contextmanager
def recorded_change(
    context: ExecutionContext, file: PlanFile, mode: ChangeMode, *, hold: Hold | None = None, change: str = ""
) -> Iterator[RunningChange]:
    """Open a change for the block, with all its devices locked; at the end, record the state of each.

    `hold` belongs to a drill (see `Assignment`); `change` is an id given before. Raises RefusedError (as `admit` does,
    and for a locked device and a plan that no longer matches) and other errors before the first device is contacted;
    later failures are results.
    """
    store, plan = context.store, file.plan
    admission = admit(context, file, mode)
    change = change or store.changes.new_id(context.clock.now())
    before = store.changes.get(plan.rolls_back) if plan.rolls_back else None
    gate = WaveGate(context, plan, context.clock.now(), emergency=admission.emergency is not None)
    opened = mode.goes_back or hold is not None
    executor = ChangeExecutor(
        context, plan, change, mode, before=before, hold=hold, gate=None if opened else gate.reason
    )
    names = [device.name for device in plan.devices]
    context.workspace.check_secrets(names)
    known_hosts(context.workspace.known_hosts)
    header, accepted = admission.header(change), canonical(file.document)
    recorded_plan(accepted, change)
    with ExitStack() as stack:
        with refuse_unrecorded():
            stack.enter_context(relaxed_gc())
            stack.enter_context(store.changes.exclusive(change))
            stack.enter_context(interruptible(executor.signals))
            if before is not None:
                refuse_rolled_back(store, before.entry.id, names)
            store.changes.begin(
                change, event=context.workspace.event.id, plan=accepted, devices=names, header=header,
                admit=admission.confirm,
            )  # fmt: skip
        with suppress(Exception):
            context.progress.begun(change, len(names))
        running = RunningChange(executor)
        try:
            yield running
        except Exception:  # the caller's error; a killed process leaves a change that can be resumed
            running.close()
            raise
        running.close()


def finish_change(
    store: Store, change: str, results: Mapping[str, AssignmentResult], order: Iterable[str], mode: ChangeMode
) -> ApplyResult:
    """Record the state of the change. The change is finished when every device's result is proven and recorded, and an
    atomic change when also no device is new, or every device.
    """
    in_order = tuple(results[name] for name in order)
    partial = mode is ChangeMode.ATOMIC and is_partial(in_order)
    code = Exit.REVERT_FAILED if partial else exit_code(in_order, mode)
    proven = all(result.recorded and result.outcome is not DeviceOutcome.UNPROVEN for result in in_order)
    outcomes = {result.device: result.outcome for result in in_order}
    trouble = "" if all(result.recorded for result in in_order) else message("change:why.unrecorded")
    try:
        store.changes.finish(change, Ended("", int(code), proven and not partial, outcomes, partial))
    except StoreError as error:
        trouble = message("change:why.error", error=error.whole)
    if trouble:
        code = most_severe({code, Exit.INTERNAL})
    return ApplyResult(change, in_order, code, trouble, partial)
