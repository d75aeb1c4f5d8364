"""State machine of a device in a change: every step is recorded before execution, every outcome is proven.

    precheck, read, backup | arm, apply, compare, verify | confirm, verify_state, save | done
                           |               any failure: revert, rollback, read         | done

An accepted command is no proof. The new or the old state is read from the device when no armed guard could still change
it. A step that cannot be recorded is not taken. The way back needs no record of its own: it was recorded with `arm`,
and follows from the present and the previous configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from eventready.change.execute.device.checks import Findings
from eventready.change.execute.device.driver import (
    HOLD_OVER,
    Assignment,
    AssignmentResult,
    ConfigurationReading,
    DeviceDriver,
    DeviceOutcome,
    GuardTerms,
    StepLog,
    StopSignals,
    VerifyTimes,
)
from eventready.change.execute.device.verify import open_issues, tolerate
from eventready.change.forms.configuration import Configuration
from eventready.change.forms.tree import Tree
from eventready.change.guard.guard import StepResult
from eventready.change.guard.soak import Soak
from eventready.change.guard.window import GuardWindow, Timer
from eventready.change.plan.scope import Drift
from eventready.core.errors import EventreadyError, RefusedError, StoreError
from eventready.core.messages import as_record, from_record, message, rendered, to_stored
from eventready.core.redaction.redaction import redact
from eventready.session.reply import ReplyStatus
from eventready.store.changes import Step
from eventready.store.evidence import PackedEvidence


class _Failed(EventreadyError):
    """The change cannot stay on this device."""


class _LockedOut(_Failed):
    """No new login succeeds: the present session may be the only access."""


class _HeldBack(_Failed):
    """The change stopped before this device."""


@dataclass
class _Reverting:
    """Progress of a revert. `seen`: the last hash read."""

    attempts_left: int
    saves_left: int = 2
    seen: str = ""
    problem: str = ""
    given_up: bool = False


class DeviceMachine:
    """Executes or resumes an assignment. Not thread-safe. Raises nothing: any error, also an internal error, causes a
    revert."""

    def __init__(
        self, assignment: Assignment, driver: DeviceDriver, log: StepLog, signals: StopSignals, timer: Timer
    ) -> None:
        self._assignment, self._driver, self._log, self._signals, self._timer = assignment, driver, log, signals, timer
        self._target: Tree = {}
        self._findings: Findings = ()
        self._verified = ""
        self._route_back = ""
        self._window, self._soak = GuardWindow(), Soak(0.0, "none")
        self._resumed = self._startup_changed = self._rolling_back = False

    # ------------------------------------------------------------------ entry points

    def execute(self) -> AssignmentResult:
        """Run the assignment from the precheck to its end."""
        try:
            before = self._prepare()
        except Exception as error:
            refused, held_back = isinstance(error, RefusedError), isinstance(error, _HeldBack)
            return self._end(DeviceOutcome.UNTOUCHED, _message(error), refused=refused, held_back=held_back)
        try:
            self._apply(before)
        except Exception as error:
            return self._revert(before, _message(error), keep_session=isinstance(error, _LockedOut))
        return self._confirm(before)

    def resume(self, history: Sequence[Step], before: Configuration | None) -> AssignmentResult:
        """Finish or revert after a crash, from the recorded steps and the device's present state.

        `before` is the recorded backup; None if there is none.
        """
        steps = [step.step for step in history]
        if "arm" not in steps:
            why = rendered("change:why.interrupted_before")
            return self._end(DeviceOutcome.UNTOUCHED, why, held_back=True)
        if before is None:
            return self._end(DeviceOutcome.UNPROVEN, rendered("change:why.lost"))
        self._resumed, self._startup_changed, self._rolling_back = True, "save" in steps, "rollback" in steps
        try:
            self._target = self._assignment.target(before.tree)
            terms = self._driver.terms(before)
        except Exception as error:
            return self._end(DeviceOutcome.UNPROVEN, _message(error))
        if terms.device_side:
            self._window = GuardWindow.after_crash(self._timer, history, terms.seconds)
        if "confirm" in steps and "revert" not in steps:
            return self._finish_confirmed(before, acknowledged=False)
        cut_off = rendered("change:why.interrupted_at", step=steps[-1])
        return self._revert(
            before, next((from_record(one.body, "why") for one in history if one.step == "revert"), cut_off)
        )

    # ------------------------------------------------------------------ forward

    def _prepare(self) -> Configuration:
        """Run every step before the first line: precheck, and comparison with the planned configuration."""
        assignment = self._assignment
        self._refuse_start()
        self._record("precheck")
        findings = self._driver.precheck()
        self._findings = tolerate(findings, assignment.tolerated)
        self._record("read", {"issues": [list(one) for one in open_issues(findings)]})
        reading = self._driver.read()
        before = reading.configuration
        drift = self._drift(before)
        self._driver.terms(before)
        self._driver.probe_guard()
        waiting = self._driver.pending()
        if waiting is not None:
            raise RefusedError(message("change:device.pending", device=assignment.device, owner=waiting.owner))
        self._refuse_unsaved(before, drifted=drift is not None)
        self._target = assignment.target(before.tree)
        form, target = assignment.form, self._target
        as_planned = drift is not None or form.fingerprint(target) == assignment.predicted
        if not as_planned or form.commands_between(before.tree, target) != assignment.forward:
            raise RefusedError(message("change:device.off_target", device=assignment.device))
        if form.commands_between(target, before.tree) != assignment.backward:
            raise RefusedError(message("change:device.no_return", device=assignment.device))
        assignment.refuse((*assignment.forward, *assignment.backward), before)
        risks = self._check_way_in(before, self._target)
        if drift is not None:
            self._record("drift", drift.to_dict())
        if risks:
            self._record("way_in", {"risks": risks})
        self._record("backup", *evidence_of(reading))
        if assignment.hold is None:
            self._soak = assignment.soak(before.tree, self._target)
        self._refuse_short_guard(before)
        self._refuse_start()
        return before

    def _apply(self, before: Configuration) -> None:
        """Arm, apply, compare, verify. Raises any failure."""
        assignment, terms = self._assignment, self._driver.terms(before)
        back = assignment.form.commands_between(self._target, before.tree)
        self._record(
            "arm",
            {
                "guard": terms.kind,
                "seconds": terms.seconds,
                "device_side": terms.device_side,
                "way_back": list(back),
                **({"route_back": self._route_back} if self._route_back else {}),
            },
        )
        self._send(assignment.forward, terms, lambda: self._record("apply", {"lines": len(assignment.forward)}))
        self._check_abort()
        self._record("compare")
        found = self._driver.read().configuration
        if not assignment.form.equivalent(found.tree, self._target):
            difference = assignment.form.diff(self._target, found.tree)
            raise _Failed(message("change:why.differs", device=assignment.device, difference=_abbreviated(difference)))
        self._check_abort()
        soak = {"soak_s": self._soak.seconds, "soak_reason": self._soak.reason}
        self._record("verify", {"held": True} if assignment.hold else soak)
        left_s = self._window.first - assignment.timing.margin_s - self._timer.now()
        if assignment.hold is not None:
            assignment.hold(max(0.0, min(assignment.settle_s, left_s)), self._interruptible_sleep)
            raise _Failed(HOLD_OVER)
        if left_s < self._soak.seconds:
            raise _Failed(message("change:why.no_time", left=max(0, left_s), soak=self._soak.summary))
        times = VerifyTimes(min(assignment.settle_s, left_s - self._soak.seconds), self._soak.seconds)
        verified = self._driver.verify(self._findings, times, self._interruptible_sleep)
        if not verified.good:
            raise _Failed(message("change:why.verification", summary=verified.summary))
        msgid = "change:verified.than_before" if assignment.tolerated else "change:verified.plain"
        shown = rendered(msgid, summary=verified.summary)
        if self._soak.seconds:
            shown = rendered("change:verified.soak", shown=shown, soak=self._soak.summary)
        self._verified = shown
        self._check_abort()
        self._login_again()
        if self._timer.now() > self._window.first - assignment.timing.margin_s:
            raise _Failed(message("change:why.late"))

    def _drift(self, before: Configuration) -> Drift | None:
        """Return the drift since the plan outside of its sections, None without a drift.

        Raises RefusedError if a section of the plan has changed.
        """
        assignment = self._assignment
        if before.sha256 == assignment.before:
            return None
        drift = None
        with suppress(EventreadyError):  # the fragment may no longer fit
            drift = assignment.unrelated(before.tree, assignment.target(before.tree))
        if drift is None:
            raise RefusedError(
                message("change:device.drifted", device=assignment.device), do=assignment.explain_drift(before)
            )
        return drift

    def _refuse_unsaved(self, before: Configuration, *, drifted: bool) -> None:
        """Raise RefusedError for unsaved lines not stated in the plan: saving the change would save them too."""
        assignment = self._assignment
        startup = self._driver.startup() if drifted or assignment.startup is not None else None
        if startup is None or assignment.form.equivalent(startup.tree, before.tree):
            return
        if drifted or assignment.form.fingerprint(startup.tree) != assignment.startup:
            unsaved = _abbreviated(assignment.form.diff(startup.tree, before.tree))
            raise RefusedError(message("change:device.unsaved", device=assignment.device, unsaved=unsaved))

    def _check_way_in(self, running: Configuration, target: Tree) -> list[Any]:
        """Read the route back to this machine, and return the new risks for the journal. Raises RefusedError."""
        check = self._assignment.check_way_in
        if check is None:
            return []
        way = self._driver.way_in(running)
        self._route_back = way.shown if way.routes else ""
        return [to_stored(risk) for risk in check(way, running.tree, target)]

    def _refuse_short_guard(self, before: Configuration) -> None:
        """Raise RefusedError if the guard would fire during the soak."""
        terms, margin_s = self._driver.terms(before), self._assignment.timing.margin_s
        if terms.device_side and self._soak.seconds + 2 * margin_s > terms.seconds:
            device, soak = self._assignment.device, self._soak.summary
            raise RefusedError(message("change:device.short_guard", device=device, seconds=terms.seconds, soak=soak))

    def _send(self, lines: Sequence[str], terms: GuardTerms, before_sending: Callable[[], None] = lambda: None) -> None:
        """Arm the guard and send the lines; set the window in which the guard may fire."""
        began = self._timer.now()
        if terms.device_side:
            self._window = GuardWindow(began + terms.seconds, began + terms.seconds)
        _require(self._driver.arm(), "change:why.not_armed")
        before_sending()
        try:
            applied = self._driver.apply(lines)
        finally:
            if terms.device_side:
                self._window = GuardWindow(began + terms.seconds, self._timer.now() + terms.seconds)
        if not applied.ok:
            rejected = applied.rejected
            reason = rejected.reason if rejected else ""
            reason = reason or rendered("change:why.ended", status=applied.ended.value)
            raise _Failed(message("change:why.after", accepted=applied.accepted, lines=len(lines), reason=reason))

    def _confirm(self, before: Configuration) -> AssignmentResult:
        """Confirm the verified change."""
        try:
            self._record("confirm", as_record("verified", self._verified))
        except StoreError as error:
            return self._revert(before, _message(error))
        try:
            acknowledged = self._driver.confirm().ok
        except Exception:
            acknowledged = False  # the device may have confirmed all the same: read its state
            self._driver.disconnect()
        return self._finish_confirmed(before, acknowledged=acknowledged)

    def _finish_confirmed(self, before: Configuration, *, acknowledged: bool) -> AssignmentResult:
        """Prove the new state of the confirmed device, and save the configuration; revert otherwise."""
        with suppress(StoreError):
            self._record("verify_state")
        found = self._stable_state(before, acknowledged=acknowledged)
        if found is None:
            return self._revert(before, rendered("change:why.new_unproven"))
        stands = found.configuration
        if self._assignment.form.equivalent(stands.tree, before.tree):
            why = rendered("change:why.had_reverted")
            return self._end(DeviceOutcome.OLD, why, stands)
        try:
            self._login_again()
        except _LockedOut as error:
            return self._revert(before, _message(error), keep_session=True)
        try:
            self._record("save", *evidence_of(found))
        except StoreError as error:
            why = rendered("change:why.not_saved", error=_message(error))
            return AssignmentResult(self._assignment.device, DeviceOutcome.NEW, why, recorded=False)
        problem = self._save(self._target)
        if problem:
            return self._revert(before, rendered("change:why.unsaved", problem=problem))
        return self._end(DeviceOutcome.NEW, "", stands)

    def _stable_state(self, before: Configuration, *, acknowledged: bool) -> ConfigurationReading | None:
        """Return the reading in which no guard is armed and the device is in the new or the old state; else None.

        Without an acknowledged confirmation, readings while the guard may be firing do not count.
        """
        form, timing = self._assignment.form, self._assignment.timing
        until = max(self._timer.now(), self._window.settled(timing)) + timing.reach_s
        strange = ""
        while True:
            try:
                waiting = self._driver.pending()
                if waiting is None or not waiting.mine:
                    reading = self._driver.read()
                    found = reading.configuration
                    firing = not acknowledged and self._window.holds(self._timer.now(), timing)
                    is_new = form.equivalent(found.tree, self._target)
                    if form.equivalent(found.tree, before.tree) or (is_new and not firing):
                        return reading
                    if found.sha256 == strange and not firing:
                        return None
                    strange = found.sha256
                elif self._timer.now() < self._window.first - timing.margin_s:
                    acknowledged = self._driver.confirm().ok
                else:
                    acknowledged = False
            except Exception:
                self._driver.disconnect()
            if self._timer.now() >= until:
                return None
            self._timer.sleep(timing.pause_s)

    # ------------------------------------------------------------------ back

    def _login_again(self) -> None:
        """Prove the device's reachability by a login on a new connection. Raises _LockedOut."""
        try:
            self._driver.login_again()
        except Exception as error:
            raise _LockedOut(message("change:why.locked_out", error=_message(error))) from None

    def _revert(self, before: Configuration, why: str, *, keep_session: bool = False) -> AssignmentResult:
        """Revert the device, or wait until its guard has, and prove the old state.

        `keep_session`: the present session is at its prompt, and perhaps the only access.
        """
        timing = self._assignment.timing
        self._record_best_effort("revert", as_record("why", why))
        back = _Reverting(attempts_left=timing.rollback_attempts)
        if not keep_session:
            self._driver.disconnect()  # the session may be in any mode, hung, or lost
        until = self._timer.now()
        while not back.given_up:
            try:
                found = self._try_revert(before, back)
            except Exception as error:
                found, back.seen, back.problem = None, "", _message(error)
                self._driver.disconnect()
            if found is not None:
                return self._end(DeviceOutcome.OLD, why, found)
            until = max(until, self._window.settled(timing))
            if self._timer.now() >= until + timing.reach_s:
                break
            self._timer.sleep(timing.pause_s)
        problem = rendered("change:why.old_unproven", why=_sentence(why), problem=_sentence(back.problem))
        return self._end(DeviceOutcome.UNPROVEN, problem)

    def _try_revert(self, before: Configuration, back: _Reverting) -> Configuration | None:
        """Read the device once, and take a single step if needed; return the configuration once the old state is
        proven.

        A configuration counts when it was read twice: the last line sent may still be executing.
        """
        waiting = self._driver.pending()
        if waiting is not None and waiting.mine:
            back.seen, back.problem = "", rendered("change:why.still_armed")
            self._disarm(before)
            return None
        found = self._driver.read().configuration
        twice, back.seen = found.sha256 == back.seen, found.sha256
        if self._assignment.form.equivalent(found.tree, before.tree):
            return found if twice and self._restart_is_old(before, back) else None
        difference = _abbreviated(self._assignment.form.diff(before.tree, found.tree))
        back.problem = rendered("change:why.still_differs", difference=difference)
        if waiting is not None:
            back.problem = rendered("change:why.foreign_pending")
        elif twice:
            self._roll_back(found, before, back)
        return None

    def _disarm(self, before: Configuration) -> None:
        """Fire the guard at once; confirm the guard of our own rollback if the device is in the old state."""
        led = self._rolling_back and self._assignment.form.equivalent(
            self._driver.read().configuration.tree, before.tree
        )
        _require(self._driver.confirm() if led else self._driver.revert(), "change:why.not_reverted")

    def _roll_back(self, found: Configuration, before: Configuration, back: _Reverting) -> None:
        """Send the inverse commands, under a separate guard if the platform has guards."""
        assignment, terms = self._assignment, self._driver.terms(before)
        back.given_up = not back.attempts_left or self._has_foreign_lines(found, before, back)
        if back.given_up:
            return
        lines = assignment.form.commands_between(found.tree, before.tree)
        assignment.refuse(lines, found)
        back.seen, back.attempts_left, self._rolling_back = "", back.attempts_left - 1, True
        risks: list[Any] = []
        if self._resumed:
            with suppress(Exception):  # the way back is sent in any case
                risks = self._check_way_in(found, before.tree)
        self._record_best_effort("rollback", {"lines": list(lines), **({"risks": risks} if risks else {})})
        self._send(lines, terms)
        if terms.device_side and assignment.form.equivalent(self._driver.read().configuration.tree, before.tree):
            _require(self._driver.confirm(), "change:why.rollback_unconfirmed")

    def _has_foreign_lines(self, found: Configuration, before: Configuration, back: _Reverting) -> bool:
        """Return True if, after a crash, the device has lines neither old nor new: another operator's lines."""
        if not self._resumed:
            return False
        strange = self._assignment.form.foreign_lines(found.tree, before.tree, self._target)
        if strange:
            back.problem = rendered("change:why.foreign_lines", line=strange[0][-1])
        return bool(strange)

    def _restart_is_old(self, before: Configuration, back: _Reverting) -> bool:
        """Return True if a restart restores the old state: nothing was saved, or the startup configuration is old, or
        is saved now.
        """
        if not self._startup_changed:
            return True
        startup = self._driver.startup()
        if startup is not None and self._assignment.form.equivalent(startup.tree, before.tree):
            return True
        back.problem = rendered("change:why.startup")
        back.given_up = not back.saves_left
        back.saves_left -= 1
        if not back.given_up and not self._save(before.tree):
            return True
        back.seen = ""  # it may have restarted while saving
        return False

    # ------------------------------------------------------------------ steps

    def _record(
        self, step: str, body: Mapping[str, Any] | None = None, evidence: tuple[PackedEvidence, ...] = ()
    ) -> None:
        """Record the next step. Raises StoreError: the step is then not taken."""
        self._log(step, body or {}, evidence=evidence)

    def _record_best_effort(self, step: str, body: Mapping[str, Any]) -> None:
        """Record a step of the revert; a failing store must not delay the revert."""
        with suppress(StoreError):
            self._record(step, body)

    def _save(self, tree: Tree) -> str:
        """Save the running configuration, again if the first attempt is in doubt and `tree` still runs; return "" or
        the problem.

        From the first attempt that was not refused, a restart may restore another state than the old one.
        """
        problem = ""
        for attempt in (1, 2):
            try:
                if attempt == 2 and not self._assignment.form.equivalent(self._driver.read().configuration.tree, tree):
                    return rendered("change:why.running_changed", problem=_sentence(problem))
                done = self._driver.save()
            except Exception as error:
                problem, self._startup_changed = _message(error), True
            else:
                self._startup_changed = self._startup_changed or done.ended is not ReplyStatus.REFUSED
                if done.ok:
                    return ""
                problem = done.reason
            self._driver.disconnect()
        return problem

    def _end(
        self,
        outcome: DeviceOutcome,
        why: str,
        found: Configuration | None = None,
        *,
        refused: bool = False,
        held_back: bool = False,
    ) -> AssignmentResult:
        """Record the outcome, and release the lock unless a person must look at the device."""
        body = {
            "outcome": outcome.value,
            **as_record("why", why),
            "sha256": found.sha256 if found else "",
            "refused": refused,
            "held_back": held_back,
        }
        on_record = True
        try:
            self._log("done", body, releases_lock=outcome is not DeviceOutcome.UNPROVEN)
        except StoreError as error:
            error_text = _message(error)
            why = rendered("change:why.both", one=_sentence(why), other=error_text) if why else error_text
            on_record = False
        with suppress(Exception):
            self._driver.disconnect()
        return AssignmentResult(self._assignment.device, outcome, why, refused, held_back, on_record)

    def _refuse_start(self) -> None:
        if reason := self._signals.hold or self._signals.abort:
            raise _HeldBack(reason)

    def _check_abort(self) -> None:
        if self._signals.abort:
            raise _Failed(self._signals.abort)

    def _interruptible_sleep(self, seconds: float) -> None:
        """Sleep between rounds, unless the change is aborted."""
        self._check_abort()
        self._timer.sleep(seconds)
        self._check_abort()


