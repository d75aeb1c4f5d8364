"""Received and unconsumed bytes of a device: cleaned, bounded, with the time of silence."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

import paramiko

from eventready.session.dialogue.budget import DeviceMemory
from eventready.session.dialogue.terminal import Cleaner
from eventready.session.wire.stream import ByteStream


class StreamClosed(Exception):
    """The stream has ended; the message gives the reason."""


class ReceiveBuffer:
    """Collects cleaned bytes in `text`; the parser removes consumed bytes from the front.

    `loss` returns the reason for the end of the stream where a jump host knows it, else an empty text. `consumed` is
    the size of the parts of the current answer that were taken from the buffer and are still kept. `wakes` counts the
    Enters sent to a silent device, each of which may bring a prompt.
    """

    def __init__(
        self, stream: ByteStream, *, loss: Callable[[], str] = lambda: "", memory: DeviceMemory | None = None
    ) -> None:
        self.text = bytearray()
        self.consumed = self.wakes = 0
        self._last_active = monotonic()
        self.memory = memory or DeviceMemory()
        self._stream, self._loss, self._cleaner = stream, loss, Cleaner()

    def send(self, data: bytes) -> None:
        """Write to the device. Raises StreamClosed."""
        self._last_active = monotonic()
        try:
            self._stream.send(data)
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise StreamClosed(self._loss() or _reason(error)) from None

    def wake(self, newline: bytes) -> None:
        """Send an Enter to a silent device. Raises StreamClosed."""
        self.wakes += 1
        self.send(newline)

    def receive(self, timeout_s: float) -> bool:
        """Wait for bytes; False after `timeout_s` of silence. Raises StreamClosed, AnswerTooLarge."""
        try:
            data = self._stream.receive(timeout_s)
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise StreamClosed(self._loss() or _reason(error)) from None
        if data is None:
            return False
        if not data:
            raise StreamClosed(self._loss() or "the device closed the session")
        self.text += self._cleaner.feed(data)
        self._last_active = monotonic()
        self.memory.check(len(self.text) + self.consumed, self._last_active + timeout_s)
        return True

    @property
    def silence_s(self) -> float:
        """Seconds since bytes were last sent or received."""
        return monotonic() - self._last_active

    def take(self, end: int) -> bytes:
        """Remove and return the first `end` bytes."""
        taken = bytes(self.text[:end])
        del self.text[:end]
        return taken

    def tail(self, length: int = 4_096) -> bytes:
        """Return the last bytes."""
        return bytes(self.text[-length:])

    @property
    def last_line(self) -> bytes:
        """The text after the last line end."""
        tail = self.text[-1_024:]
        return bytes(tail[tail.rfind(b"\n") + 1 :])


def _reason(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return f"the connection broke: {text}"
