"""Faults of the sessions on a device, and of the device's clock."""

from __future__ import annotations

import re

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready_lab.device.session_faults import LineFault
from eventready_lab.faults.simulated.target import FaultTarget, fault


@fault("slow")
def slow(target: FaultTarget, seconds: float = 3.0) -> None:
    """Every answer takes some seconds."""
    target.session_faults.delay_s = seconds


@fault("slow-echo", transports=("ssh", "telnet"))
def slow_echo(target: FaultTarget, seconds: float = 1.3) -> None:
    """The echo of every line takes some seconds."""
    target.session_faults.echo_s = seconds


@fault("hang")
def hang(target: FaultTarget) -> None:
    """The device accepts logins and commands, and never answers."""
    target.session_faults.hang = True


@fault("silent")
def silent(target: FaultTarget) -> None:
    """The device accepts connections and sends nothing."""
    target.session_faults.silent = True


@fault("session-drop")
def session_drop(target: FaultTarget, after: int = 3) -> None:
    """The session ends in the middle of an answer."""
    target.session_faults.drop_after = after


@fault("garbage")
def garbage(target: FaultTarget) -> None:
    """Answers are no text."""
    target.session_faults.garbage = True


@fault("truncated")
def truncated(target: FaultTarget) -> None:
    """Answers end in the middle, followed by the prompt."""
    target.session_faults.truncated = True


@fault("auth-refused")
def auth_refused(target: FaultTarget) -> None:
    """Every password is refused; an element behind a manager refuses the registration."""
    target.session_faults.auth_refused = True


@fault("pager-stuck", transports=("ssh", "telnet"))
def pager_stuck(target: FaultTarget) -> None:
    """Paging cannot be switched off."""
    if target.device.dialect.paging is None:
        raise target.unknown("pager")
    target.session_faults.pager_stuck = True


@fault("prompt-log-line")
def prompt_log_line(target: FaultTarget) -> None:
    """A log line interrupts the prompt; on MML equipment an alarm report precedes the answer."""
    target.session_faults.log_in_prompt = True


@fault("changed-host-key", transports=("ssh",))
def changed_host_key(target: FaultTarget) -> None:
    """The device presents another host key than the recorded key."""
    target.session_faults.other_key = True


def _add_line_fault(target: FaultTarget, fault: LineFault) -> None:
    try:
        re.compile(fault.pattern)
    except re.error:
        raise UsageError(message("lab:fault.no_pattern", pattern=fault.pattern)) from None
    target.session_faults.lines = (*target.session_faults.lines, fault)


@fault("refuse-line")
def refuse_line(target: FaultTarget, pattern: str = "", number: int = 0) -> None:
    """The device refuses a line matching the pattern, or any configuration line; number 0: every such line."""
    _add_line_fault(target, LineFault("refuse", pattern, number))


@fault("drop-at-line")
def drop_at_line(target: FaultTarget, pattern: str = "", number: int = 1, executed: int = 1) -> None:
    """The session ends at a line, which is executed (executed 1) or not (0)."""
    _add_line_fault(target, LineFault("drop", pattern, number, bool(executed)))


@fault("hang-at-line")
def hang_at_line(target: FaultTarget, pattern: str = "", number: int = 1, executed: int = 1) -> None:
    """The session hangs at a line, which is executed (executed 1) or not (0); other sessions are answered."""
    _add_line_fault(target, LineFault("hang", pattern, number, bool(executed)))


@fault("save-fails")
def save_fails(target: FaultTarget) -> None:
    """The configuration cannot be saved."""
    target.session_faults.save_fails = True


@fault("restart", once=True)
def restart(target: FaultTarget, down_s: float = 0.0) -> None:
    """The device restarts with the saved configuration, and refuses logins for some seconds."""
    target.device.restart(down_s)


@fault("time-passes", once=True)
def time_passes(target: FaultTarget, seconds: float = 60.0) -> None:
    """The device's clock advances by some seconds, and its timers fire."""
    target.device.advance_clock(seconds)
