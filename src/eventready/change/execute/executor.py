"""Run the assignments of a change, a thread per device, and record each step."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from types import FrameType

from nornir.core.task import Result, Task

from eventready.audit.runner import AdaptiveThreadedRunner
from eventready.change.document import Plan, PlannedDevice
from eventready.change.execute.context import ExecutionContext
from eventready.change.execute.device.assignment import (
    Assignment,
    DeviceRules,
    Hold,
    Procedure,
    StopSignals,
    WaveSignals,
)
from eventready.change.execute.device.driver import DeviceDriver
from eventready.change.execute.device.live import LiveDevice
from eventready.change.execute.device.machine import DeviceMachine
from eventready.change.execute.device.partners import Partner, SharedSessions
from eventready.change.execute.device.service_host import ServiceHost
from eventready.change.execute.device.verify import DeviceChecks
from eventready.change.execute.recorded import removed_change
from eventready.change.execute.result import AssignmentResult, ChangeMode
from eventready.change.forms.configuration import Configuration, Fragment
from eventready.change.plan.order import partners_of
from eventready.change.plan.restated import refuse_mismatch
from eventready.change.safety.addresses import KnownAddresses
from eventready.core.errors import EventreadyError, StoreError
from eventready.core.messages import Message, message
from eventready.evaluation.limits import resolve_limits
from eventready.session.plugin import host_target
from eventready.store.change_steps import (
    STEPS,
    Backup,
    ChangeStep,
    DeviceOutcome,
    Done,
    Read,
    Save,
)
from eventready.store.changes import ChangeRecord, Step, StepEntry, last_of
from eventready.store.evidence import PackedEvidence

#: Largest time between two readings of counters before a change.
_COUNTER_INTERVAL_S = 10.0
#: Run a machine: execute or resume.
Work = Callable[[DeviceMachine], AssignmentResult]
#: Reason against the begin of a wave beside other devices; empty without a reason.
Gate = Callable[[Sequence[str], Iterable[str]], str | Message]


class ChangeExecutor:
    """Executes the assignments of a change."""

    def __init__(
        self,
        context: ExecutionContext,
        plan: Plan,
        change: str,
        mode: ChangeMode,
        *,
        before: ChangeRecord | None = None,
        resumed: bool = False,
        hold: Hold | None = None,
        gate: Gate | None = None,
        journal: ChangeRecord | None = None,
    ) -> None:
        """Prepare the assignments. `before` is the change to roll back; `resumed`: this change was interrupted, and
        guards may be armed; `hold`: of a drill (see `Assignment`); `gate` of the waves; `journal`: the record of an
        interrupted change whose plan cannot be read."""
        self._gate, self._journal = gate, journal
        workspace, options = context.workspace, context.options
        self.plan, self.change, self.mode = plan, change, mode
        self.store, self.progress = context.store, context.progress
        self._workspace, self._clock, self._options = workspace, context.clock, options
        self._rolls_back, self._resumed, self._procedure = before, resumed, self._procedure_of(hold)
        self._driver_for = context.driver_for or self._live_device
        self.signals = StopSignals()
        self._progressed, self._soaking, self._ended = threading.Condition(), set[str](), set[str]()
        self._numbers = {name: number for number, wave in enumerate(plan.waves) for name in wave}
        self._overlapping = False
        self._wave_signals = tuple(WaveSignals(self.signals) for _wave in plan.waves)
        self._equipment, self._backups = context.equipment, context.backups
        self._known = KnownAddresses.of(workspace)
        refuse_mismatch(plan, workspace, fresh=before is None and not resumed)
        self._limits = resolve_limits(workspace.limits, [self._equipment.by_name[d.name] for d in plan.devices])
        self._nornir = workspace.nornir(options.workers)
        self._partners = partners_of(workspace.devices, workspace.files.groups_of)
        self._sessions: dict[tuple[int, str], SharedSessions] = {}
        self._assignments = {planned.name: self._assignment(planned) for planned in plan.devices}

    def run_waves(self, begin: Callable[[int], None]) -> None:
        """Run the waves of the plan by their numbers from 0, until no further device may start.

        Each begins when all devices of the earlier waves soak or have ended, and all have ended that may not soak
        beside the wave.
        """
        waves, earlier, running = self.plan.waves, list[str](), list[Future[None]]()
        self._overlapping = self.overlaps and any(self.plan.together)
        with ThreadPoolExecutor(len(waves)) as pool:
            for number, wave in enumerate(waves):
                beside = self.plan.beside(number) if self.overlaps else frozenset()
                self._await(earlier, beside)
                failed = any(one.done() and one.exception() for one in running)
                if failed or not self.may_begin(wave, [name for name in earlier if name not in self._ended]):
                    break
                earlier += wave
                running.append(pool.submit(self._begin, begin, number))
            for one in running:
                one.result()

    def _await(self, earlier: Collection[str], beside: Collection[str]) -> None:
        """Wait until all devices of earlier waves soak, and those other than `beside` have ended."""
        others = [name for name in earlier if name not in beside]
        with self._progressed:
            self._progressed.wait_for(lambda: self._soaking.issuperset(earlier) and self._ended.issuperset(others))

    def may_begin(self, wave: Sequence[str], beside: Iterable[str] = ()) -> bool:
        """Return True if a wave may begin now, beside the devices in their soak; else the change stops."""
        signals = self.signals
        if self._gate is not None and not (signals.hold or signals.abort):
            try:
                signals.hold = self._gate(wave, beside)
            except EventreadyError as error:
                signals.hold = message("change:why.error", error=error.whole)
        return not (signals.hold or signals.abort)

    @property
    def overlaps(self) -> bool:
        """True if waves may soak together; the operator's word is about a single wave."""
        return self._options.word is None

    def _begin(self, begin: Callable[[int], None], number: int) -> None:
        try:
            begin(number)
        finally:  # also for an error before the first device
            self._end(*self.plan.waves[number])

    def _soak_begins(self, *names: str) -> None:
        with self._progressed:
            self._soaking.update(names)
            self._progressed.notify_all()

    def _end(self, *names: str) -> None:
        self._ended.update(names)
        self._soak_begins(*names)

    def run(self, names: Iterable[str], work: Mapping[str, Work] | None = None) -> dict[str, AssignmentResult]:
        """Run devices in parallel. A device without the new state holds all others without an armed guard."""
        wanted = frozenset(names)
        results: dict[str, AssignmentResult] = {}

        def one(task: Task) -> Result:
            name = task.host.name
            results[name] = self.execute(name, (work or {}).get(name, DeviceMachine.execute))
            return Result(host=task.host)

        chosen = self._nornir.filter(filter_func=lambda host: host.name in wanted)
        # threads mostly wait for devices and the disk: start the whole wave at once
        chosen.with_runner(AdaptiveThreadedRunner(self._options.workers, initial=self._options.workers)).run(task=one)
        return results

    def execute(self, name: str, work: Work = DeviceMachine.execute) -> AssignmentResult:
        """Run a device in the caller's thread. Raises only KeyError, for a device outside the plan."""
        planned = self.plan.device(name)
        try:
            machine = DeviceMachine(
                self._assignments[name],
                self._driver_for(planned),
                self._log,
                self._wave_signals[self._numbers[name]],
                self._options.timer,
            )
            result = work(machine)
        except Exception as error:  # an internal error: the state of the device is unknown
            result = AssignmentResult(
                name,
                DeviceOutcome.UNPROVEN,
                message("change:why.internal", error=type(error).__name__),
                recorded=False,
            )
        if self._stops(result):
            self._stop(name)
        self._end(name)
        with suppress(Exception):
            self.progress.done(replace(result, goes_back=self.mode.goes_back))
        return result

    def _stop(self, name: str) -> None:
        """Hold the waves not yet begun; unconfirmed devices of later waves revert."""
        self.signals.hold = self.signals.hold or message("change:why.stopped", device=name)
        for later in self._wave_signals[self._numbers[name] + 1 :] if self._overlapping else ():
            later.back = later.back or message("change:why.stopped_before", device=name)

    def _stops(self, result: AssignmentResult) -> bool:
        """Return True for a result without further devices.

        A way back goes on past a device that is lost, slow or locked. Where a line was refused for its content, or a
        check is worse, the others might end so too; a fast way back and a take-back go on all the same.
        """
        if self.mode.goes_back:
            return result.unfit and self.mode is ChangeMode.ROLLBACK
        return result.outcome is not DeviceOutcome.NEW

    def skip(self, names: Sequence[str], why: str | Message) -> dict[str, AssignmentResult]:
        """Record devices as untouched, and release their locks."""
        recorded = True
        ends = [Done(name, DeviceOutcome.UNTOUCHED, why, held_back=True) for name in names]
        try:
            self.store.changes.record(self.change, *(StepEntry(end, releases_lock=True) for end in ends))
        except StoreError:
            recorded = False
        return {
            name: AssignmentResult(name, DeviceOutcome.UNTOUCHED, why, held_back=True, recorded=recorded)
            for name in names
        }

    def open_device(self, name: str) -> tuple[Assignment, DeviceDriver]:
        """Return the assignment and the driver of a device."""
        return self._assignments[name], self._driver_for(self.plan.device(name))

    def fragment(self, name: str) -> Fragment | None:
        """Return the plan's fragment for a device; None in a rollback with a recorded configuration as target."""
        return None if self._rolls_back is not None else self._assignments[name].rules.fragment

    def before(self, name: str, steps: Sequence[Step]) -> Configuration | None:
        """Return the recorded configuration of a device before the change; see `Backups`."""
        return self._backups.before(self._assignments[name].form, steps)

    # ------------------------------------------------------------------ one device

    def _log(self, step: ChangeStep, *, evidence: tuple[PackedEvidence, ...] = (), releases_lock: bool = False) -> None:
        new = isinstance(step, Done) and step.outcome is DeviceOutcome.NEW
        stays = self.mode is ChangeMode.ATOMIC and new
        if isinstance(step, Backup | Save):
            kept, evidence = self._backups.cipher.encrypt_answers(step.kept, evidence)
            step = replace(step, kept=kept)
        self.store.changes.record(self.change, StepEntry(step, evidence, releases_lock and not stays))
        with suppress(Exception):
            self.progress.step(step.device, STEPS.name(step))

    def _assignment(self, planned: PlannedDevice) -> Assignment:
        rolls_back = self._rolls_back
        rules = DeviceRules.of(
            self._equipment, self.plan, planned, self._backups, rolls_back,
            changes=self.store.changes, reads_way_in=self._options.way_in,
            forward=rolls_back is None and not self._resumed and self._procedure.hold is None, known=self._known,
        )  # fmt: skip
        undone = rolls_back or removed_change(self.store.changes, self.plan, planned.name)
        read = last_of(undone.of(planned.name), Read) if undone is not None else None
        startup = None if rolls_back is not None else planned.startup
        if self._journal is not None:
            after = self._backups.after(rules.form, self._journal.of(planned.name))
            rules = replace(rules, target=lambda running: after.tree if after else running)
        issues, only_way_back = read.issues if read else (), self._journal is not None
        return Assignment(rules, self._procedure, startup, issues, only_way_back)

    def _live_device(self, planned: PlannedDevice) -> DeviceDriver:
        platform, device = self._equipment.named(planned.platform), self._equipment.by_name[planned.name]
        within = self._options.confirm_within_s
        partners = {name: self._partner(name, planned.name) for name in self._partners_of(planned.name)}
        beside = tuple((self._equipment.by_name[name], partner.platform) for name, partner in partners.items())
        kind: Callable[..., LiveDevice] = LiveDevice
        rules = self._assignments[planned.name].rules
        if rules.form.by_playbook:
            restores = self._rolls_back is not None
            kind = partial(ServiceHost, workspace=self._workspace, device=device, part=planned, restores=restores)
        return kind(
            host_target(self._nornir, planned.name),
            DeviceChecks(device, platform, self._limits, beside),
            rules.fragment,
            partners=partners,
            counter_interval_s=min(_COUNTER_INTERVAL_S, self._procedure.soak_s),
            clock=self._clock,
            change=self.change,
            seconds=self._workspace.event.changes.confirm_within_s if within is None else within,
            planned=planned.guard.kind,
            armed=self._resumed,
        )

    def _partners_of(self, name: str) -> tuple[str, ...]:
        """Return the partners of a device without a change in the same wave."""
        wave = next((wave for wave in self.plan.waves if name in wave), ())
        return tuple(one for one in self._partners[name] if one not in wave)[: self._options.partners]

    def _partner(self, name: str, of: str) -> Partner:
        """Return a partner of a device; its sessions are shared in the wave of the device."""
        sessions = self._sessions.setdefault((self._numbers.get(of, -1), name), SharedSessions())
        return Partner(host_target(self._nornir, name), self._equipment.platform(name), sessions)

    def _procedure_of(self, hold: Hold | None) -> Procedure:
        """Return the times of the change; a lab may choose any soak, also below the protocols' own times."""
        options, settings = self._options, self._workspace.event.changes
        chosen = options.soak_s is not None and self._workspace.event.lab
        given = options.soak_s or 0.0
        return Procedure(
            verifies=self.mode.verifies,
            soak_s=given if chosen else max(given, settings.soak_of(self.plan.intents)),
            soak_is_chosen=chosen,
            settle_s=settings.settle_s if options.settle_s is None else options.settle_s,
            timing=options.timing,
            soaking=self._soak_begins,
            hold=hold,
            word=None if self.mode.goes_back else options.word,
        )


@contextmanager
def interruptible(signals: StopSignals) -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into stop signals while the block lasts, instead of ending the process.

    Devices that have not started are held, and unconfirmed devices revert. The end of the terminal (SIGHUP) changes
    nothing. In a thread other than the main one, do nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def call(_number: int, _frame: FrameType | None) -> None:
        signals.hold = signals.hold or message("change:why.interrupted_turn")
        signals.abort = signals.abort or message("change:why.interrupted")

    before = {number: signal.signal(number, call) for number in (signal.SIGINT, signal.SIGTERM)}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
