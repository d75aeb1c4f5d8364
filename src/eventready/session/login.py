"""Logging in over telnet and MML, driven by what the device writes rather than by sleeping."""

from __future__ import annotations

import re
from time import monotonic

from netmiko.exceptions import NetmikoAuthenticationException

from eventready.session import mml
from eventready.session.patterns import Patterns
from eventready.session.prompt import learn
from eventready.session.redaction import redact
from eventready.session.reply import LoginRefused, NoPrompt, SessionLost, Unreachable
from eventready.session.screen import Screen

_USER = re.compile(rb"(?i)(?:user ?name|user|login)[^\n]{0,40}:[ \t]*$")
_PASSWORD = re.compile(rb"(?i)(?:password|passcode)[^\n]{0,40}:[ \t]*$")
_NO = re.compile(
    rb"(?i)(?:login|password|user|authentication|authori[sz]ation|access)\S{0,12} (?:is )?"
    rb"(?:invalid|incorrect|fail|denied|error|refused)|bad passwords?"
    rb"|invalid (?:user|login|password)|required, but none set"
)
_FULL = re.compile(r"(?i)user count|too many|maximum|session\S* (?:full|limit|exceed)")
_FORBIDDEN = re.compile(r"(?i)authorit|authori[sz]|permission|privilege|no right|denied")
_POKE_S = 2.0


def telnet_login(
    screen: Screen, patterns: Patterns, *, username: str, password: str, newline: str, timeout_s: float
) -> None:
    """Answer the login dialogue until a prompt shows; the prompt stays on the screen.

    Raises NetmikoAuthenticationException when refused, NoPrompt when nothing comes, and what the screen raises.
    """
    deadline, poke, told = monotonic() + timeout_s, _POKE_S, 0
    while not learn(screen.tail(), patterns):
        line = screen.last_line
        if _NO.search(screen.tail()):
            raise NetmikoAuthenticationException("the device refuses the user name or the password")
        if answer := username if _USER.search(line) else password if _PASSWORD.search(line) else "":
            told += answer == password
            if told > 1:
                raise NetmikoAuthenticationException("the device asks for the password again")
            screen.take(len(screen.text))
            screen.send(answer.encode() + newline.encode())
        elif _USER.search(line) or _PASSWORD.search(line):
            raise NetmikoAuthenticationException("the device asks for a login and the inventory has none for it")
        left = deadline - monotonic()
        if left <= 0:
            raise NoPrompt("neither a login nor a prompt came")
        if not screen.more(min(left, poke)) and not told:
            screen.send(newline.encode())
            poke *= 2


def mml_login(
    screen: Screen, end: re.Pattern[bytes], *, username: str, password: str, element: str, timeout_s: float
) -> None:
    """LGI, and where a manager stands before the element, REG NE.

    Raises NetmikoAuthenticationException, LoginRefused, SessionLost (no session free), Unreachable (the element),
    NoPrompt, and what the screen raises.
    """
    if any(letter in value for value in (username, password, element) for letter in '"\r\n;'):
        raise LoginRefused('MML cannot carry a user name, password or element with ", ; or a line end in it')
    deadline = monotonic() + timeout_s
    code, said = _ask(screen, f'LGI:OP="{username}",PWD="{password}";', end, deadline)
    if code != 0 and _FULL.search(said):
        full = SessionLost(f"All sessions of the manager are taken: {redact(said)}")
        full.passing = True
        raise full
    if code not in (0, -1) or (code == -1 and "success" not in said.lower()):
        raise NetmikoAuthenticationException(redact(f"RETCODE = {code} {said}"))
    if element:
        code, said = _ask(screen, f"REG NE:NAME={element};", end, deadline)
        if code != 0 and _FORBIDDEN.search(said):
            raise LoginRefused(f"The manager does not let this user work on {element}: {redact(said)}")
        if code != 0:
            raise Unreachable(
                f"The manager does not connect us to {element}: {redact(said)}",
                do="Check the name of the element and its link to the manager.",
            )


def _ask(screen: Screen, command: str, end: re.Pattern[bytes], deadline: float) -> tuple[int, str]:
    screen.send(command.encode() + b"\r\n")
    try:
        return mml.outcome(mml.read_report(screen, command, end, lambda: deadline - monotonic()))
    except TimeoutError:
        raise NoPrompt("no report came back to the login") from None
