"""Replies of commands and the errors of sessions: each text has the status of its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import ClassVar

from eventready.core.errors import EventreadyError, Exit
from eventready.core.messages import Message


class ReplyStatus(StrEnum):
    """End of the reply to a command."""

    ANSWERED = "answered"
    REFUSED = "refused"  # unknown command
    DENIED = "denied"  # known command, user not authorised
    TIMEOUT = "timeout"  # no prompt within the limit
    DROPPED = "dropped"  # session lost during the command
    CUT = "cut"  # saved output that is incomplete
    OTHER = "other"  # saved output of another command
    NOT_SENT = "not_sent"  # session ended by an earlier command


@dataclass(frozen=True)
class Reply:
    """`text` is redacted, without echo, prompt, pager marks, escape codes; `reason` is empty if ANSWERED.

    `message`: the reason as a message of the catalogue, where it is one. `complete`: False for a saved output whose end
    nothing proves; the answer may go on. `final`: True if another session would end in the same way. `breaks`: numbers
    (from 0) of lines with a log line before them, which was removed and may have stood inside a line. `prompt`: of the
    device, where known. `printed`: the text with the known values that `text` lacks, for the reading of facts alone; it
    is never kept and never sent.
    """

    command: str
    text: str
    status: ReplyStatus = ReplyStatus.ANSWERED
    reason: str = ""
    seconds: float = 0.0
    complete: bool = True
    message: Message | None = None
    final: bool = False
    breaks: tuple[int, ...] = ()
    prompt: str = ""
    printed: str | None = field(default=None, repr=False)

    @property
    def as_printed(self) -> Reply:
        """The reply with the printed text."""
        return self if self.printed in (None, self.text) else replace(self, text=self.printed, printed=None)

    @classmethod
    def failed(cls, command: str, status: ReplyStatus, why: Message, text: str = "", seconds: float = 0.0) -> Reply:
        """Reply without a complete answer, with its reason; `text`: the received part."""
        return cls(command, text, status, why.render("en"), seconds, message=why)

    @property
    def cause(self) -> str | Message:
        """The reason as a parameter of a message."""
        return self.message or self.reason


def first_unanswered(replies: Iterable[Reply]) -> Reply | None:
    """Return the first reply without a complete answer."""
    return next((reply for reply in replies if reply.status is not ReplyStatus.ANSWERED), None)


class SessionError(EventreadyError):
    """A session could not be opened, or was lost. `retryable`: a new attempt to connect shortly after may succeed."""

    exit = Exit.INCOMPLETE
    retryable: bool = False
    #: Another session cannot be expected to end otherwise, or must not be tried.
    final: ClassVar[bool] = False


class AccessInvalid(SessionError):
    """The access settings of a device cannot be used (a missing key, a refused ssh_config); nothing is contacted."""

    final = True


class Unreachable(SessionError):
    """No answer at the address, after the attempts of TCP or those of `with_retries`."""

    final = True


class LoginRefused(SessionError):
    """The device refuses the login, the enable password or the authorisation."""

    final = True


class HostKeyMismatch(SessionError):
    """The device's host key differs from the recorded key, or no key is recorded."""

    final = True


class CleartextRefused(SessionError):
    """The protocol carries passwords in clear text, without permission in the inventory."""

    final = True


class NoPrompt(SessionError):
    """The device accepts the connection and shows no prompt of its platform."""


class NoCommonAlgorithm(SessionError):
    """The device offers no supported and allowed SSH algorithm."""

    final = True


class JumpHostFailed(SessionError):
    """The jump host of a device is unreachable or lost; the message is the same for all its devices."""

    final = True


class RunTimeOver(SessionError):
    """The time limit of the run has passed; the device is not contacted."""

    final = True


class SessionLost(SessionError):
    """The session ended during a command or the login."""
