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

from eventready.session.wire.telnet import TelnetCodec

CHUNK = 65_536
#: Bytes before the end of the login: banner, key exchange, login messages. Real servers stay below 30 KB.
MAX_UNAUTHENTICATED = 256 * 1024
_IAC = b"\xff"


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
        self._socket().sendall(data.replace(_IAC, _IAC + _IAC))

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
