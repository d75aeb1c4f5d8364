"""How a device answers, or does not."""

from __future__ import annotations

import re

from eventready.lab.fault import On, fault
from eventready.lab.machine import LineFault


@fault("slow")
def slow(on: On, seconds: float = 3.0) -> None:
    """Every answer takes some seconds."""
    on.wire.delay_s = seconds


@fault("hang")
def hang(on: On) -> None:
    """The device lets us in, takes commands and never answers."""
    on.wire.hang = True


@fault("silent")
def silent(on: On) -> None:
    """The device accepts the connection and never says a word."""
    on.wire.silent = True


@fault("session-drop")
def session_drop(on: On, after: int = 3) -> None:
    """The session ends in the middle of an answer."""
    on.wire.drop_after = after


@fault("garbage")
def garbage(on: On) -> None:
    """Answers are bytes that are no text."""
    on.wire.garbage = True


@fault("truncated")
def truncated(on: On) -> None:
    """Answers end in the middle, and the prompt follows."""
    on.wire.truncated = True


@fault("auth-refused")
def auth_refused(on: On) -> None:
    """No password is good; an element behind a manager is not given to us."""
    on.wire.auth_refused = True


@fault("pager-stuck", transports=("ssh", "telnet"))
def pager_stuck(on: On) -> None:
    """Paging cannot be switched off."""
    if on.machine.dialect.paging is None:
        raise on.refuse("pager", [])
    on.wire.pager_stuck = True


@fault("prompt-log-line")
def prompt_log_line(on: On) -> None:
    """A log line appears within the prompt; with MML an alarm report comes between."""
    on.wire.log_in_prompt = True


@fault("changed-host-key", transports=("ssh",))
def changed_host_key(on: On) -> None:
    """The device shows another host key than the one recorded."""
    on.wire.other_key = True


def _at_line(on: On, what: LineFault) -> None:
    try:
        re.compile(what.pattern)
    except re.error:
        raise on.refuse(f"line that could match {what.pattern!r}: it is no regular expression", []) from None
    on.wire.lines = (*on.wire.lines, what)


@fault("refuse-line")
def refuse_line(on: On, pattern: str = "", number: int = 0) -> None:
    """A line is refused in the device's own words: those with the pattern, or any of configuration; 0: each."""
    _at_line(on, LineFault("refuse", pattern, number))


@fault("drop-at-line")
def drop_at_line(on: On, pattern: str = "", number: int = 1, taken: int = 1) -> None:
    """The session ends at a line, which has taken effect (taken 1) or not (0)."""
    _at_line(on, LineFault("drop", pattern, number, bool(taken)))


@fault("hang-at-line")
def hang_at_line(on: On, pattern: str = "", number: int = 1, taken: int = 1) -> None:
    """The session hangs at a line, which has taken effect (taken 1) or not (0); others are answered."""
    _at_line(on, LineFault("hang", pattern, number, bool(taken)))


@fault("save-fails")
def save_fails(on: On) -> None:
    """The configuration cannot be saved."""
    on.wire.save_fails = True


@fault("restart", once=True)
def restart(on: On, down_s: float = 0.0) -> None:
    """The device restarts now, with what was saved; it lets nobody in for some seconds."""
    on.machine.restart(down_s)


@fault("time-passes", once=True)
def time_passes(on: On, seconds: float = 60.0) -> None:
    """So many seconds pass on the device at once, with all that its timers do in them."""
    on.machine.pass_time(seconds)
