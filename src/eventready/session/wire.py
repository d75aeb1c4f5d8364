"""Bytes to and from a device with deadlines: one face for paramiko's channel and for Netmiko's telnet socket.

Reading blocks until something arrives, so nothing here sleeps and polls.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from time import monotonic
from typing import Any, Protocol

import paramiko

CHUNK = 65_536
_IAC, _NUL, _XON = b"\xff", b"\x00", b"\x11"


class Wire(Protocol):
    """What the channel needs of a connection."""

    def send(self, data: bytes) -> None:
        """Write everything. Raises OSError or EOFError when the other side has gone."""

    def receive(self, timeout_s: float) -> bytes | None:
        """What arrived: at least one byte, `b""` at the end of the stream, None after `timeout_s` of silence."""


class Buffered:
    """A connected socket that reads ahead: paramiko asks for a few bytes at a time, and every call into the system
    hands the interpreter to another of many threads.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._held, self._at = connection, b"", 0

    def recv(self, most: int) -> bytes:
        """At most `most` bytes; blocks as the socket would when none are held."""
        if self._at >= len(self._held):
            self._held, self._at = self._connection.recv(CHUNK), 0
        part = self._held[self._at : self._at + most]
        self._at += len(part)
        return part

    def hang_up(self) -> None:
        """Wake whoever waits in `recv`: paramiko's thread would otherwise notice a close only after 0.1 s."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class SshWire:
    """The channel of an interactive SSH session."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel

    def send(self, data: bytes) -> None:
        """Write everything."""
        self._channel.sendall(data)

    def receive(self, timeout_s: float) -> bytes | None:
        """Block for at most `timeout_s`."""
        self._channel.settimeout(max(timeout_s, 0.001))
        try:
            return self._channel.recv(CHUNK)
        except TimeoutError:
            return None


class TelnetWire:
    """Netmiko's telnet client: its option negotiation stays, its 50-byte reads do not."""

    def __init__(self, telnet: Any) -> None:
        self._telnet = telnet

    def send(self, data: bytes) -> None:
        """Write everything, the telnet escape doubled."""
        self._socket().sendall(data.replace(_IAC, _IAC + _IAC))

    def receive(self, timeout_s: float) -> bytes | None:
        """Block for at most `timeout_s`; telnet's own negotiation is answered on the way and is not data."""
        connection, deadline = self._socket(), monotonic() + timeout_s
        while True:
            connection.settimeout(max(deadline - monotonic(), 0.001))
            try:
                data = connection.recv(CHUNK)
            except TimeoutError:
                return None
            cooked = self._cooked(data)
            if cooked or not data:
                return cooked

    def _cooked(self, data: bytes) -> bytes:
        telnet = self._telnet
        if not telnet.iacseq and not telnet.sb and _IAC not in data:
            return data.replace(_NUL, b"").replace(_XON, b"")
        for at in range(0, len(data), 1024):  # process_rawq copies its whole buffer for every byte
            telnet.rawq = telnet.rawq + data[at : at + 1024]
            telnet.irawq = 0
            telnet.process_rawq()
        cooked: bytes = telnet.cookedq
        telnet.cookedq = b""
        return cooked

    def _socket(self) -> socket.socket:
        connection = self._telnet.sock
        if not isinstance(connection, socket.socket):
            raise EOFError("the telnet connection is closed")  # noqa: TRY004  the end of a stream, not a wrong type
        return connection
