"""Steps of a change on a device, common to the way forward and the way back; recorded before their execution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from eventready.change.execute.device.assignment import Assignment, StopSignals
from eventready.change.execute.device.driver import ConfigurationReading, DeviceDriver, GuardTerms, StepLog
from eventready.change.execute.result import AssignmentResult
from eventready.change.forms.configuration import Configuration
from eventready.change.forms.tree import Tree
from eventready.change.guard.guard import StepResult
from eventready.change.guard.window import GuardWindow, Timer
from eventready.core.errors import EventreadyError, StoreError
from eventready.core.messages import message, rendered
from eventready.core.redaction.redaction import redact
from eventready.session.reply import ReplyStatus
from eventready.store.change_steps import ChangeStep, DeviceOutcome, Done, StoredConfiguration
from eventready.store.evidence import PackedEvidence


class Failed(EventreadyError):
    """The change cannot stay on this device."""


class LockedOut(Failed):
    """No new login succeeds: the present session may be the only access."""


class HeldBack(Failed):
    """The change stopped before this device."""


class DeviceSteps:
    """Steps of an assignment, and the state of their device.

    `target` is the tree after the change, `window` the time in which the guard may fire, `route_back` the route to this
    machine. `resumed`: after a crash; `startup_changed`: a restart may not restore the old state; `rolling_back`: the
    inverse commands were sent.
    """

    def __init__(
        self, assignment: Assignment, driver: DeviceDriver, log: StepLog, signals: StopSignals, timer: Timer
    ) -> None:
        self.assignment, self.driver, self.signals, self.timer = assignment, driver, signals, timer
        self._log = log
        self.target: Tree = {}
        self.window = GuardWindow()
        self.route_back = ""
        self.resumed = self.startup_changed = self.rolling_back = False

    def record(self, step: ChangeStep, evidence: tuple[PackedEvidence, ...] = ()) -> None:
        """Record the next step. Raises StoreError: the step is then not taken."""
        self._log(step, evidence=evidence)

    def record_best_effort(self, step: ChangeStep) -> None:
        """Record a step of the revert; a failing store must not delay the revert."""
        with suppress(StoreError):
            self.record(step)

    def check_way_in(self, running: Configuration, target: Tree) -> tuple[str, ...]:
        """Read the route back to this machine, and return the new risks for the journal. Raises RefusedError."""
        check = self.assignment.check_way_in
        if check is None:
            return ()
        way = self.driver.way_in(running)
        self.route_back = way.shown if way.routes else ""
        return check(way, running.tree, target)

    def send(self, lines: Sequence[str], terms: GuardTerms, before_sending: Callable[[], None] = lambda: None) -> None:
        """Arm the guard and send the lines; set the window in which the guard may fire."""
        began = self.timer.now()
        if terms.device_side:
            self.window = GuardWindow(began + terms.seconds, began + terms.seconds)
        require(self.driver.arm(), "change:why.not_armed")
        before_sending()
        try:
            self.deliver(lines)
        finally:
            if terms.device_side:
                self.window = GuardWindow(began + terms.seconds, self.timer.now() + terms.seconds)

    def deliver(self, lines: Sequence[str]) -> None:
        """Send lines under the armed guard. Raises Failed for a refused line."""
        applied = self.driver.apply(lines)
        if not applied.ok:
            rejected = applied.rejected
            reason = rejected.reason if rejected else ""
            reason = reason or rendered("change:why.ended", status=applied.ended.value)
            raise Failed(message("change:why.after", accepted=applied.accepted, lines=len(lines), reason=reason))

    def login_again(self) -> None:
        """Prove the device's reachability by a login on a new connection. Raises LockedOut."""
        try:
            self.driver.login_again()
        except Exception as error:
            raise LockedOut(message("change:why.locked_out", error=sentence_of(error))) from None

    def save(self, tree: Tree) -> str:
        """Save the running configuration, again if the first attempt is in doubt and `tree` still runs; return "" or
        the problem.

        From the first attempt that was not refused, a restart may restore another state than the old one.
        """
        problem = ""
        for attempt in (1, 2):
            try:
                if attempt == 2 and not self.assignment.form.equivalent(self.driver.read().configuration.tree, tree):
                    return rendered("change:why.running_changed", problem=as_sentence(problem))
                done = self.driver.save()
            except Exception as error:
                problem, self.startup_changed = sentence_of(error), True
            else:
                self.startup_changed = self.startup_changed or done.ended is not ReplyStatus.REFUSED
                if done.ok:
                    return ""
                problem = done.reason
            self.driver.disconnect()
        return problem

    def check_abort(self) -> None:
        """Raise Failed if the change is aborted."""
        if self.signals.abort:
            raise Failed(self.signals.abort)

    def interruptible_sleep(self, seconds: float) -> None:
        """Sleep between rounds, unless the change is aborted."""
        self.check_abort()
        self.timer.sleep(seconds)
        self.check_abort()

    def end(
        self,
        outcome: DeviceOutcome,
        why: str,
        found: Configuration | None = None,
        *,
        refused: bool = False,
        held_back: bool = False,
    ) -> AssignmentResult:
        """Record the outcome, and release the lock unless a person must look at the device."""
        device, sha256, on_record = self.assignment.device, found.sha256 if found else "", True
        done = Done(device, outcome, why, sha256, refused=refused, held_back=held_back)
        try:
            self._log(done, releases_lock=outcome is not DeviceOutcome.UNPROVEN)
        except StoreError as error:
            error_text = sentence_of(error)
            why = rendered("change:why.both", one=as_sentence(why), other=error_text) if why else error_text
            on_record = False
        with suppress(Exception):
            self.driver.disconnect()
        return AssignmentResult(device, outcome, why, refused, held_back, on_record)


def evidence_of(reading: ConfigurationReading) -> tuple[StoredConfiguration, tuple[PackedEvidence, ...]]:
    """Return a configuration for the journal: its hash, its answers in reading order, and their texts."""
    texts = {command: PackedEvidence.of(text) for command, text in reading.answers.items()}
    answers = tuple((command, text.name) for command, text in texts.items())
    return StoredConfiguration(reading.configuration.sha256, answers), tuple(texts.values())


def require(done: StepResult, otherwise: str) -> None:
    """Raise Failed with the message of the id `otherwise` for a failed step."""
    if not done.ok:
        raise Failed(message(otherwise, reason=done.reason))


def sentence_of(error: BaseException) -> str:
    """Return a sentence for an exception; an internal error names its type."""
    if isinstance(error, EventreadyError):
        return rendered("change:why.error", error=error.whole)
    return rendered("change:why.internal", error=redact(f"{type(error).__name__}: {error}"))


def as_sentence(text: str) -> str:
    """Return a text with a stop at its end."""
    return text if not text or text.endswith((".", "!", "?")) else rendered("change:why.stop", text=text)


def abbreviated(difference: Sequence[str]) -> str:
    """Return the first changed lines of a difference, and the number of others."""
    changed = [line for line in difference if line.startswith(("+", "-"))]
    shown = ", ".join(f"`{' '.join(line.split())}`" for line in changed[:3])
    return rendered("change:lines.more", shown=shown, more=len(changed) - 3) if len(changed) > 3 else shown