def evidence_of(reading: ConfigurationReading) -> tuple[Mapping[str, Any], tuple[PackedEvidence, ...]]:
    """Return a configuration for the journal: its hash, its answers in reading order, and their texts."""
    texts = {command: PackedEvidence.of(text) for command, text in reading.answers.items()}
    answers = [[command, text.name] for command, text in texts.items()]
    return {"sha256": reading.configuration.sha256, "answers": answers}, tuple(texts.values())


def _require(done: StepResult, otherwise: str) -> None:
    """Raise _Failed with the message of the id `otherwise` for a failed step."""
    if not done.ok:
        raise _Failed(message(otherwise, reason=done.reason))


def _message(error: BaseException) -> str:
    """Return a sentence for an exception; an internal error names its type."""
    if isinstance(error, EventreadyError):
        return rendered("change:why.error", error=error.whole)
    return rendered("change:why.internal", error=redact(f"{type(error).__name__}: {error}"))


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?")) else rendered("change:why.stop", text=text)


def _abbreviated(difference: Sequence[str]) -> str:
    changed = [line for line in difference if line.startswith(("+", "-"))]
    shown = ", ".join(f"`{' '.join(line.split())}`" for line in changed[:3])
    return rendered("change:lines.more", shown=shown, more=len(changed) - 3) if len(changed) > 3 else shown
