"""How a device answers, or does not."""

from __future__ import annotations

from eventready.lab.fault import On, fault


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
