"""Steps of a change on a device, recorded before their execution, and its revert until the old state is proven."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from eventready.change.execute.device.assignment import Assignment, Signals
from eventready.change.execute.device.driver import ConfigurationReading, DeviceDriver, GuardTerms, StepLog
from eventready.change.execute.result import AssignmentResult
from eventready.change.forms.configuration import Configuration
from eventready.change.forms.tree import Tree
from eventready.change.guard import StepResult
from eventready.change.times import GuardWindow, Timer
from eventready.core.errors import EventreadyError, StoreError
from eventready.core.messages import Message, in_english, message
from eventready.core.redaction.redaction import redact
from eventready.session.reply import ReplyStatus
from eventready.store.change_steps import ChangeStep, DeviceOutcome, Done, GoBack, Rollback, Save, StoredConfiguration
from eventready.store.evidence import PackedEvidence


class Failed(EventreadyError):
    """The change cannot stay on this device."""


class Unfit(Failed):
    """The device refused a line for its content, or a check is worse: other devices may end in the same way."""


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
        self, assignment: Assignment, driver: DeviceDriver, log: StepLog, signals: Signals, timer: Timer
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

    def check_way_in(self, running: Configuration, target: Tree) -> tuple[str | Message, ...]:
        """Read the route back to this machine, and return the new risks for the journal. Raises RefusedError."""
        rules = self.assignment.rules
        if not rules.reads_way_in:
            return ()
        way = self.driver.way_in(running)
        self.route_back = way.shown if way.routes else ""
        return rules.check_way_in(way, running.tree, target)

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
            reason = reason or message("change:why.ended", status=applied.ended.value)
            kind = Unfit if applied.for_content else Failed
            raise kind(message("change:why.after", accepted=applied.accepted, lines=len(lines), reason=reason))

    def login_again(self) -> None:
        """Prove the device's reachability by a login on a new connection. Raises LockedOut."""
        try:
            self.driver.login_again()
        except Exception as error:
            raise LockedOut(message("change:why.locked_out", error=sentence_of(error))) from None

    def save(self, tree: Tree) -> str | Message:
        """Save the running configuration, again if the first attempt is in doubt and `tree` still runs; return "" or
        the problem.

        From the first attempt that was not refused, a restart may restore another state than the old one.
        """
        problem: str | Message = ""
        for attempt in (1, 2):
            try:
                if attempt == 2 and not self.assignment.form.equivalent(self.driver.read().configuration.tree, tree):
                    return message("change:why.running_changed", problem=as_sentence(problem))
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
        why: str | Message,
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
            why = message("change:why.both", one=as_sentence(why), other=error_text) if why else error_text
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


def sentence_of(error: BaseException) -> Message:
    """Return a sentence for an exception; an internal error names its type."""
    if isinstance(error, EventreadyError):
        return message("change:why.error", error=error.whole)
    return message("change:why.internal", error=redact(f"{type(error).__name__}: {error}"))


def as_sentence(text: str | Message) -> str | Message:
    """Return a text with a stop at its end."""
    return text if not text or in_english(text).endswith((".", "!", "?")) else message("change:why.stop", text=text)


def abbreviated(difference: Sequence[str]) -> str | Message:
    """Return the first changed lines of a difference, and the number of others."""
    changed = [line for line in difference if line.startswith(("+", "-"))]
    shown = ", ".join(f"`{' '.join(line.split())}`" for line in changed[:3])
    return message("change:lines.more", shown=shown, more=len(changed) - 3) if len(changed) > 3 else shown


