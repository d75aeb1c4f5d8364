"""Running change: opened after its admission, with its devices locked and recorded; closed with the state of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from eventready.change.document.plan_file import PlanFile
from eventready.change.execute.admission import admit, refuse_rolled_back
from eventready.change.execute.context import ExecutionContext
from eventready.change.execute.device.assignment import Hold
from eventready.change.execute.executor import ChangeExecutor, interruptible
from eventready.change.execute.mode import ChangeMode
from eventready.change.execute.result import ApplyResult, AssignmentResult, exit_code, is_partial
from eventready.core.errors import Exit, RefusedError, StoreError, most_severe
from eventready.core.messages import message, rendered
from eventready.core.strings.json_text import canonical
from eventready.core.this_process import relaxed_gc
from eventready.session.hostkeys import known_hosts
from eventready.store.change_steps import DeviceOutcome, Ended
from eventready.store.store import Store


class RunningChange:
    """A recorded change with its devices locked. `done` is set when the block of `recorded_change` has ended."""

    def __init__(self, executor: ChangeExecutor) -> None:
        self.waves, self.done = executor.plan.waves, ApplyResult("", (), Exit.OK)
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

    def execute_waves(self) -> None:
        """Run the groups of waves in sequence, until no further device may start."""
        groups = self._executor.plan.groups if self._executor.overlaps else tuple((wave,) for wave in self.waves)
        for group in groups:
            if self.stopped:
                break
            if len(group) == 1:
                self._begin_wave(group[0])
            else:
                self._executor.run_together(group, self._begin_wave)

    def _begin_wave(self, wave: Sequence[str]) -> None:
        number = self.waves.index(tuple(wave))
        with suppress(Exception):
            self._executor.progress.wave(number + 1, len(self.waves), wave)
        self.execute_wave(number)

    def close(self) -> None:
        """Record the state of the change; devices without a turn are recorded as left alone."""
        executor, order = self._executor, self._executor.plan.order
        rest = [device for device in order if device not in self._begun]
        lost = [device for device in order if device in self._begun and device not in self._results]
        results = {
            **self._results,
            **(executor.skip(rest, self.stopped or rendered("change:why.not_started")) if rest else {}),
            **{
                device: AssignmentResult(device, DeviceOutcome.UNPROVEN, rendered("change:why.cut_off"), recorded=False)
                for device in lost
            },
        }
        self.done = finish_change(executor.store, executor.change, results, order, executor.mode)


@contextmanager
def recorded_change(
    context: ExecutionContext, file: PlanFile, mode: ChangeMode, *, hold: Hold | None = None
) -> Iterator[RunningChange]:
    """Open a change for the block, with all its devices locked; at the end, record the state of each.

    `hold` belongs to a drill (see `Assignment`). Raises RefusedError (as `admit` does, and for a locked device and a
    plan that no longer matches) and other errors before the first device is contacted; later failures are results.
    """
    store, plan = context.store, file.plan
    admission = admit(context, file, mode)
    change = store.changes.new_id(context.clock.now())
    before = store.changes.get(plan.rolls_back) if plan.rolls_back else None
    executor = ChangeExecutor(context, plan, change, mode, before=before, hold=hold)
    names = [device.name for device in plan.devices]
    context.workspace.check_secrets(names)
    known_hosts(context.workspace.known_hosts)
    header = admission.header(change)
    with relaxed_gc(), store.changes.exclusive(change), interruptible(executor.signals):
        if before is not None:
            refuse_rolled_back(store, before.entry.id, names)
        store.changes.begin(
            change, event=context.workspace.event.id, plan=canonical(file.document), devices=names, header=header,
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
    trouble = "" if all(result.recorded for result in in_order) else rendered("change:why.unrecorded")
    try:
        store.changes.finish(change, Ended("", int(code), proven and not partial, outcomes, partial))
    except StoreError as error:
        trouble = rendered("change:why.error", error=error.whole)
    if trouble:
        code = most_severe({code, Exit.INTERNAL})
    return ApplyResult(change, in_order, code, trouble, partial)
