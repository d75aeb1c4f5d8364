"""Check the lines of a plan on the device itself without a commit, where the platform has such a check."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from eventready.core.messages import rendered
from eventready.core.strings.pattern import find_in_answer
from eventready.platforms.model import ChangeSpec, LineCheck
from eventready.session.connect import Session
from eventready.session.reply import Reply, ReplyStatus, first_unanswered

#: Seconds for a line, and for the check of the whole configuration.
_LINE_S, _CHECK_S = 30.0, 120.0


@dataclass(frozen=True)
class CheckResult:
    """Judgement of the device. `accepted` counts the accepted lines; `reason` is its answer to the refused line."""

    ok: bool
    accepted: int = 0
    reason: str = ""


def check_for(spec: ChangeSpec, ask: Callable[[str], str], *, has_shell: bool) -> LineCheck | None:
    """Return the platform's check supported by this device, if any. `ask` returns the answer to a command."""
    for check in spec.checks:
        if (has_shell or not check.shell) and (not check.ask or find_in_answer(check.when, ask(check.ask))):
            return check
    return None


def check_lines(
    check: LineCheck, spec: ChangeSpec, session: Session, lines: Sequence[str], *, change: str
) -> CheckResult:
    """Enter the lines, have them checked, and discard them in any case. `session` is the shell's for a shell check.

    Nothing is committed; the caller proves the device unchanged.
    """
    try:
        return _judged(check, spec, session, lines, change)
    finally:
        with suppress(Exception):
            _send(session, spec, check.discard, change, _LINE_S)


def _judged(check: LineCheck, spec: ChangeSpec, session: Session, lines: Sequence[str], change: str) -> CheckResult:
    if bad := first_unanswered(_send(session, spec, check.enter or spec.enter, change, _LINE_S)):
        return CheckResult(False, 0, rendered("change:unread.reply", command=bad.command, reason=bad.cause))
    typed = [check.line.replace("{line}", shlex.quote(line) if check.shell else line) for line in lines]
    replies = _send(session, spec, typed, change, _LINE_S)
    accepted = sum(reply.status is ReplyStatus.ANSWERED for reply in replies)
    if accepted < len(lines):
        reason = rendered("change:unread.reply", command=lines[accepted], reason=replies[accepted].cause)
        return CheckResult(False, accepted, reason)
    replies = _send(session, spec, check.check, change, _CHECK_S)
    if bad := first_unanswered(replies):
        return CheckResult(False, 0 if check.shell else accepted, " ".join(bad.text.split()) or bad.reason)
    if check.accepted and not (replies and find_in_answer(check.accepted, replies[-1].text)):
        return CheckResult(False, accepted, rendered("change:dry_run.no_acknowledgement"))
    return CheckResult(True, accepted)


def _send(session: Session, spec: ChangeSpec, lines: Sequence[str], change: str, timeout_s: float) -> list[Reply]:
    named = [line.replace("{change}", change) for line in lines]
    return session.send_config(named, spec=spec, timeout_s=timeout_s) if named else []