class Revert:
    """Revert of a device to the configuration `before` the change; `onward`: to the target of a way back instead."""

    def __init__(self, steps: DeviceSteps, before: Configuration, *, onward: bool = False) -> None:
        self._steps, self._before, self._onward = steps, before, onward
        self._goal = steps.target if onward else before.tree
        self._driver, self._assignment = steps.driver, steps.assignment
        self._attempts_left = steps.assignment.procedure.timing.rollback_attempts + steps.assignment.form.spec.repeats
        self._saves_left = 2
        self._seen = ""  # the last hash read
        self._problem: str | Message = ""  # the reason for another round
        self._given_up = False

    def run(self, why: str | Message, *, keep_session: bool = False) -> AssignmentResult:
        """Revert the device, or wait until its guard has, and prove the old state.

        `keep_session`: the present session is at its prompt, and perhaps the only access.
        """
        steps, timing, timer = self._steps, self._assignment.procedure.timing, self._steps.timer
        steps.record_best_effort(GoBack(self._assignment.device, why))
        if not keep_session:
            self._driver.disconnect()  # the session may be in any mode, hung, or lost
        until = timer.now()
        while not self._given_up:
            try:
                found = self._try()
            except Exception as error:
                found, self._seen, self._problem = None, "", sentence_of(error)
                self._driver.disconnect()
            if found is not None:
                return self._end(why, found)
            until = max(until, steps.window.settled(timing))
            if timer.now() >= until + timing.reach_s:
                break
            timer.sleep(timing.pause_s)
        problem = message("change:why.old_unproven", why=as_sentence(why), problem=as_sentence(self._problem))
        return steps.end(DeviceOutcome.UNPROVEN, problem)

    def _end(self, why: str | Message, found: ConfigurationReading) -> AssignmentResult:
        """Record the proven state; after a way back with its configuration, for a later way back."""
        if not self._onward:
            return self._steps.end(DeviceOutcome.OLD, why, found.configuration)
        kept, texts = evidence_of(found)
        with suppress(StoreError):
            self._steps.record(Save(self._assignment.device, kept), texts)
        return self._steps.end(DeviceOutcome.NEW, why, found.configuration)

    def _try(self) -> ConfigurationReading | None:
        """Read the device once, and take a single step if needed; return the reading once the wanted state is proven.

        A configuration counts when it was read twice: the last line sent may still be executing. The target of a way
        back does not count while a guard may be firing.
        """
        waiting = self._driver.pending()
        if waiting is not None and waiting.mine:
            self._seen, self._problem = "", message("change:why.still_armed")
            self._disarm()
            return None
        reading = self._driver.read()
        found = reading.configuration
        firing = self._onward and self._steps.window.holds(self._steps.timer.now(), self._assignment.procedure.timing)
        twice, self._seen = found.sha256 == self._seen and not firing, found.sha256
        if self._is_reached(found.tree):
            return reading if twice and self._restart_reaches() else None
        difference = abbreviated(self._assignment.form.diff(self._goal, found.tree))
        self._problem = message("change:why.still_differs", difference=difference)
        if waiting is not None:
            self._problem = message("change:why.foreign_pending")
        elif twice:
            self._roll_back(found)
        return None

    def _is_reached(self, tree: Tree) -> bool:
        return self._assignment.form.equivalent(tree, self._goal)

    def _disarm(self) -> None:
        """Fire the guard at once; confirm the guard of our own way back at its goal."""
        leads = self._onward or self._steps.rolling_back
        led = leads and self._is_reached(self._driver.read().configuration.tree)
        require(self._driver.confirm() if led else self._driver.revert(), "change:why.not_reverted")

    def _roll_back(self, found: Configuration) -> None:
        """Send the inverse commands, under a separate guard if the platform has guards."""
        steps, terms = self._steps, self._driver.terms(self._before)
        self._given_up = not self._attempts_left or self._has_foreign_lines(found)
        if self._given_up:
            return
        lines = self._assignment.form.commands_between(found.tree, self._goal)
        self._assignment.rules.refuse(lines, found)
        self._seen, self._attempts_left, steps.rolling_back = "", self._attempts_left - 1, True
        risks: tuple[str | Message, ...] = ()
        if steps.resumed:
            with suppress(Exception):  # the way back is sent in any case
                risks = steps.check_way_in(found, self._goal)
        steps.record_best_effort(Rollback(self._assignment.device, tuple(lines), risks))
        steps.send(lines, terms)
        if terms.device_side and self._is_reached(self._driver.read().configuration.tree):
            require(self._driver.confirm(), "change:why.rollback_unconfirmed")

    def _has_foreign_lines(self, found: Configuration) -> bool:
        """Return True if, after a crash, the device has lines neither old nor new: another operator's lines."""
        if not self._steps.resumed:
            return False
        if self._assignment.only_way_back:
            sent, planned = self._assignment.form.commands_between(found.tree, self._goal), self._assignment.planned
            strange = [line for line in sent if line not in planned.backward]
        else:
            foreign = self._assignment.form.foreign_lines(found.tree, self._before.tree, self._steps.target)
            strange = [path[-1] for path in foreign]
        if strange:
            self._problem = message("change:why.foreign_lines", line=strange[0])
        return bool(strange)

    def _restart_reaches(self) -> bool:
        """Return True if a restart leads to the same state: nothing was saved, or the startup configuration is right
        or is saved now.
        """
        if not self._steps.startup_changed:
            return True
        startup = self._driver.startup()
        if startup is not None and self._is_reached(startup.tree):
            return True
        self._problem = message("change:why.startup")
        self._given_up = not self._saves_left
        self._saves_left -= 1
        if not self._given_up and not self._steps.save(self._goal):
            return True
        self._seen = ""  # the device may have restarted while saving
        return False
