"""State machine of a device in a change: every step is recorded before execution, every outcome is proven.

    precheck, read, backup | arm, apply, compare, verify | confirm, verify_state, save | done
                           |               any failure: revert, rollback, read         | done

An accepted command is no proof. The new or the old state is read from the device when no armed guard could still change
it. A step that cannot be recorded is not taken. The way back needs no record of its own: it was recorded with `arm`,
and follows from the present and the previous configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TypeVar

from eventready.change.execute.device.assignment import HOLD_OVER, Assignment, Signals
from eventready.change.execute.device.driver import ConfigurationReading, DeviceDriver, StepLog, VerifyTimes
from eventready.change.execute.device.steps import (
    DeviceSteps,
    Failed,
    HeldBack,
    LockedOut,
    Revert,
    Unfit,
    abbreviated,
    evidence_of,
    sentence_of,
)
from eventready.change.execute.device.verify import Findings, open_issues, tolerate
from eventready.change.execute.result import AssignmentResult
from eventready.change.forms.configuration import Configuration
from eventready.change.times import GuardWindow, Soak, Timer
from eventready.core.errors import EventreadyError, RefusedError, StoreError
from eventready.core.messages import Message, in_english, message
from eventready.session.reply import LoginRefused
from eventready.store.change_steps import (
    Apply,
    Arm,
    AskWord,
    Backup,
    Compare,
    Confirm,
    DeviceOutcome,
    Drift,
    Drifted,
    GoBack,
    Precheck,
    Read,
    Save,
    Verify,
    VerifyState,
    WayInRisks,
)
from eventready.store.changes import Step

_Reading = TypeVar("_Reading")


class DeviceMachine:
    """Executes or resumes an assignment. Not thread-safe. Raises nothing: any error, also an internal error, causes a
    revert."""

    def __init__(
        self, assignment: Assignment, driver: DeviceDriver, log: StepLog, signals: Signals, timer: Timer
    ) -> None:
        self._steps = DeviceSteps(assignment, driver, log, signals, timer)
        self._assignment, self._driver = assignment, driver
        self._findings: Findings = ()
        self._verified: str | Message = ""
        self._soak = Soak(0.0, "none")

    def execute(self) -> AssignmentResult:
        """Run the assignment from the precheck to its end."""
        try:
            before = self._prepare()
        except Exception as error:
            refused, held_back = isinstance(error, RefusedError), isinstance(error, HeldBack)
            return self._steps.end(DeviceOutcome.UNTOUCHED, sentence_of(error), refused=refused, held_back=held_back)
        try:
            self._apply(before)
        except Exception as error:
            ended = Revert(self._steps, before).run(sentence_of(error), keep_session=isinstance(error, LockedOut))
            return replace(ended, unfit=isinstance(error, Unfit))
        return self._confirm(before)

    def resume(
        self, history: Sequence[Step], before: Configuration | None, *, goes_back: bool = False
    ) -> AssignmentResult:
        """Finish or revert after a crash, from the recorded steps and the device's present state.

        `before` is the recorded backup; None if there is none. `goes_back`: a way back goes on to its own target, the
        configuration before the change.
        """
        taken, steps = [step.step for step in history], self._steps
        if "arm" not in taken and goes_back:
            return self.execute()
        if "arm" not in taken:
            return steps.end(DeviceOutcome.UNTOUCHED, message("change:why.interrupted_before"), held_back=True)
        if before is None:
            return steps.end(DeviceOutcome.UNPROVEN, message("change:why.lost"))
        steps.resumed, steps.startup_changed, steps.rolling_back = True, "save" in taken, "rollback" in taken
        try:
            steps.target = self._assignment.rules.target(before.tree)
            terms = self._driver.terms(before)
        except Exception as error:
            return steps.end(DeviceOutcome.UNPROVEN, sentence_of(error))
        if terms.device_side:
            steps.window = GuardWindow.after_crash(steps.timer, history, terms.seconds)
        if "confirm" in taken and "revert" not in taken and not goes_back:
            return self._finish_confirmed(before, acknowledged=False)
        if goes_back:
            steps.startup_changed = True  # the device may have saved the configuration of the change
            why: str | Message = message("change:why.way_back_resumed", step=taken[-1])
        else:
            cut_off = message("change:why.interrupted_at", step=taken[-1])
            why = next((one.body.why for one in history if isinstance(one.body, GoBack)), cut_off)
        return Revert(steps, before, onward=goes_back).run(why)

    def _prepare(self) -> Configuration:
        """Run every step before the first line: precheck, and comparison with the planned configuration."""
        assignment, driver, steps = self._assignment, self._driver, self._steps
        self._refuse_start()
        steps.record(Precheck(assignment.device))
        findings = self._insistent(driver.precheck) if assignment.procedure.verifies else ()
        self._findings = tolerate(findings, assignment.tolerated)
        steps.record(Read(assignment.device, open_issues(findings)))
        reading = self._insistent(driver.read)
        before = reading.configuration
        drift = self._drift(before)
        driver.terms(before)
        driver.probe_guard()
        waiting = driver.pending()
        if waiting is not None:
            raise RefusedError(message("change:device.pending", device=assignment.device, owner=waiting.owner))
        self._refuse_unsaved(before, drifted=drift is not None)
        steps.target = assignment.rules.target(before.tree)
        planned, rules, form, target = assignment.planned, assignment.rules, assignment.form, steps.target
        as_planned = drift is not None or form.fingerprint(target) == planned.predicted
        if not as_planned or form.commands_between(before.tree, target) != planned.forward:
            raise RefusedError(message("change:device.off_target", device=assignment.device))
        if form.commands_between(target, before.tree) != planned.backward:
            raise RefusedError(message("change:device.no_return", device=assignment.device))
        rules.refuse((*planned.forward, *planned.backward), before)
        if drift is None:
            rules.refuse_other_words(before.tree, target)
        risks = steps.check_way_in(before, steps.target)
        if drift is not None:
            steps.record(Drifted(assignment.device, drift))
        if risks:
            steps.record(WayInRisks(assignment.device, risks))
        kept, texts = evidence_of(reading)
        steps.record(Backup(assignment.device, kept), texts)
        if assignment.procedure.hold is None and assignment.procedure.verifies:
            self._soak = assignment.procedure.soak(form, before.tree, target, driver.shown)
        self._refuse_short_guard(before)
        self._refuse_start()
        return before

    def _apply(self, before: Configuration) -> None:
        """Arm, apply, compare, verify. Raises any failure."""
        assignment, driver, steps = self._assignment, self._driver, self._steps
        terms = driver.terms(before)
        device, planned, procedure = assignment.device, assignment.planned, assignment.procedure
        steps.record(Arm(device, terms.kind, terms.seconds, terms.device_side, planned.backward, steps.route_back))
        steps.send(planned.forward, terms, lambda: steps.record(Apply(device, len(planned.forward))))
        steps.check_abort()
        self._compare(device_side=terms.device_side)
        soak = Verify(device, self._soak.seconds, in_english(self._soak.reason))
        steps.record(Verify(device, held=True) if procedure.hold else soak)
        left_s = steps.window.first - procedure.timing.margin_s - steps.timer.now()
        if procedure.hold is not None:
            procedure.hold(max(0.0, min(procedure.settle_s, left_s)), steps.interruptible_sleep)
            raise Failed(HOLD_OVER)
        if left_s < self._soak.seconds:
            raise Failed(message("change:why.no_time", left=max(0, left_s), soak=self._soak.summary))
        self._verified = self._verify(left_s) if procedure.verifies else message("change:verified.read_back")
        steps.check_abort()
        self._await_word(terms.seconds)
        steps.login_again()
        if steps.timer.now() > steps.window.first - procedure.timing.margin_s:
            raise Failed(message("change:why.late"))

    def _compare(self, *, device_side: bool) -> None:
        """Read the configuration back; send accepted and lost lines again under the guard. Raises Failed for a
        difference."""
        assignment, steps = self._assignment, self._steps
        form = assignment.form
        for left in reversed(range(form.spec.repeats + 1)):
            steps.record(Compare(assignment.device))
            found = self._insistent(self._driver.read).configuration.tree
            if form.equivalent(found, steps.target):
                steps.check_abort()
                return
            lost = form.commands_between(found, steps.target) if left else ()
            if (
                not lost
                or not frozenset(lost) <= frozenset(assignment.planned.forward)
                or not self._guarded(device_side)
            ):
                break
            steps.check_abort()
            steps.record(Apply(assignment.device, len(lost), again=True))
            steps.deliver(lost)
        difference = abbreviated(form.diff(steps.target, found))
        raise Failed(message("change:why.differs", device=assignment.device, difference=difference))

    def _guarded(self, device_side: bool) -> bool:
        """Return True while the guard waits: after its end nothing may be sent."""
        if self._steps.timer.now() > self._steps.window.first - self._assignment.procedure.timing.margin_s:
            return False
        return not device_side or self._driver.pending() is not None

    def _verify(self, left_s: float) -> Message:
        """Run the checks and the soak within `left_s`; return the measurement. Raises Failed."""
        assignment, procedure, soak_s = self._assignment, self._assignment.procedure, self._soak.seconds
        times = VerifyTimes(
            min(procedure.settle_s, left_s - soak_s), soak_s, partial(procedure.soaking, assignment.device)
        )
        verified = self._driver.verify(self._findings, times, self._steps.interruptible_sleep)
        if not verified.good:
            kind = Failed if verified.unmeasured else Unfit
            raise kind(message("change:why.verification", summary=verified.summary))
        msgid = "change:verified.than_before" if assignment.tolerated else "change:verified.plain"
        shown = message(msgid, summary=verified.summary)
        return message("change:verified.soak", shown=shown, soak=self._soak.summary) if soak_s else shown

    def _await_word(self, seconds: float) -> None:
        """Wait for the operator's word, as long as the guard lasts. Raises Failed without a yes."""
        device, procedure, steps = self._assignment.device, self._assignment.procedure, self._steps
        if procedure.word is None:
            return
        steps.record(AskWord(device))
        left_s = min(steps.window.first - steps.timer.now(), seconds) - procedure.timing.margin_s
        word = procedure.word(device, left_s, steps.interruptible_sleep)
        if not word:
            raise Failed(message("change:why.no_word" if word is None else "change:why.word_no"))

    def _insistent(self, read: Callable[[], _Reading]) -> _Reading:
        """Return a reading of the device; a failed reading is tried again after a pause, a refused login is not."""
        try:
            return read()
        except (RefusedError, LoginRefused):
            raise
        except EventreadyError:
            self._steps.interruptible_sleep(self._assignment.procedure.timing.pause_s)
            return read()

    def _drift(self, before: Configuration) -> Drift | None:
        """Return the drift since the plan outside of its sections, None without a drift.

        Raises RefusedError if a section of the plan has changed.
        """
        device, rules = self._assignment.device, self._assignment.rules
        drift = rules.drift(before)
        if drift is None:
            raise RefusedError(message("change:device.drifted", device=device), do=rules.explain_drift(before))
        return None if before.sha256 == rules.planned.before else drift

    def _refuse_unsaved(self, before: Configuration, *, drifted: bool) -> None:
        """Raise RefusedError for unsaved lines not stated in the plan: saving the change would save them too."""
        assignment = self._assignment
        startup = self._driver.startup() if drifted or assignment.startup is not None else None
        if not drifted and (startup is not None or assignment.startup == ""):
            assignment.rules.refuse_unsaved(before, startup)
        if startup is None or assignment.form.equivalent(startup.tree, before.tree):
            return
        if drifted or assignment.form.fingerprint(startup.tree) != assignment.startup:
            unsaved = abbreviated(assignment.form.diff(startup.tree, before.tree))
            raise RefusedError(message("change:device.unsaved", device=assignment.device, unsaved=unsaved))

    def _refuse_short_guard(self, before: Configuration) -> None:
        """Raise RefusedError if the guard would fire during the soak."""
        terms, margin_s = self._driver.terms(before), self._assignment.procedure.timing.margin_s
        if terms.device_side and self._soak.seconds + 2 * margin_s > terms.seconds:
            device, soak = self._assignment.device, self._soak.summary
            raise RefusedError(message("change:device.short_guard", device=device, seconds=terms.seconds, soak=soak))

    def _confirm(self, before: Configuration) -> AssignmentResult:
        try:
            self._steps.record(Confirm(self._assignment.device, self._verified))
        except StoreError as error:
            return Revert(self._steps, before).run(sentence_of(error))
        try:
            acknowledged = self._driver.confirm().ok
        except Exception:
            acknowledged = False  # the device may have confirmed all the same: read its state
            self._driver.disconnect()
        return self._finish_confirmed(before, acknowledged=acknowledged)

    def _finish_confirmed(self, before: Configuration, *, acknowledged: bool) -> AssignmentResult:
        """Prove the new state of the confirmed device, and save the configuration; revert otherwise."""
        with suppress(StoreError):
            self._steps.record(VerifyState(self._assignment.device))
        found = self._stable_state(before, acknowledged=acknowledged)
        if found is None:
            return Revert(self._steps, before).run(message("change:why.new_unproven"))
        stands = found.configuration
        if self._assignment.form.equivalent(stands.tree, before.tree):
            why = message("change:why.had_reverted")
            return self._steps.end(DeviceOutcome.OLD, why, stands)
        try:
            self._steps.login_again()
        except LockedOut as error:
            return Revert(self._steps, before).run(sentence_of(error), keep_session=True)
        try:
            kept, texts = evidence_of(found)
            self._steps.record(Save(self._assignment.device, kept), texts)
        except StoreError as error:
            why = message("change:why.not_saved", error=sentence_of(error))
            return AssignmentResult(self._assignment.device, DeviceOutcome.NEW, why, recorded=False)
        problem = self._steps.save(self._steps.target)
        if problem:
            return Revert(self._steps, before).run(message("change:why.unsaved", problem=problem))
        return self._steps.end(DeviceOutcome.NEW, "", stands)

    def _stable_state(self, before: Configuration, *, acknowledged: bool) -> ConfigurationReading | None:
        """Return the reading in which no guard is armed and the device is in the new or the old state; else None.

        Without an acknowledged confirmation, readings while the guard may be firing do not count.
        """
        form, timing = self._assignment.form, self._assignment.procedure.timing
        until = max(self._steps.timer.now(), self._steps.window.settled(timing)) + timing.reach_s
        strange = ""
        while True:
            try:
                waiting = self._driver.pending()
                if waiting is None or not waiting.mine:
                    reading = self._driver.read()
                    found = reading.configuration
                    firing = not acknowledged and self._steps.window.holds(self._steps.timer.now(), timing)
                    is_new = form.equivalent(found.tree, self._steps.target)
                    if form.equivalent(found.tree, before.tree) or (is_new and not firing):
                        return reading
                    if found.sha256 == strange and not firing:
                        return None
                    strange = found.sha256
                elif self._steps.timer.now() < self._steps.window.first - timing.margin_s:
                    acknowledged = self._driver.confirm().ok
                else:
                    acknowledged = False
            except Exception:
                self._driver.disconnect()
            if self._steps.timer.now() >= until:
                return None
            self._steps.timer.sleep(timing.pause_s)

    def _refuse_start(self) -> None:
        if reason := self._steps.signals.hold or self._steps.signals.abort:
            raise HeldBack(reason)
