"""Revert of a device: by its guard or by inverse commands, until the old state is proven."""

from __future__ import annotations

from contextlib import suppress

from eventready.change.execute.device.steps import DeviceSteps, abbreviated, as_sentence, require, sentence_of
from eventready.change.execute.result import AssignmentResult
from eventready.change.forms.configuration import Configuration
from eventready.change.forms.tree import Tree
from eventready.core.messages import rendered
from eventready.store.change_steps import DeviceOutcome, GoBack, Rollback


class Revert:
    """Revert of a device to the configuration `before` the change."""

    def __init__(self, steps: DeviceSteps, before: Configuration) -> None:
        self._steps, self._before = steps, before
        self._driver, self._assignment = steps.driver, steps.assignment
        self._attempts_left = steps.assignment.timing.rollback_attempts + steps.assignment.form.spec.repeats
        self._saves_left = 2
        self._seen = self._problem = ""  # the last hash read, and the reason for another round
        self._given_up = False

    def run(self, why: str, *, keep_session: bool = False) -> AssignmentResult:
        """Revert the device, or wait until its guard has, and prove the old state.

        `keep_session`: the present session is at its prompt, and perhaps the only access.
        """
        steps, timing, timer = self._steps, self._assignment.timing, self._steps.timer
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
                return steps.end(DeviceOutcome.OLD, why, found)
            until = max(until, steps.window.settled(timing))
            if timer.now() >= until + timing.reach_s:
                break
            timer.sleep(timing.pause_s)
        problem = rendered("change:why.old_unproven", why=as_sentence(why), problem=as_sentence(self._problem))
        return steps.end(DeviceOutcome.UNPROVEN, problem)

    def _try(self) -> Configuration | None:
        """Read the device once, and take a single step if needed; return the configuration once the old state is
        proven.

        A configuration counts when it was read twice: the last line sent may still be executing.
        """
        waiting = self._driver.pending()
        if waiting is not None and waiting.mine:
            self._seen, self._problem = "", rendered("change:why.still_armed")
            self._disarm()
            return None
        found = self._driver.read().configuration
        twice, self._seen = found.sha256 == self._seen, found.sha256
        if self._is_old(found.tree):
            return found if twice and self._restart_is_old() else None
        difference = abbreviated(self._assignment.form.diff(self._before.tree, found.tree))
        self._problem = rendered("change:why.still_differs", difference=difference)
        if waiting is not None:
            self._problem = rendered("change:why.foreign_pending")
        elif twice:
            self._roll_back(found)
        return None

    def _is_old(self, tree: Tree) -> bool:
        return self._assignment.form.equivalent(tree, self._before.tree)

    def _disarm(self) -> None:
        """Fire the guard at once; confirm the guard of our own rollback if the device is in the old state."""
        led = self._steps.rolling_back and self._is_old(self._driver.read().configuration.tree)
        require(self._driver.confirm() if led else self._driver.revert(), "change:why.not_reverted")

    def _roll_back(self, found: Configuration) -> None:
        """Send the inverse commands, under a separate guard if the platform has guards."""
        steps, terms = self._steps, self._driver.terms(self._before)
        self._given_up = not self._attempts_left or self._has_foreign_lines(found)
        if self._given_up:
            return
        lines = self._assignment.form.commands_between(found.tree, self._before.tree)
        self._assignment.refuse(lines, found)
        self._seen, self._attempts_left, steps.rolling_back = "", self._attempts_left - 1, True
        risks: tuple[str, ...] = ()
        if steps.resumed:
            with suppress(Exception):  # the way back is sent in any case
                risks = steps.check_way_in(found, self._before.tree)
        steps.record_best_effort(Rollback(self._assignment.device, tuple(lines), risks))
        steps.send(lines, terms)
        if terms.device_side and self._is_old(self._driver.read().configuration.tree):
            require(self._driver.confirm(), "change:why.rollback_unconfirmed")

    def _has_foreign_lines(self, found: Configuration) -> bool:
        """Return True if, after a crash, the device has lines neither old nor new: another operator's lines."""
        if not self._steps.resumed:
            return False
        strange = self._assignment.form.foreign_lines(found.tree, self._before.tree, self._steps.target)
        if strange:
            self._problem = rendered("change:why.foreign_lines", line=strange[0][-1])
        return bool(strange)

    def _restart_is_old(self) -> bool:
        """Return True if a restart restores the old state: nothing was saved, or the startup configuration is old, or
        is saved now.
        """
        if not self._steps.startup_changed:
            return True
        startup = self._driver.startup()
        if startup is not None and self._is_old(startup.tree):
            return True
        self._problem = rendered("change:why.startup")
        self._given_up = not self._saves_left
        self._saves_left -= 1
        if not self._given_up and not self._steps.save(self._before.tree):
            return True
        self._seen = ""  # the device may have restarted while saving
        return False
