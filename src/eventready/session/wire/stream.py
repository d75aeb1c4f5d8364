"""Read and write the bytes of a connection with deadlines: paramiko's channel and Netmiko's telnet socket.

Reading blocks until bytes arrive; there is no sleep and no polling.
"""

from __future__ import annotations

import errno
import socket
from contextlib import suppress
from time import monotonic
from typing import Any, Protocol

import paramiko

_IAC, _SB, _SE = 255, 250, 240
_WILL, _WONT, _DO, _DONT = 251, 252, 253, 254
_REFUSAL = {_WILL: _DONT, _DO: _WONT}
#: NUL and XON, which terminals ignore.
_IGNORED = b"\x00\x11"
#: Refusals sent per session: an option that is refused is not offered again by a device that follows RFC 1143.
_MAX_REFUSALS = 1_000


class TelnetCodec:
    """Decode a stream in pieces. Subnegotiations are discarded as they arrive."""

    def __init__(self) -> None:
        self._held = b""  # the beginning of an unfinished command
        self._inside = False  # a subnegotiation
        self._refusals = 0

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return (payload, refusals to send)."""
        if not self._held and not self._inside and _IAC not in data:
            return data.translate(None, _IGNORED), b""
        data, self._held = self._held + data, b""
        payload, replies, at = bytearray(), bytearray(), 0
        while at < len(data):
            escape = data.find(_IAC, at)
            end = len(data) if escape < 0 else escape
            if not self._inside:
                payload += data[at:end]
            if escape < 0:
                break
            command = data[escape + 1 : escape + 3]
            size = self._command(command, payload, replies)
            if not size:
                self._held = data[escape:]
                break
            at = escape + size
        return bytes(payload).translate(None, _IGNORED), bytes(replies)

    def _command(self, command: bytes, payload: bytearray, replies: bytearray) -> int:
        """Process the bytes after an escape; return the length with the escape, 0 if unfinished."""
        if not command:
            return 0
        code = command[0]
        if code == _IAC:
            if not self._inside:
                payload.append(_IAC)
            return 2
        if code in (_SB, _SE):
            self._inside = code == _SB
            return 2
        if code not in (_WILL, _WONT, _DO, _DONT):
            return 2
        if len(command) < 2:
            return 0
        refusal = _REFUSAL.get(code)
        if refusal is not None and self._refusals < _MAX_REFUSALS:
            self._refusals += 1
            replies += bytes((_IAC, refusal, command[1]))
        return 3


CHUNK = 65_536
#: Bytes before the end of the login: banner, key exchange, login messages. Real servers stay below 30 KB.
MAX_UNAUTHENTICATED = 256 * 1024
_ESCAPE = b"\xff"


class ByteStream(Protocol):
    """The interface of a connection."""

    def send(self, data: bytes) -> None:
        """Write all of `data`. Raises OSError or EOFError when the peer has closed."""

    def receive(self, timeout_s: float) -> bytes | None:
        """Return available bytes (at least 1), `b""` at the end of the stream, None after `timeout_s` of silence."""


class BufferedSocket:
    """A connected socket, or an object with its methods, with read-ahead.

    paramiko reads a few bytes at a time, and each system call gives the interpreter lock to another thread. Before the
    login, at most `MAX_UNAUTHENTICATED` bytes are read: a server without an end would fill the memory.
    """

    def __init__(self, connection: Any) -> None:
        self.connection, self._held, self._at = connection, b"", 0
        self._allowance: int | None = MAX_UNAUTHENTICATED

    def authenticated(self) -> None:
        """Lift the limit of unauthenticated bytes."""
        self._allowance = None

    def recv(self, size: int) -> bytes:
        """Return at most `size` bytes; block like the socket when none are held. Raises ConnectionAbortedError."""
        if self._at >= len(self._held):
            self._held, self._at = self.connection.recv(CHUNK), 0
            if self._allowance is not None:
                self._allowance -= len(self._held)
                if self._allowance < 0:
                    raise ConnectionAbortedError(errno.ECONNABORTED, "too much data before the login")
        part = self._held[self._at : self._at + size]
        self._at += len(part)
        return part

    def wake_reader(self) -> None:
        """Wake the thread blocked in `recv`; paramiko's thread notices a close only after 0.1 s."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


class SshStream:
    """The channel of an interactive SSH session."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel

    def send(self, data: bytes) -> None:
        """Write all of `data`."""
        self._channel.sendall(data)

    def receive(self, timeout_s: float) -> bytes | None:
        """Block for at most `timeout_s`."""
        self._channel.settimeout(max(timeout_s, 0.001))
        try:
            return self._channel.recv(CHUNK)
        except TimeoutError:
            return None


class TelnetStream:
    """Telnet connection. `telnet` is Netmiko's client; its socket is read here in larger pieces."""

    def __init__(self, telnet: Any) -> None:
        self._telnet, self._codec = telnet, TelnetCodec()

    def send(self, data: bytes) -> None:
        """Write all of `data`, the telnet escape doubled."""
        self._socket().sendall(data.replace(_ESCAPE, _ESCAPE + _ESCAPE))

    def receive(self, timeout_s: float) -> bytes | None:
        """Block for at most `timeout_s`; answer telnet negotiation, which is not data."""
        connection, deadline = self._socket(), monotonic() + timeout_s
        while True:
            connection.settimeout(max(deadline - monotonic(), 0.001))
            try:
                data = connection.recv(CHUNK)
                payload, replies = self._codec.feed(data)
                if replies:
                    connection.sendall(replies)
            except TimeoutError:
                return None
            if payload or not data:
                return payload
            if monotonic() >= deadline:
                return None  # negotiation without end

    def _socket(self) -> Any:
        connection = self._telnet.sock
        if connection is None:
            raise EOFError("the telnet connection is closed")
        return connection
