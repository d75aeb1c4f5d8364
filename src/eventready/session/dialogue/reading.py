"""Send read-only commands over an open Netmiko connection, without sleeping.

Reading blocks until bytes arrive or a deadline passes. A command is sent when the prompt of the previous one has
arrived; on platforms that allow pipelining, several commands are sent ahead. An unexpected shape of a pipelined answer
(pager, missing echo, torn prompt) discards the received text, resynchronises on the prompt and continues with one
command at a time. Sending a command twice is harmless, because every command is read-only.

Output belongs to a command by its echo: a device that has echoed once is waited for until the command's time limit. On
a device without echo, only prompts received after the command count, and as many as Enters were sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

from eventready.core.messages import message
from eventready.core.redaction.redaction import RedactedTooLong, kept_and_printed, redact, redactor
from eventready.session.dialogue import mml
from eventready.session.dialogue.buffer import BROKEN_OFF_BYTES, AnswerTooLarge, StreamClosed
from eventready.session.dialogue.prompt import (
    Echo,
    find_answer_end,
    find_echo,
    find_prompt,
    find_torn_prompt,
    find_wrapped_echo,
    without_repeats,
    without_trailing_prompts,
)
from eventready.session.dialogue.screen import Screen
from eventready.session.dialogue.terminal import to_text
from eventready.session.reply import Reply, ReplyStatus

#: Prompts at the front of an answer that are skipped.
_MAX_PROMPTS = 100
#: Bytes at the end of an answer that are searched for a prompt.
_NEAR_END = 4_096
#: Seconds for the search for secrets in an answer, beyond the time limit of its command.
_REDACTS_S = 5.0


class _CommandTimeout(Exception):
    """The time limit of a command has passed."""


class _PipelineBroken(Exception):
    """Pipelined answers arrived in an unexpected order or shape."""


class Reader:
    """Sends read-only commands to a device, up to `ahead` of them written ahead. Not thread-safe."""

    def __init__(self, screen: Screen, *, ahead: int) -> None:
        self._screen, self._pipeline = screen, ahead
        self._buffer, self._patterns = screen.buffer, screen.patterns
        self._sent_commands: set[bytes] = set()

    def send_commands(self, commands: Sequence[str]) -> list[Reply]:
        """Return a reply per command, in order. Raises nothing; each reply has its status."""
        replies: list[Reply] = []
        self._buffer.memory.start_cpu()
        self._sent_commands.update(command.encode() for command in commands)
        while len(replies) < len(commands):
            left = commands[len(replies) :]
            if not self._screen.over and self._screen.deadline <= monotonic():
                self._screen.over = message("session:over.time_limit")
            if self._screen.over:
                why = message("session:not_sent", reason=self._screen.over)
                replies += [Reply.failed(command, ReplyStatus.NOT_SENT, why) for command in left]
            elif self._patterns.ends_with is not None:
                replies.append(self._framed(left[0]))
            elif self._screen.echoes and self._pipeline > 1 and len(left) > 1:
                replies += self._pipelined(left)
            else:
                replies.append(self._single(left[0]))
        return replies

    def _single(self, command: str) -> Reply:
        started = monotonic()
        try:
            self._screen.send([command])
            answer = without_trailing_prompts(
                self._answer(command.encode(), started), self._screen.prompt, self._patterns
            )
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
                self._screen.heard_echo()
            if echo is not None:
                echo = without_repeats(buffer.text, echo, needle, self._screen.prompt)
                scan = max(scan, echo.end)
                end, scan = find_answer_end(
                    buffer.text, scan, self._screen.prompt, self._patterns, sent=self._sent_commands
                )
                if end >= 0:
                    if not buffer.text[echo.end : end].strip() and self._goes_on(started):
                        continue
                    return buffer.take(end)[echo.end :]
            if self._screen.answer_pager(pager_from):
                pager_from = len(buffer.text)
                scan = max(echo.end if echo else 0, min(scan, pager_from - len(self._screen.prompt)))
            if buffer.receive(self._wait_s(started, self._screen.settle_s)):
                continue
            silent = buffer.silence_s
            if self._screen.left(started) <= 0:
                raise _CommandTimeout
            if (
                silent >= self._screen.settle_s
                and (answer := self._settled(needle, echo, long=silent >= self._screen.long_settle_s)) is not None
            ):
                return answer

    def _wait_s(self, started: float, settle_s: float) -> float:
        """Return seconds to wait for bytes: few if the answer may have ended, else until the time limit."""
        left, silent = self._screen.left(started), self._buffer.silence_s
        ends = self._screen.at_prompt() or self._patterns.is_prompt(self._buffer.last_line) or self._log_line_at_end()
        if not ends or silent > max(self._screen.long_settle_s, settle_s):
            return left
        return min(left, (settle_s if silent < settle_s else self._screen.long_settle_s) - silent + 0.01)

    def _goes_on(self, started: float) -> bool:
        """Return True if something follows the prompt behind an empty answer, which may have been drawn anew."""
        return self._buffer.receive(max(min(self._screen.left(started), self._screen.settle_s), 0.0))

    def _log_line_at_end(self) -> bool:
        inside = self._patterns.noise_inside
        return inside is not None and inside.search(self._buffer.tail(512)) is not None

    def _echo(self, needle: bytes) -> Echo | None:
        """Find the echo of a command; the first echo corrects a prompt taken from a banner."""
        text = self._buffer.text
        if self._screen.echoes:
            echo = find_echo(text, needle, self._screen.prompt, self._patterns)
            if echo is None and len(text) > len(self._screen.prompt) + len(needle) and self._screen.at_prompt():
                echo = find_wrapped_echo(text, needle, self._screen.prompt)
            return echo
        echo = find_echo(text, needle, b"", self._patterns)
        if echo is not None:
            self._screen.echoes = True
            if not echo.prompt.endswith(self._screen.prompt) and self._patterns.is_prompt(echo.prompt):
                self._screen.prompt = echo.prompt
        return echo

    def _settled(self, needle: bytes, echo: Echo | None, *, long: bool) -> bytes | None:
        """Return an answer of unexpected shape after silence; None to continue waiting."""
        text = self._buffer.text
        echo = echo or find_wrapped_echo(text, needle, self._screen.prompt)
        self._screen.echoes = self._screen.echoes or echo is not None or self._late_echo()
        if echo is None and (self._screen.echoes or not self._screen.answered_without_echo(self._screen.prompt, 1)):
            return None
        begin = echo.end if echo else self._after_prompts()
        end, _ = find_answer_end(text, begin, self._screen.prompt, self._patterns, settled=True)
        if end < 0 and (at := find_torn_prompt(_end_of(text, begin), self._screen.prompt, self._patterns)) >= 0:
            end = at + max(begin, len(text) - _NEAR_END)
            text[end:] = self._screen.prompt
        if end < 0 and len(text) > begin and text.rstrip().endswith(self._screen.prompt):
            end = text.rstrip().rfind(self._screen.prompt)  # the answer's last line has no line end
        if end < 0 and long and (other := find_prompt(_end_of(text, begin), self._patterns)):
            self._screen.prompt, end = other, text.rfind(other)
        if echo is None and end == begin and not long:
            return None  # a late prompt looks like an empty answer
        return self._buffer.take(end)[begin:] if end >= begin else None

    def _late_echo(self) -> bool:
        """Return True for an echo of an earlier command: the device echoes, and the answer is still to come."""
        earlier = {*(command.encode() for command in self._screen.spec.setup), *self._sent_commands}
        return any(find_echo(self._buffer.text, command, self._screen.prompt, self._patterns) for command in earlier)

    def _after_prompts(self) -> int:
        """Return the offset of the output's first content, or of the last of the prompts at its front."""
        text, at = self._buffer.text, self._screen.sent_at
        for _ in range(_MAX_PROMPTS):
            while at < len(text) and text[at] in b" \t\r\n":
                at += 1
            if (
                text[at : at + len(self._screen.prompt)] != self._screen.prompt
                or text.find(self._screen.prompt, at + 1) < 0
            ):
                break
            at += len(self._screen.prompt)
        return at

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
                    self._buffer.send(b"".join(c.encode() + self._screen.newline for c in commands[sent:upto]))
                    sent = upto
                done = len(replies)
                following = commands[done + 1].encode() if done + 1 < sent else b""
                answer = self._next_answer(commands[done].encode(), following, started)
                replies.append(self._reply(commands[done], answer, started))
        except _PipelineBroken:
            self._pipeline = 1
            outstanding = sent - len(replies)  # each may take a command's time
            until = monotonic() + max(self._screen.left(started), self._screen.recovery_s) * max(1, outstanding)
            if not self._screen.resynchronise(min(until, self._screen.deadline)):
                self._screen.over = message("session:over.no_return")
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
            if echo is None and (echo := find_echo(buffer.text, needle, self._screen.prompt, self._patterns)):
                scan = echo.end
            if echo is not None:
                echo = without_repeats(buffer.text, echo, needle, self._screen.prompt)
                scan = max(scan, echo.end)
                end, scan = find_answer_end(buffer.text, scan, self._screen.prompt, self._patterns, following=following)
                if end >= 0:
                    if not following and not buffer.text[echo.end : end].strip() and self._goes_on(started):
                        continue
                    answer = without_trailing_prompts(buffer.take(end)[echo.end :], self._screen.prompt, self._patterns)
                    if following and following in answer:
                        raise _PipelineBroken
                    return answer
            if self._screen.pager_waiting():
                raise _PipelineBroken
            settle_s = self._screen.patience_s if following or not echo else self._screen.settle_s
            if not buffer.receive(self._wait_s(started, settle_s)):
                raise _CommandTimeout if echo and self._screen.left(started) <= 0 else _PipelineBroken

    # ---------------------------------------------------------------- replies

    def _framed(self, command: str) -> Reply:
        """Send a command with a report and an end mark as answer (MML)."""
        started = monotonic()
        assert self._patterns.ends_with is not None  # noqa: S101  checked by send_commands()
        try:
            self._buffer.send(command.encode() + self._screen.newline)
            answer = mml.read_report(
                self._buffer, command, self._patterns.ends_with, lambda: self._screen.left(started)
            )
        except TimeoutError:
            return self._timed_out(command, started, recover=False)
        except (StreamClosed, AnswerTooLarge) as error:
            return self._dropped(command, started, error)
        return self._reply(command, answer, started)

    def _reply(self, command: str, answer: bytes, started: float) -> Reply:
        plain, breaks = self._patterns.split_at_log_lines(to_text(answer))
        try:
            text, printed = kept_and_printed(plain, monotonic() + max(_REDACTS_S, self._screen.left(started)))
        except RedactedTooLong:
            seconds = monotonic() - started
            late = message("session:redacted_too_long", seconds=seconds)
            return Reply.failed(command, ReplyStatus.TIMEOUT, late, "", seconds)
        self._buffer.memory.keep(len(text) + (len(printed) if printed != text else 0))
        seconds = monotonic() - started
        word, line = self._patterns.refusal(printed)
        if word == "denied":
            return Reply.failed(
                command, ReplyStatus.DENIED, message("session:denied", line=redact(line)), text, seconds
            )
        if word == "refused":
            why = message("session:refused", line=redact(line))
            return Reply.failed(command, ReplyStatus.REFUSED, why, text, seconds)
        shown = self._screen.shown_prompt
        return Reply(command, text, ReplyStatus.ANSWERED, "", seconds, breaks=breaks, prompt=shown, printed=printed)

    def _timed_out(self, command: str, started: float, *, recover: bool = True) -> Reply:
        partial = self._broken_off()
        seconds = monotonic() - started
        if recover and not (self._interrupt() and self._screen.echoes):  # a late answer without echo has no command
            self._screen.over = message("session:over.no_answer", command=command)
        late = message("session:no_prompt_within", seconds=seconds)
        return Reply.failed(command, ReplyStatus.TIMEOUT, late, partial, seconds)

    def _broken_off(self) -> str:
        """The last megabyte of an answer without its end; empty if its secrets are not found in time."""
        try:
            partial = redactor.redact_until(to_text(self._buffer.tail(BROKEN_OFF_BYTES)), monotonic() + _REDACTS_S)
        except RedactedTooLong:
            return ""
        self._buffer.memory.keep(len(partial))
        return partial

    def _interrupt(self) -> bool:
        """Interrupt the current command and resynchronise on the prompt."""
        try:
            self._buffer.text.clear()
            self._buffer.send(b"\x03" + self._screen.newline)
        except StreamClosed:
            return False
        return self._screen.resynchronise(min(monotonic() + self._screen.recovery_s, self._screen.deadline))

    def _dropped(self, command: str, started: float, error: Exception) -> Reply:
        self._screen.over = reason = str(error)
        partial = self._broken_off()
        self._buffer.text.clear()
        lost = message("session:lost_in_command", reason=reason)
        failed = Reply.failed(command, ReplyStatus.DROPPED, lost, partial, monotonic() - started)
        return replace(failed, final=isinstance(error, AnswerTooLarge))


def _end_of(text: bytearray, begin: int) -> bytes:
    """The last bytes from an offset on."""
    return bytes(text[max(begin, len(text) - _NEAR_END) :])
