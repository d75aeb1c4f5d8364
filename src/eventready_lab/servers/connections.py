"""The connections of the embedded lab: SSH (asyncssh), telnet, and plain TCP for MML."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Callable
from typing import Any, Protocol

import asyncssh

from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.latency import Latency
from eventready_lab.servers.host_shell import HostShellSession
from eventready_lab.servers.mml import ElementManager, MmlSession
from eventready_lab.servers.telnet import OPENING, strip_commands
from eventready_lab.terminal.session import CliSession


class _Session(Protocol):
    def feed(self, text: str) -> None: ...

    def ended(self) -> None: ...


def delay_received(protocol: Any, latency: Latency) -> None:
    """Deliver all data to a protocol after the round trip time of this connection."""
    rtt_s, receive = latency.rtt.seconds(), protocol.data_received
    if rtt_s:
        protocol.data_received = lambda data: asyncio.get_running_loop().call_later(rtt_s, receive, data)


# --- plain TCP: telnet and MML ----------------------------------------------------------------------------------


class TcpConnection(asyncio.Protocol):
    """A TCP connection; without a session nothing is ever sent."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._session: _Session | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
        self.open()

    def open(self) -> None:
        """Begin the session; a plain connection has none."""

    def data_received(self, data: bytes) -> None:
        if self._session:
            self._session.feed(self._decoder.decode(self.payload(data)))

    def payload(self, data: bytes) -> bytes:
        """The text among received bytes."""
        return data

    def connection_lost(self, _error: Exception | None) -> None:
        if self._session:
            self._session.ended()

    def send(self, data: bytes) -> None:
        """Send bytes, unless the connection is closing."""
        if self._transport and not self._transport.is_closing():
            self._transport.write(data)

    def write(self, text: str) -> None:
        """Send text."""
        self.send(text.encode("utf-8", "surrogateescape"))

    def close(self) -> None:
        """Close once everything is sent."""
        if self._transport:
            self._transport.close()

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Schedule a call."""
        asyncio.get_running_loop().call_later(seconds, call)


class TelnetConnection(TcpConnection):
    """A telnet connection to a device."""

    def __init__(self, device: SimulatedDevice) -> None:
        super().__init__()
        self._device = device
        self._unfinished = b""

    def open(self) -> None:
        delay_received(self, self._device.latency)
        session = CliSession(self._device, self, ask_login=True)
        self._session = session
        session.greet()
        self.send(OPENING)
        session.begin()

    def payload(self, data: bytes) -> bytes:
        text, self._unfinished = strip_commands(self._unfinished + data)
        return text

    def write(self, text: str) -> None:
        self.send(text.encode("utf-8", "surrogateescape").replace(b"\xff", b"\xff\xff"))


class MmlConnection(TcpConnection):
    """A connection to an element or its manager."""

    def __init__(self, manager: ElementManager) -> None:
        super().__init__()
        self._manager = manager

    def open(self) -> None:
        delay_received(self, self._manager.devices[0].latency)
        self._session = MmlSession(self._manager, self)


# --- SSH --------------------------------------------------------------------------------------------------------


class SshServer(asyncssh.SSHServer):
    """The SSH server of a device; a login with the shell credentials gets the host's shell."""

    def __init__(self, device: SimulatedDevice) -> None:
        self._device = device
        self._connection: asyncssh.SSHServerConnection | None = None
        self._to_host = False

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        delay_received(conn, self._device.latency)

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002  every user needs a password
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        device, shell = self._device.credentials, self._device.shell_credentials
        given = (username, password)
        self._to_host = shell is not None and given == (shell.username, shell.password)
        valid = self._to_host or given == (device.username, device.password)
        return valid and not self._device.session_faults.auth_refused

    def session_requested(self) -> SshSession:
        return SshSession(self._device, self._connection, to_host=self._to_host)


class SshSession(asyncssh.SSHServerSession[bytes]):
    """A session over SSH; the connection ends with the session. `to_host`: the session of the host's shell."""

    def __init__(
        self, device: SimulatedDevice, connection: asyncssh.SSHServerConnection | None, *, to_host: bool = False
    ) -> None:
        self._device = device
        host = device.dialect.host
        self._to_host = host is not None and (to_host or host.main)
        self._connection = connection
        self._channel: asyncssh.SSHServerChannel[bytes] | None = None
        self._session: CliSession | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def pty_requested(self, *_terminal: Any) -> bool:
        return True

    def shell_requested(self) -> bool:
        return True

    def session_started(self) -> None:
        self._session = HostShellSession(self._device, self) if self._to_host else CliSession(self._device, self)
        self._session.greet()
        self._session.begin()

    def data_received(self, data: bytes, _datatype: asyncssh.DataType) -> None:
        if self._session:
            self._session.feed(self._decoder.decode(data))

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, _exc: Exception | None) -> None:
        if self._session:
            self._session.ended()
        if self._connection:
            self._connection.close()

    def write(self, text: str) -> None:
        """Send text, unless the channel is closing."""
        if self._channel and not self._channel.is_closing():
            self._channel.write(text.encode("utf-8", "surrogateescape"))

    def close(self) -> None:
        """End the session once everything is sent."""
        if self._channel and not self._channel.is_closing():
            self._channel.exit(0)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Schedule a call."""
        asyncio.get_running_loop().call_later(seconds, call)
