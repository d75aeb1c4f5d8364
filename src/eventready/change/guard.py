"""Guards: mechanisms for the revert of a device without confirmation. Armed before the first line.

A guard uses the commands of `change.guards` in platform.yaml. A pending change of another operator is never confirmed,
and no line is sent while one is pending.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil

from eventready.change.forms.configuration import Configuration
from eventready.core.errors import EventreadyError, Exit, RefusedError
from eventready.core.messages import Message, known, message
from eventready.core.strings.pattern import find_in_answer
from eventready.facts.platform import Platform
from eventready.platforms.model import ChangeSpec, GuardKind, GuardSpec
from eventready.session.connect import Session
from eventready.session.reply import Reply, ReplyStatus, first_unanswered

_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
#: Largest share of the guard's time for one line: the guard must not fire while a line is executing.
_LINE_SHARE = 0.5
#: Time limit of operations on the whole configuration: commit, revert, save.
_LONG_S = 120.0

#: Kinds whose sentences differ on platforms without a separate startup configuration.
_PROTECTS_KEPT: frozenset[GuardKind] = frozenset({"inverse"})
_GAP_KEPT: frozenset[GuardKind] = frozenset({"commit_trial", "dead_man", "inverse"})


class GuardStateUnknown(EventreadyError):
    """The device does not report whether a change is pending."""

    exit = Exit.INCOMPLETE


@dataclass(frozen=True)
class PendingChange:
    """Armed and unconfirmed change on the device. `by` is the owner as reported by the device, or empty."""

    by: str
    mine: bool

    @property
    def owner(self) -> str:
        """Return the owner in parentheses, for a sentence; empty if unknown."""
        return f" ({self.by})" if self.by else ""


@dataclass(frozen=True)
class RejectedLine:
    """Line rejected by the device, and the reply."""

    line: str
    reply: str | Message

    @property
    def reason(self) -> str | Message:
        """Return the reply of the device, with the rejected line in front, if known."""
        return message("change:unread.reply", command=self.line, reason=self.reply) if self.line else self.reply


@dataclass(frozen=True)
class SendResult:
    """Result of sending lines. `accepted` counts the caller's lines accepted by the device.

    `ended` belongs to the last line sent: after TIMEOUT or DROPPED the session is over, and the effect of that line is
    unknown.
    """

    ok: bool
    rejected: RejectedLine | None
    ended: ReplyStatus
    accepted: int

    @property
    def for_content(self) -> bool:
        """Return True for a refused line; False for a lost, slow or locked device."""
        return self.ended is ReplyStatus.REFUSED and self.rejected is not None and bool(self.rejected.line)


@dataclass(frozen=True)
class StepResult:
    """Result of a step on the device; `reason` is a sentence if the step failed."""

    ok: bool
    reason: str | Message = ""
    ended: ReplyStatus = ReplyStatus.ANSWERED


def guards_for(
    platform: Platform, running: Configuration, ask: Callable[[str], str], *, has_shell: bool
) -> Iterator[GuardSpec]:
    """Yield the platform's guards supported by this device, the best first; `inverse` is always the last.

    `ask` returns the answer to a command; `has_shell`: there is a login to the host's shell. Raises RefusedError for a
    read-only platform.
    """
    spec = change_spec(platform)
    ask = cache(ask)
    for guard in spec.guards:
        if guard.shell and not has_shell:
            continue
        text = ask(guard.ask) if guard.ask else running.text
        if not guard.when or find_in_answer(guard.when, text):
            yield guard
            if guard.kind == "inverse":
                return
    yield GuardSpec(kind="inverse")


def change_spec(platform: Platform) -> ChangeSpec:
    """Return how the platform is configured. Raises RefusedError for a read-only platform."""
    if platform.spec.change is None:
        raise RefusedError(message("change:platform.read_only", platform=platform.name))
    return platform.spec.change


class Guard:
    """Guard of a device in a change. `shell` is required if the guard's commands go to the host's shell, and
    `open_trial` (a new session) if the guard is bound to the arming session.

    `seconds` is clamped to the guard's range. `armed`: this change armed the guard before a crash (from the journal).
    `timeout_s` is the time limit of a line, at most half the guard's time; commit and revert may take longer.
    """

    def __init__(  # noqa: PLR0917  two sessions, two specifications, and whose it is
        self,
        spec: GuardSpec,
        change: ChangeSpec,
        session: Session,
        shell: Session | None,
        change_id: str,
        seconds: int,
        *,
        armed: bool = False,
        timeout_s: float = 30.0,
        open_trial: Callable[[], Session] | None = None,
    ) -> None:
        if not _NAME.fullmatch(change_id):
            raise ValueError(f"{change_id!r} cannot name a change on a device")
        self.spec, self._change, self._id, self._armed = spec, change, change_id, armed
        self._session, self._shell = session, shell
        self._open_trial = open_trial
        self._trial: Session | None = None
        self.seconds = armed_seconds(spec, seconds)
        self.timeout_s = min(timeout_s, self.seconds * _LINE_SHARE)
        self._long_s = max(self.timeout_s, min(_LONG_S, self.seconds * _LINE_SHARE))
        self._inside = False

    # ------------------------------------------------------------------- description

    @property
    def device_side(self) -> bool:
        """Return True if the device reverts without eventready."""
        return self.spec.kind != "inverse"

    # ------------------------------------------------------------------- steps

    def lacking(self) -> tuple[str | Message, ...]:
        """Return the missing requirements of the guard on the device, as clauses; empty if the guard can work.
        Read-only."""
        found: list[str | Message] = []
        for probe in self.spec.probes:
            reply = self._reading.send_commands([self._filled(probe.command)])[0]
            answered = reply.status is ReplyStatus.ANSWERED
            if not answered or not find_in_answer(probe.found, reply.text):
                found.append(_lacking(probe.lacks))
        return tuple(found)

    def pending(self) -> PendingChange | None:
        """Return the armed and unconfirmed change on the device; read-only. Raises GuardStateUnknown."""
        if not self.spec.pending:
            return None
        reply = self._reading.send_commands([self._filled(self.spec.pending)])[0]
        if reply.status is not ReplyStatus.ANSWERED:
            raise GuardStateUnknown(message("change:guard.no_pending", device=self._name, reason=reply.cause))
        found = find_in_answer(self.spec.is_pending, reply.text) if self.spec.is_pending else None
        if found is None:
            return None
        by = (found.groupdict().get("by") or "").strip()
        return PendingChange(by, self._is_mine(by))

    def arm(self) -> StepResult:
        """Arm the guard. A guard armed by configuration mode enters this mode.

        Raises RefusedError, with nothing sent, if a change is pending already; GuardStateUnknown.
        """
        waiting = self.pending()
        if waiting is not None:
            raise RefusedError(message("change:guard.pending", device=self._name, owner=waiting.owner))
        done = self._all(self._beside, self.spec.arm, self.timeout_s)
        if done.ok and self.spec.enter:
            done = self._enter()
        self._armed = self._armed or (done.ok and self.device_side)
        return done

    def apply(self, lines: Sequence[str]) -> SendResult:
        """Send the lines in configuration mode, then activate them; stop at the first rejected line.

        After a rejected line the session stays in configuration mode: `revert` leaves it.
        """
        if not lines:
            return SendResult(True, None, ReplyStatus.ANSWERED, 0)
        if self.spec.most_lines and len(lines) > self.spec.most_lines:
            most = self.spec.most_lines
            reason = message("change:guard.many_lines", device=self._name, lines=len(lines), most=most)
            return SendResult(False, RejectedLine("", reason), ReplyStatus.NOT_SENT, 0)
        if not self._inside:
            entered = self._enter()
            if not entered.ok:
                return SendResult(False, RejectedLine("", entered.reason), entered.ended, 0)
        replies = self._configuring.send_config(lines, spec=self._change, timeout_s=self.timeout_s)
        accepted = sum(reply.status is ReplyStatus.ANSWERED for reply in replies)
        if accepted < len(lines):
            bad = replies[accepted]
            return SendResult(False, RejectedLine(bad.command, _cause(bad)), bad.status, accepted)
        leave = () if self.spec.session_bound else (*self._change.leave, *activations(self._change, lines))
        for after in (self.spec.arm_after, leave):
            replies = self._send(self._configuring, after, self._long_s)
            self._armed = self._armed or (bool(replies) and after is self.spec.arm_after)
            bad_one = first_unanswered(replies)
            if bad_one is not None:
                held = _held(self._change, replies)
                rejected = RejectedLine("", held) if held else RejectedLine(bad_one.command, _cause(bad_one))
                return SendResult(False, rejected, bad_one.status, accepted)
        self._inside = self.spec.session_bound
        return SendResult(True, None, ReplyStatus.ANSWERED, accepted)

    def confirm(self) -> StepResult:
        """Confirm the change. Raises RefusedError if the pending change is another change; GuardStateUnknown.

        Fails if no change is pending: the guard has fired, or another operator has confirmed.
        """
        if not self.device_side:
            return StepResult(True)
        if self.spec.session_bound and self._trial is None:
            return StepResult(False, message("change:guard.session_ended", device=self._name))
        if self.spec.pending:
            waiting = self.pending()
            if waiting is None:
                return StepResult(False, message("change:guard.gone", device=self._name))
            self._refuse_foreign(waiting)
        done = self._all(self._beside, self.spec.confirm, self._long_s)
        self._armed = self._armed and not done.ok
        if done.ok and self.spec.session_bound:
            return self._leave()
        return done

    def revert(self) -> StepResult:
        """Revert at once if the device can; `inverse` only leaves configuration mode: the caller sends the inverse
        commands.

        Success does not prove the old state: read the configuration. Raises RefusedError if the pending change is not
        this one.
        """
        left = self._leave()
        if self.spec.session_bound:
            self._end_trial()
            return left
        if not self.device_side or (not left.ok and not self.spec.shell):
            return left
        if self.spec.pending:
            waiting = self.pending()
            if waiting is None:
                return StepResult(True, message("change:guard.none_armed", device=self._name))
            self._refuse_foreign(waiting)
        done = self._all(self._beside, self.spec.revert, self._long_s)
        self._armed = self._armed and not done.ok
        return done

    def save(self) -> StepResult:
        """Save the running as the startup configuration; success requires the device's acknowledgement."""
        replies = self._send(self._session, self._change.save, _LONG_S)
        bad = first_unanswered(replies)
        if bad is not None:
            return _done(bad)
        if self._change.saved and not find_in_answer(self._change.saved, replies[-1].text if replies else ""):
            return StepResult(False, message("change:guard.no_save", device=self._name))
        return StepResult(True)

    # ------------------------------------------------------------------ internals

    @property
    def _name(self) -> str:
        return self._session.target.name

    @property
    def _configuring(self) -> Session:
        """Return the session for configuration lines. Raises SessionError if a session of its own cannot be opened."""
        if not self.spec.session_bound:
            return self._session
        if self._trial is None:
            if self._open_trial is None:
                raise RuntimeError("a guard that is bound to its session needs a session of its own")
            self._trial = self._open_trial()
        return self._trial

    def _end_trial(self) -> None:
        """Close the session to which the guard is bound: the device reverts."""
        if self._trial is not None:
            self._trial.close()
        self._trial, self._inside = None, False

    @property
    def _reading(self) -> Session:
        """Return the session for the guard's read-only commands."""
        return self._session if self.spec.session_bound else self._beside

    @property
    def _beside(self) -> Session:
        """Return the session for the guard's own commands."""
        if not self.spec.shell:
            return self._configuring
        if self._shell is None:
            raise RefusedError(message("change:guard.no_shell", device=self._name))
        return self._shell

    def _is_mine(self, by: str) -> bool:
        if by == self._id:
            return True
        return self._armed and by in ("", self._session.target.username)

    def _refuse_foreign(self, waiting: PendingChange) -> None:
        if not waiting.mine:
            raise RefusedError(message("change:guard.foreign", device=self._name, owner=waiting.owner))

    def _enter(self) -> StepResult:
        lines = [self._filled(line) for line in self.spec.enter or self._change.enter]
        replies, done = enter_configuration(self._configuring, self._change, lines, self.timeout_s)
        if not done.ok:
            return done
        if self.spec.armed and not any(find_in_answer(self.spec.armed, one.text) for one in replies):
            return StepResult(False, message("change:guard.no_acknowledgement", device=self._name))
        self._inside = True
        return StepResult(True)

    def _leave(self) -> StepResult:
        """Leave configuration mode after a rejected line."""
        if not self._inside:
            return StepResult(True)
        done = self._all(self._configuring, self._change.leave, self.timeout_s)
        self._inside = not done.ok
        return done

    def _all(self, session: Session, lines: Sequence[str], timeout_s: float) -> StepResult:
        bad = first_unanswered(self._send(session, lines, timeout_s))
        return StepResult(True) if bad is None else _done(bad)

    def _send(self, session: Session, lines: Sequence[str], timeout_s: float) -> list[Reply]:
        filled = [self._filled(line) for line in lines]
        return session.send_config(filled, spec=self._change, timeout_s=timeout_s) if filled else []

    def _filled(self, line: str) -> str:
        """Replace time and name in a guard's command; other braces belong to the device."""
        for key, value in (("seconds", self.seconds), ("minutes", self.seconds // 60), ("change", self._id)):
            line = line.replace(f"{{{key}}}", str(value))
        return line


def activations(spec: ChangeSpec, lines: Iterable[str]) -> tuple[str, ...]:
    """Return the commands for the effect of sent lines, each once. See `Activation`."""
    found, header = dict[str, None](), dict[int, re.Match[str]]()
    for line in lines:
        for number, one in enumerate(spec.activations):
            if begun := re.fullmatch(one.section, line):
                header[number] = begun
            elif number in header and re.fullmatch(one.line, line):
                found[one.command.format(**header[number].groupdict())] = None
    return tuple(found)


def enter_configuration(
    session: Session, spec: ChangeSpec, lines: Sequence[str], timeout_s: float
) -> tuple[Sequence[Reply], StepResult]:
    """Enter configuration mode, which another prompt proves; return the replies and the result.

    A terminal that another session keeps out answers with words of its own, and stays at its prompt.
    """
    before = session.prompt if lines else ""
    replies = session.send_config(lines, spec=spec, timeout_s=timeout_s) if lines else []
    bad, held = first_unanswered(replies), _held(spec, replies)
    if held:
        return replies, StepResult(False, held, ReplyStatus.REFUSED)
    if bad is not None:
        return replies, _done(bad)
    if replies and session.prompt == before:
        answer = " ".join(replies[-1].text.split()) or before
        reason = message("change:guard.not_entered", command=lines[-1], answer=answer)
        return replies, StepResult(False, reason, ReplyStatus.REFUSED)
    return replies, StepResult(True)


def _held(spec: ChangeSpec, replies: Sequence[Reply]) -> str | Message:
    """Return a clause about another session in configuration mode, with the words of the device; else an empty text."""
    for reply in replies:
        for pattern in spec.held:
            if found := re.search(pattern, f"{reply.text}\n{reply.reason}", re.MULTILINE):
                return message("change:guard.held", words=" ".join(found[0].split()))
    return ""


def _lacking(requirement: str) -> str | Message:
    """Return a missing requirement as a clause, or as the platform's own text."""
    clause = message(f"change:lacks.{requirement}")
    return clause if known(clause.id) else requirement


def armed_seconds(spec: GuardSpec, seconds: int) -> int:
    """Return the time of a guard as armed: within the guard's range, rounded up to minutes if the commands take
    minutes."""
    within = max(spec.least_s, min(seconds, spec.most_s))
    in_minutes = any("{minutes}" in line for line in (*spec.arm, *spec.enter, *spec.arm_after))
    return ceil(within / 60) * 60 if in_minutes else within


def protects(spec: GuardSpec, seconds: int, *, saves: bool = True) -> Message:
    """Return the protection of a guard as a sentence. `saves`: the device has a separate startup configuration."""
    minutes, rest = divmod(armed_seconds(spec, seconds), 60)
    form = "minutes" if not rest else "both" if minutes else "seconds"
    after = message(f"change:within.{form}", minutes=minutes, seconds=rest)
    if spec.kind in _PROTECTS_KEPT and not saves:
        return message(f"change:guard_protects_kept.{spec.kind}")
    return message(f"change:guard_protects.{spec.kind}", after=after)


def gap(spec: GuardSpec, *, saves: bool = True) -> Message:
    """Return the gap of a guard as a sentence; `saves` as for `protects`."""
    if spec.kind in _GAP_KEPT and not saves:
        return message(f"change:guard_gap_kept.{spec.kind}")
    return message(f"change:guard_gap.{spec.kind}")


def _done(bad: Reply) -> StepResult:
    return StepResult(False, message("change:unread.reply", command=bad.command, reason=bad.cause), bad.status)


def _cause(bad: Reply) -> str | Message:
    return bad.message if bad.message else bad.reason
