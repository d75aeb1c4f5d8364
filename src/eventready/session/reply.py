"""What came back from a command, or from the attempt to reach the device: never text without how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from eventready.errors import EventreadyError, Exit


class Ended(StrEnum):
    """How one command ended on the wire."""

    ANSWERED = "answered"
    REFUSED = "refused"  # the device does not know the command
    DENIED = "denied"  # the device knows it and this user may not
    TIMEOUT = "timeout"  # no prompt within the limit
    DROPPED = "dropped"  # the session ended under way
    CUT = "cut"  # a saved output breaks off before its end
    NOT_SENT = "not_sent"  # an earlier command ended the session


@dataclass(frozen=True)
class Reply:
    """`text` is redacted, without echo, prompt, pager marks, ANSI codes; `reason` is a sentence unless ANSWERED."""

    command: str
    text: str
    ended: Ended = Ended.ANSWERED
    reason: str = ""
    seconds: float = 0.0


class SessionError(EventreadyError):
    """No session could be had, or it was lost. `passing`: connecting again in a moment may well succeed."""

    exit = Exit.INCOMPLETE
    passing: bool = False


class Unreachable(SessionError):
    """Nothing answers at the address."""


class LoginRefused(SessionError):
    """The device answers and does not let us in (password, enable, authorisation)."""


class HostKeyMismatch(SessionError):
    """The device's host key is not the recorded one."""


class CleartextRefused(SessionError):
    """The protocol carries passwords in clear, and nobody has said that this device may."""


class NoPrompt(SessionError):
    """The device accepts the connection and never shows a prompt that the platform knows."""


class SessionLost(SessionError):
    """The session ended while commands were under way."""
