"""Log in over telnet and MML, driven by the device's output, without sleeping."""

from __future__ import annotations

import re
from time import monotonic

from netmiko.exceptions import NetmikoAuthenticationException

from eventready.core.messages import message
from eventready.core.redaction.redaction import redact
from eventready.session.dialogue import mml
from eventready.session.dialogue.buffer import ReceiveBuffer
from eventready.session.dialogue.patterns import Patterns
from eventready.session.dialogue.prompt import find_prompt
from eventready.session.reply import LoginRefused, NoPrompt, SessionLost, Unreachable

_USER = re.compile(rb"(?i)(?:user ?name|user|login)[^\n]{0,40}:[ \t]*$")
_PASSWORD = re.compile(rb"(?i)(?:password|passcode)[^\n]{0,40}:[ \t]*$")
_REFUSED = re.compile(
    rb"(?i)(?:login|password|user|authentication|authori[sz]ation|access)\S{0,12} (?:is )?"
    rb"(?:invalid|incorrect|fail|denied|error|refused)|bad passwords?"
    rb"|invalid (?:user|login|password)|required, but none set"
)
_SESSIONS_FULL = re.compile(r"(?i)user count|too many|maximum|session\S* (?:full|limit|exceed)")
_FORBIDDEN = re.compile(r"(?i)authorit|authori[sz]|permission|privilege|no right|denied")
_WAKE_S = 2.0


def telnet_login(
    buffer: ReceiveBuffer,
    patterns: Patterns,
    *,
    username: str,
    password: str,
    newline: str,
    timeout_s: float,
    console: bool = False,
) -> None:
    """Answer the login dialogue until a prompt arrives; the prompt stays in the buffer.

    `console`: send an Enter first, and take no prompt without an answer to one; the line may be at any point.

    Raises NetmikoAuthenticationException when refused, NoPrompt without a prompt, and the errors of ReceiveBuffer.
    """
    deadline, wake, passwords_sent = monotonic() + timeout_s, _WAKE_S, 0
    if console:
        buffer.send(newline.encode())
    while not find_prompt(buffer.tail(), patterns):
        line = buffer.last_line
        if _REFUSED.search(buffer.tail()):
            raise NetmikoAuthenticationException("the device refuses the user name or the password")
        if answer := username if _USER.search(line) else password if _PASSWORD.search(line) else "":
            passwords_sent += answer == password
            if passwords_sent > 1:
                raise NetmikoAuthenticationException("the device asks for the password again")
            buffer.take(len(buffer.text))
            buffer.send(answer.encode() + newline.encode())
        elif _USER.search(line) or _PASSWORD.search(line):
            raise NetmikoAuthenticationException("the device asks for a login that the inventory lacks")
        left = deadline - monotonic()
        if left <= 0:
            raise NoPrompt(message("session:no_login"))
        if not buffer.receive(min(left, wake)) and not passwords_sent:
            buffer.wake(newline.encode())
            wake *= 2


def mml_login(
    buffer: ReceiveBuffer, end: re.Pattern[bytes], *, username: str, password: str, element: str, timeout_s: float
) -> None:
    """Log in with LGI and, behind a manager, register the element with REG NE.

    Raises NetmikoAuthenticationException, LoginRefused, SessionLost (no session free), Unreachable (the element),
    NoPrompt, and the errors of ReceiveBuffer.
    """
    if any(letter in value for value in (username, password, element) for letter in '"\r\n;'):
        raise LoginRefused(message("session:mml_characters"))
    deadline = monotonic() + timeout_s
    code, words = _send(buffer, f'LGI:OP="{username}",PWD="{password}";', end, deadline)
    if code != 0 and _SESSIONS_FULL.search(words):
        full = SessionLost(message("session:manager_full", answer=redact(words)))
        full.retryable = True
        raise full
    if code not in (0, -1) or (code == -1 and "success" not in words.lower()):
        raise NetmikoAuthenticationException(redact(f"RETCODE = {code} {words}"))
    if element:
        code, words = _send(buffer, f"REG NE:NAME={element};", end, deadline)
        if code != 0 and _FORBIDDEN.search(words):
            raise LoginRefused(message("session:manager_denies", element=element, answer=redact(words)))
        if code != 0:
            raise Unreachable(message("session:manager_no_element", element=element, answer=redact(words)))


def _send(buffer: ReceiveBuffer, command: str, end: re.Pattern[bytes], deadline: float) -> tuple[int, str]:
    buffer.send(command.encode() + b"\r\n")
    try:
        return mml.outcome(mml.read_report(buffer, command, end, lambda: deadline - monotonic()))
    except TimeoutError:
        raise NoPrompt(message("session:no_report")) from None
