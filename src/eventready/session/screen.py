"""What a device has written and nobody has taken yet: clean bytes, bounded, with how the stream stands."""

from __future__ import annotations

from time import monotonic

import paramiko

from eventready.session.terminal import Cleaner
from eventready.session.wire import Wire

#: An answer larger than this is not a table that anybody reads; it is a device that does not stop.
MOST = 64 * 1024 * 1024


class Closed(Exception):
    """The stream has ended; the message says how."""


class TooMuch(Exception):
    """More than `MOST` bytes came without an end."""


class Screen:
    """Collects what arrives in `text` (clean bytes); whoever has understood a part takes it off the front."""

    def __init__(self, wire: Wire, most: int = MOST) -> None:
        self.text = bytearray()
        self.last_heard = monotonic()
        self._wire, self._most, self._cleaner = wire, most, Cleaner()

    def send(self, data: bytes) -> None:
        """Write to the device. Raises Closed."""
        try:
            self._wire.send(data)
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise Closed(_how(error)) from None

    def more(self, timeout_s: float) -> bool:
        """Wait for more: True when something came, False after `timeout_s` of silence. Raises Closed, TooMuch."""
        try:
            data = self._wire.receive(timeout_s)
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise Closed(_how(error)) from None
        if data is None:
            return False
        if not data:
            raise Closed("the device closed the session")
        self.text += self._cleaner.feed(data)
        self.last_heard = monotonic()
        if len(self.text) > self._most:
            raise TooMuch(f"the answer grew over {self._most // (1024 * 1024)} MB")
        return True

    def take(self, end: int) -> bytes:
        """Remove and give the first `end` bytes."""
        taken = bytes(self.text[:end])
        del self.text[:end]
        return taken

    def tail(self, most: int = 4_096) -> bytes:
        """The last bytes."""
        return bytes(self.text[-most:])

    @property
    def last_line(self) -> bytes:
        """What stands after the last line end."""
        tail = self.text[-1_024:]
        return bytes(tail[tail.rfind(b"\n") + 1 :])


def _how(error: Exception) -> str:
    said = str(error).strip() or type(error).__name__
    return f"the connection broke: {said}"
