"""One device's way through a change, as a state machine: every step on record before it is taken, every outcome proven.

    look, read, back up | arm, apply, compare, verify | confirm, prove, save | done
                        |                      any failure: revert, prove    | done

Nothing is believed because it was sent. Whether a device is in its new or its old state is read from the device, when
nothing is armed on it that could still move it. A step that cannot be recorded is not taken. The way back needs no
record of its own: it was recorded with `arm`, and all that it does follows from what is found and what was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from eventready.change.case import Assignment, Ending, GuardTerms, Hand, Log, Orders, Outcome, Reading
from eventready.change.configuration import Configuration
from eventready.change.delta import fingerprint, same, shown, way
from eventready.change.guard import Done
from eventready.change.timing import Time, Window
from eventready.change.tree import Tree, walk
from eventready.change.verify import Findings, amiss, tolerating
from eventready.errors import EventreadyError, RefusedError, StoreError
from eventready.session.redaction import redact
from eventready.session.reply import Ended
from eventready.store.changes import Step
from eventready.store.evidence import Packed


class _Failed(EventreadyError):
    """The change cannot stay on this device."""


class _HeldBack(_Failed):
    """The change as a whole does not go on to this device."""


@dataclass
class _Back:
    """On the way back. `recorded`: it stands on record, so that it may be helped; `seen` is the hash found last."""

    recorded: bool
    ways_left: int
    saves_left: int = 2
    seen: str = ""
    trouble: str = ""
    hopeless: bool = False


class DeviceMachine:
    """Carries one assignment out, or resumes it. Not for two threads at once; raises nothing:
    whatever goes wrong, a defect of ours too, is a reason to go back."""

    def __init__(self, job: Assignment, hand: Hand, log: Log, orders: Orders, time: Time) -> None:
        self._job, self._hand, self._log, self._orders, self._time = job, hand, log, orders, time
        self._wanted: Tree = {}
        self._findings: Findings = ()
        self._verified = ""
        self._window = Window()
        self._resumed = self._startup_moved = self._leading = False

    # ------------------------------------------------------------------ the two ways in

    def carry_out(self) -> Ending:
        """From the first look to the end."""
        try:
            before = self._prepare()
        except Exception as error:
            refused, held_back = isinstance(error, RefusedError), isinstance(error, _HeldBack)
            return self._end(Outcome.UNTOUCHED, _said(error), refused=refused, held_back=held_back)
        try:
            self._put_in(before)
        except Exception as error:
            return self._go_back(before, _said(error))
        return self._keep(before)

    def resume(self, history: Sequence[Step], before: Configuration | None) -> Ending:
        """After a crash: from the steps on record, and from what the device is found to be.

        `before` is the backed up configuration; None where the record has none.
        """
        steps = [step.step for step in history]
        if "arm" not in steps:
            why = "The change was cut off before any line was sent to this device."
            return self._end(Outcome.UNTOUCHED, why, held_back=True)
        if before is None:
            return self._end(Outcome.UNPROVEN, "What it was before is no longer in the store.")
        self._resumed, self._startup_moved, self._leading = True, "save" in steps, "lead_back" in steps
        try:
            self._wanted = self._job.wanted(before.tree)
            terms = self._hand.terms(before)
        except Exception as error:
            return self._end(Outcome.UNPROVEN, _said(error))
        if terms.by_itself:
            self._window = Window.after_crash(self._time, history, terms.seconds)
        if "confirm" in steps and "revert" not in steps:
            return self._stay(before, acknowledged=False)
        cut_off = f"The change was cut off at the step `{steps[-1]}`."
        return self._go_back(before, next((str(one.body["why"]) for one in history if one.step == "revert"), cut_off))

    # ------------------------------------------------------------------ forward

    def _prepare(self) -> Configuration:
        """Everything before the first line: what the device is like, and that it is what the plan was made for."""
        job = self._job
        self._refuse_to_begin()
        self._begin("look")
        findings = self._hand.look()
        self._findings = tolerating(findings, job.tolerated)
        self._begin("read", {"amiss": [list(one) for one in amiss(findings)]})
        reading = self._hand.read()
        before = reading.configuration
        if before.sha256 != job.before:
            raise RefusedError(
                f"The running configuration of {job.device} is not the one that the plan was made for",
                do=job.moved(before),
            )
        self._hand.terms(before)
        waiting = self._hand.pending()
        if waiting is not None:
            who = f" ({waiting.by})" if waiting.by else ""
            raise RefusedError(
                f"{job.device} has a change of somebody else's that waits to be confirmed{who}",
                do="Wait until it is confirmed or taken back, and make a new plan.",
            )
        self._wanted = job.wanted(before.tree)
        if (
            fingerprint(job.spec, self._wanted) != job.predicted
            or way(job.spec, before.tree, self._wanted) != job.forward
        ):
            raise RefusedError(
                f"The plan's lines for {job.device} are not those that lead there now", do="Make a new plan."
            )
        if way(job.spec, self._wanted, before.tree) != job.backward:
            raise RefusedError(
                f"The plan's way back for {job.device} is not the one that leads back from there, so that whoever "
                "approved it was shown something else",
                do="Make a new plan.",
            )
        job.refuse(job.forward, before)
        self._begin("backup", *_kept(reading))
        self._refuse_to_begin()
        return before

    def _put_in(self, before: Configuration) -> None:
        """Arm, apply, compare, verify. Whatever goes wrong is raised."""
        job, terms = self._job, self._hand.terms(before)
        back = way(job.spec, self._wanted, before.tree)
        self._begin(
            "arm",
            {"guard": terms.kind, "seconds": terms.seconds, "by_itself": terms.by_itself, "way_back": list(back)},
        )
        self._transmit(job.forward, terms, lambda: self._begin("apply", {"lines": len(job.forward)}))
        self._obey()
        self._begin("compare")
        found = self._hand.read().configuration
        if not same(job.spec, found.tree, self._wanted):
            difference = shown(job.spec, self._wanted, found.tree)
            raise _Failed(f"{job.device} does not show what was predicted: {_brief(difference)}")
        self._obey()
        self._begin("verify")
        limit_s = min(job.settle_s, self._window.first - job.patience.margin_s - self._time.now())
        verified = self._hand.settle(self._findings, max(0.0, limit_s), self._nap)
        if not verified.good:
            raise _Failed(f"It was verified and did not hold: {verified.said}")
        self._verified = f"{verified.said} than before that change" if job.tolerated else verified.said
        self._obey()
        if self._time.now() > self._window.first - job.patience.margin_s:
            raise _Failed("Verifying took so long that the guard is about to fire")

    def _transmit(self, lines: Sequence[str], terms: GuardTerms, announce: Callable[[], None] = lambda: None) -> None:
        """Arm the guard and send the lines; the window in which the guard may fire follows from when."""
        began = self._time.now()
        if terms.by_itself:
            self._window = Window(began + terms.seconds, began + terms.seconds)
        _must(self._hand.arm(), "The guard could not be armed")
        announce()
        try:
            applied = self._hand.apply(lines)
        finally:
            if terms.by_itself:
                self._window = Window(began + terms.seconds, self._time.now() + terms.seconds)
        if not applied.ok:
            refused = applied.refused
            said = f"`{refused.line}`: {refused.words}" if refused and refused.line else refused and refused.words
            raise _Failed(f"After {applied.taken} of {len(lines)} lines: {said or applied.ended}")

    def _keep(self, before: Configuration) -> Ending:
        """Confirm what was verified."""
        try:
            self._begin("confirm", {"verified": self._verified})
        except StoreError as error:
            return self._go_back(before, _said(error))
        try:
            acknowledged = self._hand.confirm().ok
        except Exception:
            acknowledged = False  # the device may have heard it all the same: it is asked
            self._hand.let_go()
        return self._stay(before, acknowledged=acknowledged)

    def _stay(self, before: Configuration, *, acknowledged: bool) -> Ending:
        """Prove that the confirmed device stays new, and save it; what turns out not to be new goes back."""
        with suppress(StoreError):
            self._begin("prove")
        found = self._stands(before, acknowledged=acknowledged)
        if found is None:
            return self._go_back(before, "It was confirmed, and could not be shown to stay new")
        stands = found.configuration
        if same(self._job.spec, stands.tree, before.tree):
            why = "It was back in its old configuration when it was to be confirmed: its guard fired, or it restarted."
            return self._end(Outcome.OLD, why, stands)
        try:
            self._begin("save", *_kept(found))
        except StoreError as error:
            do = "the device is new and will stay so until it restarts; resume the change to save it"
            return Ending(self._job.device, Outcome.NEW, f"{_said(error)} Not saved: {do}.", recorded=False)
        trouble = self._saved(self._wanted)
        if trouble:
            return self._go_back(before, f"It could not be saved: {trouble}")
        return self._end(Outcome.NEW, "", stands)

    def _stands(self, before: Configuration, *, acknowledged: bool) -> Reading | None:
        """The configuration that stands once nothing is armed any more, if it is the new or the old one; else None.

        Where nobody has acknowledged the confirmation, what is found while the guard may be firing counts for nothing.
        """
        spec, patience = self._job.spec, self._job.patience
        until = max(self._time.now(), self._window.settled(patience)) + patience.reach_s
        strange = ""
        while True:
            try:
                waiting = self._hand.pending()
                if waiting is None or not waiting.mine:
                    reading = self._hand.read()
                    found = reading.configuration
                    firing = not acknowledged and self._window.holds(self._time.now(), patience)
                    is_new = same(spec, found.tree, self._wanted)
                    if same(spec, found.tree, before.tree) or (is_new and not firing):
                        return reading
                    if found.sha256 == strange and not firing:
                        return None
                    strange = found.sha256
                elif self._time.now() < self._window.first - patience.margin_s:
                    acknowledged = self._hand.confirm().ok
                else:
                    acknowledged = False
            except Exception:
                self._hand.let_go()
            if self._time.now() >= until:
                return None
            self._time.sleep(patience.pause_s)

    # ------------------------------------------------------------------ back

    def _go_back(self, before: Configuration, why: str) -> Ending:
        """Bring the device back, or wait until its guard has, and prove it."""
        patience = self._job.patience
        back = _Back(recorded=self._tried("revert", {"why": why}), ways_left=patience.ways_back)
        self._hand.let_go()  # it may be anywhere: in configuration mode, in a hung command, gone
        until = self._time.now()
        while not back.hopeless:
            try:
                found = self._try_back(before, back)
            except Exception as error:
                found, back.seen, back.trouble = None, "", _said(error)
                self._hand.let_go()
            if found is not None:
                return self._end(Outcome.OLD, why, found)
            until = max(until, self._window.settled(patience))
            if self._time.now() >= until + patience.reach_s:
                break
            self._time.sleep(patience.pause_s)
        return self._end(
            Outcome.UNPROVEN, f"{_sentence(why)} It could not be shown to be back: {_sentence(back.trouble)}"
        )

    def _try_back(self, before: Configuration, back: _Back) -> Configuration | None:
        """One look at the device, and one step if it needs one; the configuration once it is proven to be the old one.

        What counts was found twice: the last line that was sent may still be on its way.
        """
        waiting = self._hand.pending()
        if waiting is not None and waiting.mine:
            back.seen, back.trouble = "", "its guard is still armed"
            if back.recorded:
                self._disarm(before)
            return None
        found = self._hand.read().configuration
        twice, back.seen = found.sha256 == back.seen, found.sha256
        if same(self._job.spec, found.tree, before.tree):
            return found if twice and self._restart_is_old(before, back) else None
        back.trouble = f"it still differs: {_brief(shown(self._job.spec, before.tree, found.tree))}"
        if waiting is not None:
            back.trouble = "a change of somebody else's waits to be confirmed on it"
        elif twice:
            self._lead_back(found, before, back)
        return None

    def _disarm(self, before: Configuration) -> None:
        """Let the guard act at once; confirm it where it guards our own way back, and the device is there."""
        led = self._leading and same(self._job.spec, self._hand.read().configuration.tree, before.tree)
        _must(self._hand.confirm() if led else self._hand.revert(), "It did not go back")

    def _lead_back(self, found: Configuration, before: Configuration, back: _Back) -> None:
        """Only our lines will bring the device back: send them, under a guard of their own where there is one."""
        job, terms = self._job, self._hand.terms(before)
        back.hopeless = not back.ways_left or self._foreign(found, before, back)
        if back.hopeless:
            return
        lines = way(job.spec, found.tree, before.tree)
        job.refuse(lines, found)
        back.seen, back.ways_left, self._leading = "", back.ways_left - 1, True
        self._tried("lead_back", {"lines": list(lines)})
        self._transmit(lines, terms)
        if terms.by_itself and same(job.spec, self._hand.read().configuration.tree, before.tree):
            _must(self._hand.confirm(), "The way back could not be confirmed")

    def _foreign(self, found: Configuration, before: Configuration, back: _Back) -> bool:
        """After a crash, time has passed: lines that are neither old nor new are somebody's, and stay."""
        if not self._resumed:
            return False
        known = {*walk(before.tree), *walk(self._wanted)}
        strange = [path for path in walk(found.tree) if path not in known]
        if strange:
            back.trouble = (
                f"it has lines that are neither of this change nor from before it, such as `{strange[0][-1]}`, so that "
                "somebody has worked on it since"
            )
        return bool(strange)

    def _restart_is_old(self, before: Configuration, back: _Back) -> bool:
        """Whether a restart brings the old one back: nothing was saved, or the device shows it, or it is saved now."""
        if not self._startup_moved:
            return True
        startup = self._hand.startup()
        if startup is not None and same(self._job.spec, startup.tree, before.tree):
            return True
        back.trouble = "what a restart would bring back could not be saved"
        back.hopeless = not back.saves_left
        back.saves_left -= 1
        if not back.hopeless and not self._saved(before.tree):
            return True
        back.seen = ""  # it may have restarted while it was to be saved
        return False

    # ------------------------------------------------------------------ steps

    def _begin(self, step: str, body: Mapping[str, Any] | None = None, evidence: tuple[Packed, ...] = ()) -> None:
        """Record a step that is taken next. Raises StoreError: then it is not."""
        self._log(step, body or {}, evidence=evidence)

    def _tried(self, step: str, body: Mapping[str, Any]) -> bool:
        """Record a step of the way back; False when the store does not take it."""
        try:
            self._begin(step, body)
        except StoreError:
            return False
        return True

    def _saved(self, tree: Tree) -> str:
        """Save what runs, a second time where the first is in doubt and `tree` still runs; empty, or what is wrong.

        From the first attempt on that the device has not refused, a restart may bring back something else than before.
        """
        trouble = ""
        for attempt in (1, 2):
            try:
                if attempt == 2 and not same(self._job.spec, self._hand.read().configuration.tree, tree):
                    return f"{_sentence(trouble)} It no longer runs what was to be saved."
                done = self._hand.save()
            except Exception as error:
                trouble, self._startup_moved = _said(error), True
            else:
                self._startup_moved = self._startup_moved or done.ended is not Ended.REFUSED
                if done.ok:
                    return ""
                trouble = done.reason
            self._hand.let_go()
        return trouble

    def _end(
        self,
        outcome: Outcome,
        why: str,
        found: Configuration | None = None,
        *,
        refused: bool = False,
        held_back: bool = False,
    ) -> Ending:
        """Record the outcome, and give the device back unless a person must look at it."""
        body = {
            "outcome": outcome.value,
            "why": why,
            "sha256": found.sha256 if found else "",
            "refused": refused,
            "held_back": held_back,
        }
        recorded = True
        try:
            self._log("done", body, gives_back=outcome is not Outcome.UNPROVEN)
        except StoreError as error:
            recorded, why = False, f"{_sentence(why)} {_said(error)}".strip()
        with suppress(Exception):
            self._hand.let_go()
        return Ending(self._job.device, outcome, why, refused, held_back, recorded)

    def _refuse_to_begin(self) -> None:
        if reason := self._orders.no_more or self._orders.back:
            raise _HeldBack(reason)

    def _obey(self) -> None:
        if self._orders.back:
            raise _Failed(self._orders.back)

    def _nap(self, seconds: float) -> None:
        """Sleep between looks, unless the change is called back."""
        self._obey()
        self._time.sleep(seconds)
        self._obey()


def _kept(reading: Reading) -> tuple[Mapping[str, Any], tuple[Packed, ...]]:
    """A configuration for the record: its hash, its answers in the order in which they were read, and their texts."""
    texts = {command: Packed.of(text) for command, text in reading.answers.items()}
    answers = [[command, text.name] for command, text in texts.items()]
    return {"sha256": reading.configuration.sha256, "answers": answers}, tuple(texts.values())


def _must(done: Done, otherwise: str) -> None:
    if not done.ok:
        raise _Failed(f"{otherwise}: {done.reason}")


def _said(error: BaseException) -> str:
    """A sentence for whatever was raised; a defect of ours names itself."""
    if isinstance(error, EventreadyError):
        return str(error)
    return redact(f"An internal error ({type(error).__name__}: {error}).")


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def _brief(difference: Sequence[str]) -> str:
    told = [line for line in difference if line.startswith(("+", "-"))]
    more = f" (and {len(told) - 3} more lines)" if len(told) > 3 else ""
    return ", ".join(f"`{' '.join(line.split())}`" for line in told[:3]) + more
