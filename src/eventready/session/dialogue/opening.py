"""Open the dialogue with a device: the first prompt, privileges, and the platform's set-up commands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from time import monotonic

from eventready.core.messages import message
from eventready.core.redaction.redaction import redact
from eventready.core.strings.texts import lines_of
from eventready.session.dialogue.buffer import AnswerTooLarge, StreamClosed
from eventready.session.dialogue.prompt import Echo, find_echo, find_prompt, find_wrapped_echo
from eventready.session.dialogue.screen import Screen
from eventready.session.dialogue.terminal import to_text
from eventready.session.reply import LoginRefused, NoPrompt, SessionError, SessionLost
from eventready.session.steps import ConnectStep, Trace
from eventready.session.target import Secret

#: Bytes at the end of the output that are searched for a prompt.
_NEAR_END = 4_096

_PASSWORD = re.compile(rb"(?i)(?:password|secret|passcode)[^\n]{0,40}:[ \t]*$")
_QUESTION = re.compile(rb"(?i)\[y(es)?/no?\][ \t]*(?:[:?][ \t]*)?$")
_PRESS_KEY = re.compile(rb"(?i)press (?:any key|return|enter)[^\n]{0,60}$")
_ACCESS_REFUSED = re.compile(
    rb"(?i)access denied|permission denied|authori[sz]ation (?:failed|denied)|authentication fail"
    rb"|login (?:invalid|incorrect)|not allowed|bad (?:secrets|passwords?|enable)|too many failures"
)


class _SetupLost(Exception):
    """Set-up commands sent together were lost, except the first."""


class Opening:
    """The dialogue until the device waits for the first command.

    `privileged` is the command that raises the privileges of a session whose prompt ends in ">", used when `secret` is
    given. `ahead`: the device takes commands written ahead.
    """

    def __init__(self, screen: Screen, *, secret: Secret, privileged: str, trace: Trace) -> None:
        self._screen, self._secret, self._privileged, self._trace = screen, secret, privileged, trace
        self._buffer, self._patterns = screen.buffer, screen.patterns
        self.ahead = screen.spec.pipeline > 1

    def start(self, timeout_s: float) -> None:
        """Wait for the prompt, raise privileges, send the platform's set-up commands.

        Raises NoPrompt, LoginRefused, SessionLost.
        """
        if self._patterns.ends_with is not None:
            return
        self._buffer.memory.start_cpu()
        try:
            with self._trace.step(ConnectStep.PROMPT):
                self._first_prompt(min(monotonic() + timeout_s, self._screen.deadline))
            self._trace.detail(ConnectStep.PROMPT, self._screen.shown_prompt)
            with self._trace.step(ConnectStep.PRIVILEGE):
                self._prepare()
            self._trace.detail(ConnectStep.PRIVILEGE, message("session:after_setup", prompt=self._screen.shown_prompt))
        except StreamClosed as error:
            raise self._closed_early(str(error)) from None
        except AnswerTooLarge as error:
            raise NoPrompt(message("session:endless_output", name=self._screen.name, error=str(error))) from None

    def _prepare(self) -> None:
        """Raise privileges and send the set-up commands."""
        setup = list(self._screen.spec.setup)
        raise_privileges = self._privileged and (self._secret or self._screen.spec.privileged)
        if raise_privileges and self._screen.prompt.endswith(b">") and self._privileged not in setup:
            setup.insert(0, self._privileged)
        if self._privileged not in setup and self.ahead and setup:
            try:
                self._send_setup(setup)
            except _SetupLost:
                self.ahead = False
            else:
                return
        for command in setup:
            self._send_setup([command])

    def _first_prompt(self, deadline: float) -> None:
        buffer, wake = self._buffer, self._screen.wake_s
        while not (prompt := find_prompt(buffer.tail(), self._patterns)):
            left = deadline - monotonic()
            if left <= 0:
                raise self._no_prompt()
            if buffer.receive(min(wake, left)):
                self._answer_question()
            else:
                buffer.wake(self._screen.newline)
                wake *= 2
        self._screen.prompt = prompt

    def _answer_question(self) -> None:
        """Decline offers at login (a new password, saving the configuration); press the requested key."""
        line = self._buffer.last_line
        if question := _QUESTION.search(line):
            self._buffer.send((b"no" if question[1] else b"n") + self._screen.newline)
            self._buffer.text.clear()
        elif _PRESS_KEY.search(line):
            self._buffer.send(self._screen.newline)
            self._buffer.text.clear()

    def _send_setup(self, commands: Sequence[str]) -> None:
        """Send set-up commands and wait for the end of the last; the prompt may change.

        Raises _SetupLost if the last of several was lost.
        """
        buffer, needle, password_sent = self._buffer, commands[-1].encode(), False
        started, begun, echo = monotonic(), None, None
        self._screen.send(commands)
        while True:
            begun = begun or self._setup_echo(commands[0].encode())
            echo = echo or self._setup_echo(needle)
            if echo and (prompt := find_prompt(_end_of(buffer.text, echo.end), self._patterns)):
                break
            if echo and _PASSWORD.search(buffer.last_line):
                if self._optional_privilege(commands[-1]):
                    self._screen.enter(b"")
                    echo = Echo(0, 0, b"")
                    continue
                if password_sent or not self._secret:
                    raise self._no_privilege(
                        "session:privilege.refused_password" if password_sent else "session:privilege.asks"
                    )
                password_sent = True
                self._screen.enter(self._secret.reveal().encode())
                echo = Echo(0, 0, b"")
            left = self._screen.left(started)
            if left <= 0:
                raise self._no_prompt(commands[-1])
            if not buffer.receive(min(left, self._screen.settle_s * 2)) and (
                prompt := self._setup_settled(begun, echo, len(commands))
            ):
                break
        if (
            commands[-1] == self._privileged
            and prompt == self._screen.prompt
            and not self._optional_privilege(commands[-1])
        ):
            lines = lines_of(to_text(bytes(buffer.text)).strip())
            raise self._no_privilege("session:privilege.refused", redact(lines[-2]) if len(lines) > 1 else "")
        self._screen.prompt = prompt
        buffer.take(max(buffer.text.rfind(prompt), 0))

    def _setup_echo(self, needle: bytes) -> Echo | None:
        text = self._buffer.text
        echo = find_echo(text, needle, b"", self._patterns)
        if echo is None and len(text) > len(self._screen.prompt) + len(needle) and self._screen.at_prompt():
            echo = find_wrapped_echo(text, needle, self._screen.prompt)
        if echo is not None:
            self._screen.heard_echo()
        return echo

    def _optional_privilege(self, command: str) -> bool:
        """Return True for privileged mode without a configured password: an empty password is tried, refusal is
        accepted."""
        return command == self._privileged and self._screen.spec.privileged and not self._secret

    def _setup_settled(self, begun: Echo | None, echo: Echo | None, sent: int) -> bytes:
        """Return the prompt after set-up commands without echo, or with an answer without the final line end."""
        if echo:
            return self._screen.prompt if self._screen.at_prompt() else b""
        if begun and sent > 1 and self._buffer.silence_s >= self._screen.patience_s:
            if find_prompt(_end_of(self._buffer.text, begun.end), self._patterns):
                raise _SetupLost
            return b""  # the device still executes the first
        prompt = find_prompt(bytes(self._buffer.text[self._screen.sent_at :][-_NEAR_END:]), self._patterns)
        return prompt if prompt and self._screen.answered_without_echo(prompt, sent) else b""

    def _no_prompt(self, command: str = "") -> NoPrompt:
        last = excerpt(self._buffer.tail(400))
        what = message("session:no_prompt", name=self._screen.name)
        if command:
            what = message("session:no_prompt_after", name=self._screen.name, command=command)
        if last:
            return NoPrompt(message("session:last_output", what=what, output=last))
        return NoPrompt(message("session:no_output", what=what))

    def _no_privilege(self, msgid: str, answer: str = "") -> LoginRefused:
        what = message(msgid, name=self._screen.name)
        if answer:
            what = message("session:answer", what=what, answer=answer)
        return LoginRefused(what, do=message("session:privilege.do"))

    def _closed_early(self, reason: str) -> SessionError:
        last = excerpt(self._buffer.tail(400))
        refused = _ACCESS_REFUSED.search(self._buffer.tail())
        if refused:
            what = message("session:closed_after_login", name=self._screen.name)
        elif self._screen.prompt:
            what = message("session:lost_in_setup", name=self._screen.name, reason=reason)
        else:
            what = message("session:lost_before_prompt", name=self._screen.name, reason=reason)
        if last:
            what = message("session:last_output", what=what, output=last)
        return LoginRefused(what) if refused else SessionLost(what)


def _end_of(text: bytearray, begin: int) -> bytes:
    """The last bytes from an offset on."""
    return bytes(text[max(begin, len(text) - _NEAR_END) :])


def excerpt(data: bytes, length: int = 120) -> str:
    """Return the end of the output, printable, quoted, redacted; empty if there is none."""
    text = redact(to_text(data)).strip()[-length:]
    shown = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    return f'"{" ".join(shown.split())}"' if shown else ""
