"""Terminal of a device as its bytes arrive: the prompt, the echo of typed lines, pagers, and silence.

Reading and configuring a device share a screen, and so whatever one of them learns about the prompt and the echo.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import ClassVar

from eventready.core.messages import Message
from eventready.platforms.model import SessionSpec
from eventready.session.dialogue.buffer import AnswerTooLarge, ReceiveBuffer, StreamClosed
from eventready.session.dialogue.patterns import patterns
from eventready.session.dialogue.prompt import find_prompt

#: An echo is missing after this many times the longest wait for an echo so far.
_PATIENCE = 3.0


class Screen:
    """Received text of a device, and the knowledge about its terminal. Not thread-safe.

    `deadline`: monotonic time of the end of the device's time limit. `prompt`: the device's prompt, empty before the
    first. `echoes`: True once the device has echoed a line. `over`: the reason for the end of the session, empty for a
    usable one. `sent_at`: offset of the output received since the last command was sent.
    """

    #: Silence after which a probable end of an answer is accepted without proof.
    settle_s: ClassVar[float] = 0.5
    #: Silence after which a prompt other than the known one is accepted, and unanswered Enters count as lost.
    long_settle_s: ClassVar[float] = 5.0
    #: Silence after which an Enter is sent to a device without a prompt.
    wake_s: ClassVar[float] = 2.0
    #: Least time limit for the prompt after an interrupted command.
    recover_s: ClassVar[float] = 5.0

    def __init__(self, buffer: ReceiveBuffer, spec: SessionSpec, *, name: str, deadline: float) -> None:
        self.buffer, self.spec, self.name, self.deadline = buffer, spec, name, deadline
        self.patterns = patterns(spec)
        self.prompt = b""
        self.echoes = False
        self.over: str | Message = ""
        self.sent_at = 0
        self._sent = 0.0  # time of the last sent command, 0 after its echo
        self._echo_wait_s = 0.0  # longest wait for an echo so far

    @property
    def shown_prompt(self) -> str:
        """The prompt as text."""
        return self.prompt.decode(errors="replace")

    @property
    def newline(self) -> bytes:
        """The bytes of an Enter."""
        return self.spec.newline.encode()

    def left(self, started: float) -> float:
        """Return seconds until the time limit of a command sent at `started`."""
        return min(started + self.spec.command_timeout_s, self.deadline) - monotonic()

    def send(self, commands: Sequence[str]) -> None:
        """Send commands and mark the beginning of their output."""
        self._sent, self.sent_at = monotonic(), len(self.buffer.text)
        self.buffer.send(b"".join(command.encode() + self.newline for command in commands))

    def enter(self, answer: bytes) -> None:
        """Answer a question; the question is dropped from the received text."""
        self.buffer.text.clear()
        self.sent_at = 0
        self.buffer.send(answer + self.newline)

    def heard_echo(self) -> None:
        """Take the time from a command to its echo; of several commands sent together, to the first echo."""
        self.echoes = True
        if self._sent:
            self._echo_wait_s, self._sent = max(self._echo_wait_s, monotonic() - self._sent), 0.0

    def at_prompt(self) -> bool:
        """Return True if the last line ends with the prompt."""
        return self.buffer.last_line.strip().endswith(self.prompt)

    def answered_without_echo(self, prompt: bytes, enters: int) -> bool:
        """Return True for a new prompt per Enter sent; after long silence, per command sent."""
        found = self.buffer.text.count(prompt, self.sent_at)
        lost = self.buffer.silence_s >= self.long_settle_s
        if found < enters or (found < enters + self.buffer.wakes and not lost):
            return False
        self.buffer.wakes = 0
        return True

    @property
    def patience_s(self) -> float:
        """Silence after which a command written ahead, or its echo, counts as lost."""
        return max(self.settle_s, _PATIENCE * self._echo_wait_s)

    @property
    def recovery_s(self) -> float:
        """Time limit for the prompt after an interrupted command."""
        return max(self.recover_s, 2 * self.patience_s)

    def resynchronise(self, until: float) -> bool:
        """Discard output, answering pagers, until the device waits silently at its prompt; False without such a
        wait."""
        buffer = self.buffer
        try:
            while (left := until - monotonic()) > 0:
                self.answer_pager(0)
                if not buffer.receive(min(left, self.patience_s)) and (
                    self.at_prompt() or find_prompt(buffer.tail(), self.patterns) == self.prompt
                ):
                    buffer.text.clear()
                    buffer.text += self.prompt
                    return True
        except (StreamClosed, AnswerTooLarge):
            pass
        return False

    def answer_pager(self, begin: int) -> bool:
        """Answer a pager at the end of the text received since `begin`; False without a pager."""
        pager, text = self.patterns.pager, self.buffer.text
        if pager is None or len(text) <= begin:
            return False
        line = max(text.rfind(b"\n"), begin - 1, len(text) - 400) + 1
        last = bytes(text[line:])
        found = pager.search(last.strip(b" \r\b"))
        if not found:
            return False
        at = line + last.find(found[0])
        text[at:] = b""
        self.buffer.send(self.spec.pager_answer.encode())
        return True

    def pager_waiting(self) -> bool:
        """Return True for a pager in the last line."""
        pager = self.patterns.pager
        return pager is not None and pager.search(self.buffer.last_line.strip(b" \r\b")) is not None
