"""A device over real sessions for the device machine: sessions on demand, its guard, the audit's checks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from itertools import takewhile

from eventready.change.errors import SendCommands, shown_by
from eventready.change.execute.device.driver import ConfigurationReading, GuardTerms, Verification, VerifyTimes
from eventready.change.execute.device.partners import Partner
from eventready.change.execute.device.verify import (
    DeviceChecks,
    Findings,
    SettleResult,
    ages,
    compare_findings,
    lost_meanwhile,
    verify_until_stable,
)
from eventready.change.forms.configuration import Configuration, Fragment
from eventready.change.forms.known_forms import form_of
from eventready.change.guard import (
    Guard,
    GuardStateUnknown,
    PendingChange,
    SendResult,
    StepResult,
    armed_seconds,
    change_spec,
    guards_for,
)
from eventready.change.safety.way_in import WayIn, read_way_in
from eventready.checks.finding import Outcome
from eventready.core.clock import Clock
from eventready.core.errors import RefusedError
from eventready.core.messages import Message, message
from eventready.core.strings.pattern import find_in_answer
from eventready.facts.observation import Observation
from eventready.platforms.model import GuardSpec
from eventready.session.connect import Session, open_session, open_shell
from eventready.session.reply import ReplyStatus, SessionLost
from eventready.session.target import Target

#: Seconds of a session beyond the guard's time: reading before it, proving after it.
_BESIDE_S = 600.0
#: Longest sleep without a look at the stop signals.
_SLICE_S = 2.0


class LiveDevice:
    """A DeviceDriver over SSH, telnet or MML.

    `planned` is the guard kind of the plan; the device must still support it. `armed`: this change armed the guard
    before a crash, so that it is not chosen again. `counter_interval_s`: seconds between two readings of counters
    before the change; 0 reads them once, and no rate is compared.
    """

    def __init__(
        self,
        target: Target,
        checks: DeviceChecks,
        fragment: Fragment,
        *,
        clock: Clock,
        change: str,
        seconds: int,
        planned: str,
        armed: bool = False,
        partners: Mapping[str, Partner] | None = None,
        counter_interval_s: float = 0.0,
    ) -> None:
        longest = max(target.device_timeout_s, seconds * 2 + _BESIDE_S)
        self._target = replace(target, device_timeout_s=longest)
        self._checks, self._platform = checks, checks.platform
        self._form = form_of(change_spec(self._platform))
        self._commands = self._form.commands_to_read(fragment)
        self._clock, self._change, self._seconds, self._planned = clock, change, seconds, planned
        self._armed = armed
        self._known = self._of_kind(planned)
        self._spec: GuardSpec | None = self._known[0] if armed else None
        self._better: tuple[GuardSpec, ...] = ()
        self._unsure = armed and len(self._known) > 1
        self._open_session: Session | None = None
        self._open_guard: Guard | None = None
        self._open_shell: Session | None = None
        self._trial: Session | None = None
        self._partners = {name: partner.for_at_least(longest) for name, partner in (partners or {}).items()}
        self._interval_s = counter_interval_s if checks.counters else 0.0
        self._rates: frozenset[tuple[str, str]] = frozenset()
        self._latest: tuple[Observation, ...] = ()

    # ------------------------------------------------------------------ reading

    def precheck(self) -> Findings:
        """Run the audit's checks. Raises SessionLost without any measurement: no result could be worse."""
        began = time.monotonic()
        findings = self._run_checks()
        measured = {(one.check, one.subject) for one in findings if one.status is not Outcome.NOT_MEASURED}
        if self._checks.applicable and not measured:
            first = findings[0] if findings else None
            reason = Message(first.message_id, first.params) if first else message("change:precheck.no_finding")
            raise SessionLost(message("change:precheck.nothing", device=self._target.name, reason=reason))
        if not self._interval_s:
            return findings
        time.sleep(self._interval_s)
        second = self._checks.read_counters(self._session.send_commands)
        findings = self._checks.evaluate((*self._latest, *second), self._clock.now(), time.monotonic() - began)
        self._rates = frozenset({(one.check, one.subject) for one in findings} - measured)
        return findings

    def verify(self, before: Findings, times: VerifyTimes, sleep: Callable[[float], None]) -> Verification:
        """See DeviceDriver. A device without applicable checks is only observed for the soak."""
        if not self._checks.applicable:
            times.soaking()
            sleep(times.soak_s)
            return Verification(True, message("change:verified.no_check"))
        single = tuple(one for one in before if (one.check, one.subject) not in self._rates)
        settled = verify_until_stable(self._run_checks, single, limit_s=times.limit_s, sleep=sleep)
        if settled.good and times.soak_s:
            times.soaking()
            return self._soak(before, times.soak_s, sleep)
        return _verdict(settled)

    def _soak(self, before: Findings, soak_s: float, sleep: Callable[[float], None]) -> Verification:
        """Observe the device, then compare the ages of adjacencies, the counters, and the checks once more."""
        start, began = self._latest, time.monotonic()
        left_s = soak_s
        while left_s > 0:
            sleep(min(left_s, _SLICE_S))
            left_s -= _SLICE_S
        findings, elapsed_s = self._run_checks(), time.monotonic() - began
        if lost := lost_meanwhile(ages(start), ages(self._latest), elapsed_s):
            return Verification(False, message("change:verified.lost", subjects=lost))
        if self._interval_s:
            counters = [one for one in start if self._is_counter(one)]
            second = [replace(one, reading=2) for one in self._latest if self._is_counter(one)]
            others = [one for one in self._latest if not self._is_counter(one)]
            findings = self._checks.evaluate((*others, *counters, *second), self._clock.now(), elapsed_s)
        return _verdict(compare_findings(before, findings))

    def _is_counter(self, one: Observation) -> bool:
        return one.device == self._target.name and one.fact in self._checks.counters

    def _run_checks(self) -> Findings:
        senders: dict[str, SendCommands] = {name: partner.send for name, partner in self._partners.items()}
        self._latest = self._checks.read({**senders, self._target.name: self._session.send_commands})
        return self._checks.evaluate(self._latest, self._clock.now())

    def read(self) -> ConfigurationReading:
        """See DeviceDriver. Stops at the first unanswered command: an element has many objects, and each would time
        out.
        """
        answers: dict[str, str] = {}
        for command in self._commands:
            (reply,) = self._session.send_commands([command])
            if reply.status is not ReplyStatus.ANSWERED:
                where = {"device": self._target.name, "command": reply.command}
                raise SessionLost(message("change:unread.live", **where, reason=reply.cause))
            answers[reply.command] = reply.text
        return ConfigurationReading(self._form.read(answers, device=self._target.name), answers)

    def startup(self) -> Configuration | None:
        """See DeviceDriver."""
        spec = self._form.spec
        if not spec.startup or (spec.startup_shell and not self._target.has_shell):
            return None
        session = self._shell if spec.startup_shell else self._session
        return self._form.read_startup(session.send_commands, device=self._target.name)

    def way_in(self, running: Configuration) -> WayIn:
        """See DeviceDriver."""
        return read_way_in(self._platform.spec, self._checks.device, self._session, running.tree)

    # ------------------------------------------------------------------ the guard

    def terms(self, running: Configuration) -> GuardTerms:
        """See DeviceDriver. Raises RefusedError if the device no longer supports the guard of the plan."""
        if self._spec is None:
            known = tuple(guards_for(self._platform, running, self._answer_to, has_shell=self._target.has_shell))
            self._spec = next((spec for spec in known if spec.kind == self._planned), None)
            self._better = tuple(takewhile(lambda spec: spec.kind != self._planned, known)) if self._spec else ()
        if self._spec is None:
            raise RefusedError(
                message("change:guard.other_now", device=self._target.name, kind=known[0].kind, planned=self._planned)
            )
        return GuardTerms(self._spec.kind, armed_seconds(self._spec, self._seconds), self._spec.kind != "inverse")

    def probe_guard(self) -> None:
        """See DeviceDriver. Raises RefusedError if a guard better than the planned guard is usable."""
        for better in self._better:
            with ExitStack() as stack:
                shell = stack.enter_context(open_shell(self._target)) if better.shell else None
                guard = Guard(better, self._form.spec, self._session, shell, self._change, self._seconds)
                if not guard.lacking():
                    names = {"device": self._target.name, "better": better.kind, "planned": self._planned}
                    raise RefusedError(message("change:restated.guard", **names))
        if lacking := self._guard.lacking():
            raise RefusedError(
                message("change:guard.unusable", device=self._target.name, guard=self._planned, lacking=lacking)
            )

    def pending(self) -> PendingChange | None:
        """See DeviceDriver."""
        return self._guard.pending()

    def arm(self) -> StepResult:
        """See DeviceDriver."""
        self._armed = True
        return self._guard.arm()

    def apply(self, lines: Sequence[str]) -> SendResult:
        """See DeviceDriver."""
        return self._guard.apply(lines)

    def confirm(self) -> StepResult:
        """See DeviceDriver."""
        return self._guard.confirm()

    def revert(self) -> StepResult:
        """See DeviceDriver."""
        return self._guard.revert()

    def save(self) -> StepResult:
        """See DeviceDriver."""
        return self._guard.save()

    # ------------------------------------------------------------------ sessions

    def login_again(self) -> None:
        """See DeviceDriver. Where the endpoint has no second session, or shares its sessions among elements, the
        present one is closed first: nothing that is configured on an element affects the login to its manager.
        """
        if self._target.element or self._platform.spec.session.limit < 2:
            self.disconnect()
            self._session.send_commands([])
        else:
            open_session(self._target, self._platform.spec).close()

    def disconnect(self) -> None:
        """See DeviceDriver."""
        for session in (self._trial, self._open_shell, self._open_session):
            if session is not None:
                with suppress(Exception):
                    session.close()
        for partner in self._partners.values():
            partner.close()
        self._open_session = self._open_shell = self._trial = self._open_guard = None

    @property
    def _session(self) -> Session:
        if self._open_session is not None and self._open_session.over:
            self.disconnect()
        if self._open_session is None:
            self._open_session = open_session(self._target, self._platform.spec)
        return self._open_session

    @property
    def _shell(self) -> Session:
        """Return the session of the host's shell."""
        if self._open_shell is None or self._open_shell.over:
            self._open_shell = open_shell(self._target)
        return self._open_shell

    @property
    def _guard(self) -> Guard:
        session = self._session  # closes the guard of a session that has ended
        if self._open_guard is None:
            if self._spec is None:
                raise RuntimeError("the guard is chosen before it is used")
            if self._unsure:
                self._spec, self._unsure = self._fitting(), False
            self._open_guard = Guard(
                self._spec,
                self._form.spec,
                session,
                self._shell if self._spec.shell else None,
                self._change,
                self._seconds,
                armed=self._armed,
                open_trial=self._begin_trial,
            )
        return self._open_guard

    def _begin_trial(self) -> Session:
        """Open the session to which a guard is bound."""
        self._trial = open_session(self._target, self._platform.spec)
        return self._trial

    def _of_kind(self, kind: str) -> tuple[GuardSpec, ...]:
        return tuple(one for one in self._form.spec.guards if one.kind == kind) or (GuardSpec(kind="inverse"),)

    def _fitting(self) -> GuardSpec:
        """Return the guard with commands supported by this device, among several of a kind, after a crash."""
        fits = (one for one in self._known if not one.ask or find_in_answer(one.when, self._answer_to(one.ask)))
        return next(fits, self._known[0])

    def shown(self, command: str) -> str:
        """See DeviceDriver."""
        return shown_by(self._session.send_commands, command)

    def _answer_to(self, command: str) -> str:
        reply = self._session.send_commands([command])[0]
        if reply.status is not ReplyStatus.ANSWERED:
            raise GuardStateUnknown(
                message("change:guard.not_reported", device=self._target.name, command=command, reason=reply.cause)
            )
        return reply.text


def _verdict(settled: SettleResult) -> Verification:
    return Verification(settled.good, settled.summary, settled.unmeasured)
