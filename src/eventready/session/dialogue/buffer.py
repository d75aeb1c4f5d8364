"""Received and unconsumed bytes of a device: cleaned, with the time of silence, and bounded in memory and CPU time.

Bounds are per answer, per device, and for all devices of the process together; figures count received bytes. While an
answer is decoded and redacted it exists in several copies (bytes, text, lines, redacted text), so that the process
needs about eight times the figure for a moment.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition
from time import monotonic, thread_time

import paramiko

from eventready.session.dialogue.terminal import Cleaner
from eventready.session.wire.stream import ByteStream

_MB = 1024 * 1024
#: Upper bound of one answer: 5,000 interfaces as JSON are 5 MB. With its copies: 64 MB, 120 MB if it is no text.
MAX_ANSWER_BYTES = 8 * _MB
#: Upper bound of all answers of one device that are kept until it is read.
MAX_DEVICE_BYTES = 16 * _MB
#: What every device may have without a share of the pool, so that no device waits for another's memory.
GUARANTEED_BYTES = _MB
#: The pool that larger answers of all devices share.
POOL_BYTES = 48 * _MB
#: The end of a broken-off answer that is kept.
BROKEN_OFF_BYTES = _MB
#: CPU time of receiving the answers of one device; megabytes of honest output take less than a second.
MAX_CPU_S = 30.0
_STEP = _MB


@dataclass(frozen=True)
class AnswerLimits:
    """Limits of a device in bytes, and the CPU seconds of reading its answers."""

    answer: int = MAX_ANSWER_BYTES
    device: int = MAX_DEVICE_BYTES
    cpu_s: float = MAX_CPU_S


class AnswerTooLarge(Exception):
    """Answers exceeded their limit; the message names the limit."""


class MemoryPool:
    """Bytes shared by the devices of the process."""

    def __init__(self, size: int = POOL_BYTES) -> None:
        self._free, self._size = size, size
        self._released = Condition()
        self._process = os.getpid()

    def acquire(self, size: int, deadline: float) -> bool:
        """Wait until `deadline` for bytes of the pool; False without them."""
        with self._released:
            if self._process != os.getpid():  # forked: the devices of the parent are not ours
                self._free, self._process = self._size, os.getpid()
            while self._free < size:
                left = deadline - monotonic()
                if left <= 0 or not self._released.wait(left):
                    return False
            self._free -= size
            return True

    def release(self, size: int) -> None:
        """Give bytes back."""
        with self._released:
            self._free += size
            self._released.notify_all()


#: The pool of the process.
memory_pool = MemoryPool()


class DeviceMemory:
    """Bytes of a device: received and kept. Not thread-safe."""

    def __init__(self, limits: AnswerLimits | None = None, pool: MemoryPool | None = None) -> None:
        self.limits = limits or AnswerLimits()
        self._pool = pool or memory_pool
        self._kept = self._pooled = 0
        self._cpu_started = thread_time()

    def check(self, received: int, deadline: float) -> None:
        """Account for `received` bytes of the current answer. Raises AnswerTooLarge."""
        if thread_time() - self._cpu_started > self.limits.cpu_s:
            raise AnswerTooLarge(f"reading the answers takes more than {self.limits.cpu_s:g} s of CPU time")
        if received > self.limits.answer:
            raise AnswerTooLarge(f"the answer exceeds {_megabytes(self.limits.answer)}")
        total = self._kept + received
        if total > self.limits.device:
            raise AnswerTooLarge(f"the answers of the device exceed {_megabytes(self.limits.device)}")
        wanted = max(0, total - GUARANTEED_BYTES)
        if wanted > self._pooled:
            more = -(-(wanted - self._pooled) // _STEP) * _STEP
            if not self._pool.acquire(more, deadline):
                raise AnswerTooLarge("the memory for answers is used up by other devices")
            self._pooled += more

    def start_cpu(self) -> None:
        """Measure the CPU time of the calling thread from now on."""
        self._cpu_started = thread_time()

    def keep(self, size: int) -> None:
        """Count the bytes of a finished answer, which stay until the session is closed."""
        self._kept += size

    def renew(self) -> None:
        """Count the answers of the device anew."""
        self.close()
        self._kept = 0

    def close(self) -> None:
        """Give the share of the pool back; idempotent."""
        pooled, self._pooled = self._pooled, 0
        if pooled:
            self._pool.release(pooled)


def _megabytes(size: int) -> str:
    return f"{size / _MB:.3g} MB"


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
