"""A real device in the hand of the state machine: sessions opened when needed, its guard, the audit's checks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from eventready.change.case import GuardTerms, Reading, Verified
from eventready.change.configuration import Configuration, commands_to_read, read_configuration
from eventready.change.errors import UnreadableConfiguration
from eventready.change.fragment import Fragment
from eventready.change.guard import Applied, Done, Guard, GuardUnknown, Pending, change_spec, choose_guard
from eventready.change.verify import Examination, Findings, settle
from eventready.checks.finding import Outcome
from eventready.clock import Clock
from eventready.errors import RefusedError
from eventready.platforms.model import GuardSpec
from eventready.session.connect import Session, open_session
from eventready.session.login_shell import open_shell
from eventready.session.reply import Ended, SessionLost
from eventready.session.target import Target

#: What a session may last beyond the guard's time: reading before it, proving after it.
_BESIDE_S = 600.0


class DeviceHand:
    """See `change.case.Hand`.

    `planned` is the kind of guard that the plan names; the device must still offer it. `armed` says that this change
    has armed it before a crash: then it is not chosen anew.
    """

    def __init__(
        self,
        target: Target,
        examination: Examination,
        fragment: Fragment,
        *,
        clock: Clock,
        change: str,
        seconds: int,
        planned: str,
        armed: bool = False,
    ) -> None:
        longest = max(target.device_timeout_s, seconds * 2 + _BESIDE_S)
        self._target = replace(target, device_timeout_s=longest)
        self._examination, self._platform = examination, examination.platform
        self._change_spec = change_spec(self._platform)
        self._commands = commands_to_read(self._change_spec, fragment)
        self._clock, self._change, self._seconds, self._planned = clock, change, seconds, planned
        self._armed = armed
        self._known = self._of_kind(planned)
        self._spec: GuardSpec | None = self._known[0] if armed else None
        self._unsure = armed and len(self._known) > 1
        self._open_session: Session | None = None
        self._open_guard: Guard | None = None
        self._open_shell: Session | None = None

    # ------------------------------------------------------------------ looking

    def look(self) -> Findings:
        """See Hand. Raises SessionLost where nothing can be measured: whatever came of the change would be no worse."""
        findings = self._look()
        if self._examination.asks and not any(one.status is not Outcome.NOT_MEASURED for one in findings):
            told = findings[0].message if findings else "no check tells anything"
            raise SessionLost(f"{self._target.name} cannot be looked at before it is changed: {told}")
        return findings

    def _look(self) -> Findings:
        return self._examination.look(self._session.ask, self._clock.now())

    def settle(self, before: Findings, limit_s: float, nap: Callable[[float], None]) -> Verified:
        """See Hand. A device for which there are no checks is not held against anything."""
        if not self._examination.asks:
            return Verified(True, "no check applies to it: only its configuration was compared")
        settled = settle(self._look, before, limit_s=limit_s, sleep=nap)
        return Verified(settled.good, settled.said)

    def read(self) -> Reading:
        """See Hand. After the first command that is not answered no more are asked: an element's are many, and each
        would be waited for."""
        answers: dict[str, str] = {}
        for command in self._commands:
            (reply,) = self._session.ask([command])
            if reply.ended is not Ended.ANSWERED:
                raise SessionLost(
                    f"{self._target.name} does not tell its configuration (`{reply.command}`): {reply.reason}"
                )
            answers[reply.command] = reply.text
        return Reading(read_configuration(self._change_spec, answers, device=self._target.name), answers)

    def startup(self) -> Configuration | None:
        """See Hand."""
        spec = self._change_spec
        if not spec.startup:
            return None
        reply = self._session.ask([spec.startup])[0]
        if reply.ended is not Ended.ANSWERED:
            return None
        with suppress(UnreadableConfiguration):
            return read_configuration(spec, {spec.read: reply.text}, device=self._target.name)
        return None

    # ------------------------------------------------------------------ the guard

    def terms(self, running: Configuration) -> GuardTerms:
        """See Hand. Raises RefusedError where the device no longer offers the guard that the plan names."""
        if self._spec is None:
            spec = choose_guard(self._platform, running, self._asked, has_shell=self._target.has_shell)
            if spec.kind != self._planned:
                raise RefusedError(
                    f"{self._target.name} would be guarded by {spec.kind} now, and the plan says {self._planned}",
                    do="Make a new plan.",
                )
            self._spec = spec
        seconds = max(self._spec.least_s, min(self._seconds, self._spec.most_s))
        return GuardTerms(self._spec.kind, seconds, self._spec.kind != "inverse")

    def pending(self) -> Pending | None:
        """See Hand."""
        return self._guard.pending()

    def arm(self) -> Done:
        """See Hand."""
        self._armed = True
        return self._guard.arm()

    def apply(self, lines: Sequence[str]) -> Applied:
        """See Hand."""
        return self._guard.apply(lines)

    def confirm(self) -> Done:
        """See Hand."""
        return self._guard.confirm()

    def revert(self) -> Done:
        """See Hand."""
        return self._guard.revert()

    def save(self) -> Done:
        """See Hand."""
        return self._guard.save()

    # ------------------------------------------------------------------ sessions

    def let_go(self) -> None:
        """See Hand."""
        for session in (self._open_shell, self._open_session):
            if session is not None:
                with suppress(Exception):
                    session.close()
        self._open_session = self._open_shell = self._open_guard = None

    @property
    def _session(self) -> Session:
        if self._open_session is not None and self._open_session.over:
            self.let_go()
        if self._open_session is None:
            self._open_session = open_session(self._target, self._platform)
        return self._open_session

    @property
    def _guard(self) -> Guard:
        session = self._session  # a session that is over takes its guard with it
        if self._open_guard is None:
            if self._spec is None:
                raise RuntimeError("the guard is chosen before it is used")
            if self._unsure:
                self._spec, self._unsure = self._fitting(), False
            if self._spec.shell and self._open_shell is None:
                self._open_shell = open_shell(self._target)
            self._open_guard = Guard(
                self._spec, self._change_spec, session, self._open_shell, self._change, self._seconds, armed=self._armed
            )
        return self._open_guard

    def _of_kind(self, kind: str) -> tuple[GuardSpec, ...]:
        return tuple(one for one in self._change_spec.guards if one.kind == kind) or (GuardSpec(kind="inverse"),)

    def _fitting(self) -> GuardSpec:
        """Of several guards of one kind the one whose words this device knows, after a crash."""
        fits = (one for one in self._known if not one.ask or re.search(one.when, self._asked(one.ask), re.MULTILINE))
        return next(fits, self._known[0])

    def _asked(self, command: str) -> str:
        reply = self._session.ask([command])[0]
        if reply.ended is not Ended.ANSWERED:
            raise GuardUnknown(f"{self._target.name} does not say which guard it has (`{command}`): {reply.reason}")
        return reply.text
