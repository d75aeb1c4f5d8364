"""Send read-only commands over an open Netmiko connection, without sleeping.

Reading blocks until bytes arrive or a deadline passes. A command is sent when the prompt of the previous one has
arrived; on platforms that allow pipelining, several commands are sent ahead. An unexpected shape of a pipelined answer
(pager, missing echo, torn prompt) discards the received text, resynchronises on the prompt and continues with one
command at a time. Sending a command twice is harmless, because every command is read-only.

Output belongs to a command by its echo: a device that has echoed once is waited for until the command's time limit. On
a device without echo, only prompts received after the command count, and as many as Enters were sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

from eventready.core.messages import Message, message
from eventready.core.redaction.redaction import redact
from eventready.core.text_lines import lines_of
from eventready.platforms.model import SessionSpec
from eventready.session.dialogue import mml
from eventready.session.dialogue.budget import BROKEN_OFF_BYTES, AnswerTooLarge
from eventready.session.dialogue.buffer import ReceiveBuffer, StreamClosed
from eventready.session.dialogue.patterns import patterns
from eventready.session.dialogue.screen import (
    Echo,
    find_answer_end,
    find_echo,
    find_prompt,
    find_torn_prompt,
    find_wrapped_echo,
    without_repeats,
    without_trailing_prompts,
)
from eventready.session.dialogue.terminal import to_text
from eventready.session.reply import LoginRefused, NoPrompt, Reply, ReplyStatus, SessionError, SessionLost
from eventready.session.steps import ConnectStep, Trace
from eventready.session.target import Secret

#: Silence after which a probable end of an answer is accepted without proof.
_SETTLE_S = 0.5
#: Silence after which a prompt other than the known one is accepted, and unanswered Enters count as lost.
_LONG_SETTLE_S = 5.0
#: Silence after which an Enter is sent to a device without a prompt.
_WAKE_S = 2.0
#: Prompts at the front of an answer that are skipped.
_MAX_PROMPTS = 100
#: Bytes at the end of an answer that are searched for a prompt.
_NEAR_END = 4_096
#: An echo is missing after this many times the longest wait for an echo so far.
_PATIENCE = 3.0
#: Time limit for the prompt after an interrupted command.
_RECOVER_S = 5.0

_PASSWORD = re.compile(rb"(?i)(?:password|secret|passcode)[^\n]{0,40}:[ \t]*$")
_QUESTION = re.compile(rb"(?i)\[y(es)?/no?\][ \t]*(?:[:?][ \t]*)?$")
_PRESS_KEY = re.compile(rb"(?i)press (?:any key|return|enter)[^\n]{0,60}$")
_ACCESS_REFUSED = re.compile(
    rb"(?i)access denied|permission denied|authori[sz]ation (?:failed|denied)|authentication fail"
    rb"|login (?:invalid|incorrect)|not allowed|bad (?:secrets|passwords?|enable)|too many failures"
)


class _CommandTimeout(Exception):
    """The time limit of a command has passed."""


class _PipelineBroken(Exception):
    """Pipelined answers arrived in an unexpected order or shape."""


class Channel:
    """Sends commands to a device. Not thread-safe.

    `deadline` is the monotonic time at which the device's time limit ends; `privileged` is the command that raises the
    privileges of a session whose prompt ends in ">", used when `secret` is given.
    """

    def __init__(
        self,
        buffer: ReceiveBuffer,
        spec: SessionSpec,
        *,
        name: str,
        deadline: float,
        secret: Secret | None = None,
        privileged: str = "",
        trace: Trace | None = None,
    ) -> None:
        self._buffer, self._spec, self._name, self._deadline = buffer, spec, name, deadline
        self._patterns = patterns(spec)
        self._secret, self._privileged = secret or Secret(""), privileged
        self._trace = trace or Trace()
        self._prompt = b""
        self._confirmed = False
        self._sent_commands: set[bytes] = set()
        self._pipeline = spec.pipeline
        self._sent, self._sent_at = 0.0, 0  # time of the last sent command, and offset of the output since then
        self._echo_wait_s = 0.0  # longest wait for an echo so far
        self._over: str | Message = ""

    @property
    def prompt(self) -> str:
        """The device's prompt."""
        return self._prompt.decode(errors="replace")

    # ---------------------------------------------------------------- start

    def start(self, timeout_s: float) -> None:
        """Wait for the prompt, raise privileges, send the platform's set-up commands.

        Raises NoPrompt, LoginRefused, SessionLost.
        """
        if self._patterns.ends_with is not None:
            return
        self._buffer.memory.start_cpu()
        try:
            with self._trace.step(ConnectStep.PROMPT):
                self._first_prompt(min(monotonic() + timeout_s, self._deadline))
            self._trace.detail(ConnectStep.PROMPT, self.prompt)
            with self._trace.step(ConnectStep.PRIVILEGE):
                self._prepare()
            self._trace.detail(ConnectStep.PRIVILEGE, message("session:after_setup", prompt=self.prompt))
        except StreamClosed as error:
            raise self._closed_early(str(error)) from None
        except AnswerTooLarge as error:
            raise NoPrompt(message("session:endless_output", name=self._name, error=str(error))) from None

    def _prepare(self) -> None:
        """Raise privileges and send the set-up commands."""
        setup = list(self._spec.setup)
        raise_privileges = self._privileged and (self._secret or self._spec.privileged)
        if raise_privileges and self._prompt.endswith(b">") and self._privileged not in setup:
            setup.insert(0, self._privileged)
        if self._privileged not in setup and self._pipeline > 1 and setup:
            try:
                self._send_setup(setup)
            except _PipelineBroken:
                self._pipeline = 1
            else:
                return
        for command in setup:
            self._send_setup([command])

    def _first_prompt(self, deadline: float) -> None:
        buffer, wake = self._buffer, _WAKE_S
        while not (prompt := find_prompt(buffer.tail(), self._patterns)):
            left = deadline - monotonic()
            if left <= 0:
                raise self._no_prompt()
            if buffer.receive(min(wake, left)):
                self._answer_question()
            else:
                buffer.wake(self._newline)
                wake *= 2
        self._prompt = prompt

    def _answer_question(self) -> None:
        """Decline offers at login (a new password, saving the configuration); press the requested key."""
        line = self._buffer.last_line
        if question := _QUESTION.search(line):
            self._buffer.send((b"no" if question[1] else b"n") + self._newline)
            self._buffer.text.clear()
        elif _PRESS_KEY.search(line):
            self._buffer.send(self._newline)
            self._buffer.text.clear()

    def _send_setup(self, commands: Sequence[str]) -> None:
        """Send set-up commands and wait for the end of the last; the prompt may change.

        Raises _PipelineBroken if the last of several was lost.
        """
        buffer, needle, password_sent = self._buffer, commands[-1].encode(), False
        started, begun, echo = monotonic(), None, None
        self._send(commands)
        while True:
            begun = begun or self._setup_echo(commands[0].encode())
            echo = echo or self._setup_echo(needle)
            if echo and (prompt := find_prompt(_end_of(buffer.text, echo.end), self._patterns)):
                break
            if echo and _PASSWORD.search(buffer.last_line):
                if self._optional_privilege(commands[-1]):
                    self._enter(b"")
                    echo = Echo(0, 0, b"")
                    continue
                if password_sent or not self._secret:
                    raise self._no_privilege(
                        "session:privilege.refused_password" if password_sent else "session:privilege.asks"
                    )
                password_sent = True
                self._enter(self._secret.reveal().encode())
                echo = Echo(0, 0, b"")
            left = self._left(started)
            if left <= 0:
                raise self._no_prompt(commands[-1])
            if not buffer.receive(min(left, _SETTLE_S * 2)) and (
                prompt := self._setup_settled(begun, echo, len(commands))
            ):
                break
        if commands[-1] == self._privileged and prompt == self._prompt and not self._optional_privilege(commands[-1]):
            lines = lines_of(to_text(bytes(buffer.text)).strip())
            raise self._no_privilege("session:privilege.refused", redact(lines[-2]) if len(lines) > 1 else "")
        self._prompt = prompt
        buffer.take(max(buffer.text.rfind(prompt), 0))

    def _send(self, commands: Sequence[str]) -> None:
        """Send commands and mark the beginning of their output."""
        self._sent, self._sent_at = monotonic(), len(self._buffer.text)
        self._buffer.send(b"".join(command.encode() + self._newline for command in commands))

    def _enter(self, answer: bytes) -> None:
        """Answer a question; the question is dropped from the received text."""
        self._buffer.text.clear()
        self._sent_at = 0
        self._buffer.send(answer + self._newline)

    def _setup_echo(self, needle: bytes) -> Echo | None:
        text = self._buffer.text
        echo = find_echo(text, needle, b"", self._patterns)
        if echo is None and len(text) > len(self._prompt) + len(needle) and self._at_prompt():
            echo = find_wrapped_echo(text, needle, self._prompt)
        if echo is not None:
            self._heard_echo()
        return echo

    def _heard_echo(self) -> None:
        """Take the time from a command to its echo; of several commands sent together, to the first echo."""
        self._confirmed = True
        if self._sent:
            self._echo_wait_s, self._sent = max(self._echo_wait_s, monotonic() - self._sent), 0.0

    def _optional_privilege(self, command: str) -> bool:
        """Return True for privileged mode without a configured password: an empty password is tried, refusal is
        accepted."""
        return command == self._privileged and self._spec.privileged and not self._secret

    def _setup_settled(self, begun: Echo | None, echo: Echo | None, sent: int) -> bytes:
        """Return the prompt after set-up commands without echo, or with an answer without the final line end."""
        if echo:
            return self._prompt if self._at_prompt() else b""
        if begun and sent > 1 and self._buffer.silence_s >= self._patience_s:
            raise _PipelineBroken
        prompt = find_prompt(bytes(self._buffer.text[self._sent_at :][-_NEAR_END:]), self._patterns)
        return prompt if prompt and self._answered_without_echo(prompt, sent) else b""

    def _answered_without_echo(self, prompt: bytes, enters: int) -> bool:
        """Return True for a new prompt per Enter sent; after long silence, per command sent."""
        found = self._buffer.text.count(prompt, self._sent_at)
        lost = self._buffer.silence_s >= _LONG_SETTLE_S
        if found < enters or (found < enters + self._buffer.wakes and not lost):
            return False
        self._buffer.wakes = 0
        return True

    def _no_prompt(self, command: str = "") -> NoPrompt:
        last = excerpt(self._buffer.tail(400))
        what = message("session:no_prompt", name=self._name)
        if command:
            what = message("session:no_prompt_after", name=self._name, command=command)
        if last:
            return NoPrompt(message("session:last_output", what=what, output=last))
        return NoPrompt(message("session:no_output", what=what))

    def _no_privilege(self, msgid: str, answer: str = "") -> LoginRefused:
        what = message(msgid, name=self._name)
        if answer:
            what = message("session:answer", what=what, answer=answer)
        return LoginRefused(what, do=message("session:privilege.do"))

    def _closed_early(self, reason: str) -> SessionError:
        last = excerpt(self._buffer.tail(400))
        refused = _ACCESS_REFUSED.search(self._buffer.tail())
        if refused:
            what = message("session:closed_after_login", name=self._name)
        elif self._prompt:
            what = message("session:lost_in_setup", name=self._name, reason=reason)
        else:
            what = message("session:lost_before_prompt", name=self._name, reason=reason)
        if last:
            what = message("session:last_output", what=what, output=last)
        return LoginRefused(what) if refused else SessionLost(what)

    # ------------------------------------------------------------- commands

    def send_commands(self, commands: Sequence[str]) -> list[Reply]:
        """Return a reply per command, in order. Raises nothing; each reply has its status."""
        replies: list[Reply] = []
        self._buffer.memory.start_cpu()
        self._sent_commands.update(command.encode() for command in commands)
        while len(replies) < len(commands):
            left = commands[len(replies) :]
            if not self._over and self._deadline <= monotonic():
                self._over = message("session:over.time_limit")
            if self._over:
                why = message("session:not_sent", reason=self._over)
                replies += [Reply.failed(command, ReplyStatus.NOT_SENT, why) for command in left]
            elif self._patterns.ends_with is not None:
                replies.append(self._framed(left[0]))
            elif self._confirmed and self._pipeline > 1 and len(left) > 1:
                replies += self._pipelined(left)
            else:
                replies.append(self._single(left[0]))
        return replies

    def _single(self, command: str) -> Reply:
        started = monotonic()
        try:
            self._send([command])
            answer = without_trailing_prompts(self._answer(command.encode(), started), self._prompt, self._patterns)
        except _CommandTimeout:
            return self._timed_out(command, started)
        except (StreamClosed, AnswerTooLarge) as error:
            return self._dropped(command, started, error)
        return self._reply(command, answer, started)

    def _answer(self, needle: bytes, started: float) -> bytes:
        """Read until the answer to the current command is complete."""
        buffer = self._buffer
        echo: Echo | None = None
        scan = pager_from = 0
        while True:
            if echo is None and (echo := self._echo(needle)):
                scan = pager_from = echo.end
                self._heard_echo()
            if echo is not None:
                echo = without_repeats(buffer.text, echo, needle, self._prompt)
                scan = max(scan, echo.end)
                end, scan = find_answer_end(buffer.text, scan, self._prompt, self._patterns, sent=self._sent_commands)
                if end >= 0:
                    if not buffer.text[echo.end : end].strip() and self._goes_on(started):
                        continue
                    return buffer.take(end)[echo.end :]
            if self._pager(pager_from):
                pager_from = len(buffer.text)
                scan = max(echo.end if echo else 0, min(scan, pager_from - len(self._prompt)))
            if buffer.receive(self._wait_s(started)):
                continue
            silent = buffer.silence_s
            if self._left(started) <= 0:
                raise _CommandTimeout
            if (
                silent >= _SETTLE_S
                and (answer := self._settled(needle, echo, long=silent >= _LONG_SETTLE_S)) is not None
            ):
                return answer

    def _wait_s(self, started: float, settle_s: float = _SETTLE_S) -> float:
        """Return seconds to wait for bytes: few if the answer may have ended, else until the time limit."""
        left, silent = self._left(started), self._buffer.silence_s
        ends = self._at_prompt() or self._patterns.is_prompt(self._buffer.last_line) or self._log_line_at_end()
        if not ends or silent > max(_LONG_SETTLE_S, settle_s):
            return left
        return min(left, (settle_s if silent < settle_s else _LONG_SETTLE_S) - silent + 0.01)

    def _goes_on(self, started: float) -> bool:
        """Return True if something follows the prompt behind an empty answer, which may have been drawn anew."""
        return self._buffer.receive(max(min(self._left(started), _SETTLE_S), 0.0))

    def _at_prompt(self) -> bool:
        return self._buffer.last_line.strip().endswith(self._prompt)

    def _log_line_at_end(self) -> bool:
        inside = self._patterns.noise_inside
        return inside is not None and inside.search(self._buffer.tail(512)) is not None

    def _echo(self, needle: bytes) -> Echo | None:
        """Find the echo of a command; the first echo corrects a prompt taken from a banner."""
        text = self._buffer.text
        if self._confirmed:
            echo = find_echo(text, needle, self._prompt, self._patterns)
            if echo is None and len(text) > len(self._prompt) + len(needle) and self._at_prompt():
                echo = find_wrapped_echo(text, needle, self._prompt)
            return echo
        echo = find_echo(text, needle, b"", self._patterns)
        if echo is not None:
            self._confirmed = True
            if not echo.prompt.endswith(self._prompt) and self._patterns.is_prompt(echo.prompt):
                self._prompt = echo.prompt
        return echo

    def _settled(self, needle: bytes, echo: Echo | None, *, long: bool) -> bytes | None:
        """Return an answer of unexpected shape after silence; None to continue waiting."""
        text = self._buffer.text
        echo = echo or find_wrapped_echo(text, needle, self._prompt)
        self._confirmed = self._confirmed or echo is not None or self._late_echo()
        if echo is None and (self._confirmed or not self._answered_without_echo(self._prompt, 1)):
            return None
        begin = echo.end if echo else self._after_prompts()
        end, _ = find_answer_end(text, begin, self._prompt, self._patterns, settled=True)
        if end < 0 and (at := find_torn_prompt(_end_of(text, begin), self._prompt, self._patterns)) >= 0:
            end = at + max(begin, len(text) - _NEAR_END)
            text[end:] = self._prompt
        if end < 0 and len(text) > begin and text.rstrip().endswith(self._prompt):
            end = text.rstrip().rfind(self._prompt)  # the answer's last line has no line end
        if end < 0 and long and (other := find_prompt(_end_of(text, begin), self._patterns)):
            self._prompt, end = other, text.rfind(other)
        if echo is None and end == begin and not long:
            return None  # a late prompt looks like an empty answer
        return self._buffer.take(end)[begin:] if end >= begin else None

    def _late_echo(self) -> bool:
        """Return True for an echo of an earlier command: the device echoes, and the answer is still to come."""
        earlier = {*(command.encode() for command in self._spec.setup), *self._sent_commands}
        return any(find_echo(self._buffer.text, command, self._prompt, self._patterns) for command in earlier)

    def _after_prompts(self) -> int:
        """Return the offset of the output's first content, or of the last of the prompts at its front."""
        text, at = self._buffer.text, self._sent_at
        for _ in range(_MAX_PROMPTS):
            while at < len(text) and text[at] in b" \t\r\n":
                at += 1
            if text[at : at + len(self._prompt)] != self._prompt or text.find(self._prompt, at + 1) < 0:
                break
            at += len(self._prompt)
        return at

    def _pager(self, begin: int) -> bool:
        """Answer a pager at the end of the text received since `begin`; False without a pager."""
        pager, text = self._patterns.pager, self._buffer.text
        if pager is None or len(text) <= begin:
            return False
        line = max(text.rfind(b"\n"), begin - 1, len(text) - 400) + 1
        last = bytes(text[line:])
        found = pager.search(last.strip(b" \r\b"))
        if not found:
            return False
        at = line + last.find(found[0])
        text[at:] = b""
        self._buffer.send(self._spec.pager_answer.encode())
        return True

    # ------------------------------------------------------------ pipelining

    def _pipelined(self, commands: Sequence[str]) -> list[Reply]:
        """Return replies to the first commands, as far as the pipelined answers have the expected shape."""
        replies: list[Reply] = []
        sent = 0
        started = monotonic()
        try:
            while len(replies) < len(commands):
                started = monotonic()
                upto = min(len(commands), len(replies) + self._pipeline)
                if sent <= len(replies) + self._pipeline // 2 and upto > sent:
                    self._buffer.send(b"".join(c.encode() + self._newline for c in commands[sent:upto]))
                    sent = upto
                done = len(replies)
                following = commands[done + 1].encode() if done + 1 < sent else b""
                answer = self._next_answer(commands[done].encode(), following, started)
                replies.append(self._reply(commands[done], answer, started))
        except _PipelineBroken:
            self._pipeline = 1
            until = monotonic() + max(self._left(started), self._recover_s)
            if not self._resynchronise(min(until, self._deadline)):
                self._over = message("session:over.no_return")
        except _CommandTimeout:
            self._pipeline = 1
            replies.append(self._timed_out(commands[len(replies)], started))
        except (StreamClosed, AnswerTooLarge) as error:
            replies.append(self._dropped(commands[len(replies)], started, error))
        return replies

    def _next_answer(self, needle: bytes, following: bytes, started: float) -> bytes:
        """Read the next of several pipelined answers; `following` is the command of the next echo."""
        buffer = self._buffer
        echo: Echo | None = None
        scan = 0
        while True:
            if echo is None and (echo := find_echo(buffer.text, needle, self._prompt, self._patterns)):
                scan = echo.end
            if echo is not None:
                echo = without_repeats(buffer.text, echo, needle, self._prompt)
                scan = max(scan, echo.end)
                end, scan = find_answer_end(buffer.text, scan, self._prompt, self._patterns, following=following)
                if end >= 0:
                    if not following and not buffer.text[echo.end : end].strip() and self._goes_on(started):
                        continue
                    answer = without_trailing_prompts(buffer.take(end)[echo.end :], self._prompt, self._patterns)
                    if following and following in answer:
                        raise _PipelineBroken
                    return answer
            if self._pager_waiting():
                raise _PipelineBroken
            if not buffer.receive(self._wait_s(started, _SETTLE_S if echo else self._patience_s)):
                raise _CommandTimeout if echo and self._left(started) <= 0 else _PipelineBroken

    @property
    def _patience_s(self) -> float:
        """Silence after which a command written ahead, or its echo, counts as lost."""
        return max(_SETTLE_S, _PATIENCE * self._echo_wait_s)

    def _pager_waiting(self) -> bool:
        pager = self._patterns.pager
        return pager is not None and pager.search(self._buffer.last_line.strip(b" \r\b")) is not None

    @property
    def _recover_s(self) -> float:
        """Time limit for the prompt after an interrupted command."""
        return max(_RECOVER_S, 2 * self._patience_s)

    def _resynchronise(self, until: float) -> bool:
        """Discard output, answering pagers, until the device waits silently at its prompt; False without such a
        wait."""
        buffer = self._buffer
        try:
            while (left := until - monotonic()) > 0:
                self._pager(0)
                if not buffer.receive(min(left, self._patience_s)) and (
                    self._at_prompt() or find_prompt(buffer.tail(), self._patterns) == self._prompt
                ):
                    buffer.text.clear()
                    buffer.text += self._prompt
                    return True
        except (StreamClosed, AnswerTooLarge):
            pass
        return False

    # ----------------------------------------------------------------- frames

    def _framed(self, command: str) -> Reply:
        """Send a command with a report and an end mark as answer (MML)."""
        started = monotonic()
        assert self._patterns.ends_with is not None  # noqa: S101  checked by send_commands()
        try:
            self._buffer.send(command.encode() + self._newline)
            answer = mml.read_report(self._buffer, command, self._patterns.ends_with, lambda: self._left(started))
        except TimeoutError:
            return self._timed_out(command, started, recover=False)
        except (StreamClosed, AnswerTooLarge) as error:
            return self._dropped(command, started, error)
        return self._reply(command, answer, started)

    # ---------------------------------------------------------------- replies

    @property
    def _newline(self) -> bytes:
        return self._spec.newline.encode()

    def _left(self, started: float) -> float:
        return min(started + self._spec.command_timeout_s, self._deadline) - monotonic()

    def _reply(self, command: str, answer: bytes, started: float) -> Reply:
        plain, breaks = self._patterns.split_at_log_lines(to_text(answer))
        text = redact(plain)
        self._buffer.memory.keep(len(text))
        seconds = monotonic() - started
        word, line = self._patterns.refusal(text)
        if word == "denied":
            return Reply.failed(command, ReplyStatus.DENIED, message("session:denied", line=line), text, seconds)
        if word == "refused":
            return Reply.failed(command, ReplyStatus.REFUSED, message("session:refused", line=line), text, seconds)
        return Reply(command, text, ReplyStatus.ANSWERED, "", seconds, breaks=breaks)

    def _timed_out(self, command: str, started: float, *, recover: bool = True) -> Reply:
        partial = self._broken_off()
        seconds = monotonic() - started
        if recover and not self._interrupt():
            self._over = message("session:over.no_answer", command=command)
        late = message("session:no_prompt_within", seconds=seconds)
        return Reply.failed(command, ReplyStatus.TIMEOUT, late, partial, seconds)

    def _broken_off(self) -> str:
        """The last megabyte of an answer without its end."""
        partial = redact(to_text(self._buffer.tail(BROKEN_OFF_BYTES)))
        self._buffer.memory.keep(len(partial))
        return partial

    def _interrupt(self) -> bool:
        """Interrupt the current command and resynchronise on the prompt."""
        try:
            self._buffer.text.clear()
            self._buffer.send(b"\x03" + self._newline)
        except StreamClosed:
            return False
        return self._resynchronise(min(monotonic() + self._recover_s, self._deadline))

    def _dropped(self, command: str, started: float, error: Exception) -> Reply:
        self._over = reason = str(error)
        partial = self._broken_off()
        self._buffer.text.clear()
        lost = message("session:lost_in_command", reason=reason)
        failed = Reply.failed(command, ReplyStatus.DROPPED, lost, partial, monotonic() - started)
        return replace(failed, final=isinstance(error, AnswerTooLarge))


def _end_of(text: bytearray, begin: int) -> bytes:
    """The last bytes from an offset on."""
    return bytes(text[max(begin, len(text) - _NEAR_END) :])


def excerpt(data: bytes, length: int = 120) -> str:
    """Return the end of the output, printable, quoted, redacted; empty if there is none."""
    text = redact(to_text(data)).strip()[-length:]
    shown = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    return f'"{" ".join(shown.split())}"' if shown else ""
