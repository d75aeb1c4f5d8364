"""What a shell talks through: SSH (asyncssh), telnet, and plain TCP for MML."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Callable
from typing import Any, Protocol

import asyncssh

from eventready.lab.host.login import HostShell
from eventready.lab.machine import Machine
from eventready.lab.mml import Manager, MmlSession
from eventready.lab.shell import Shell
from eventready.lab.telnet import OPENING, without_commands


class _Feed(Protocol):
    def feed(self, text: str) -> None: ...

    def ended(self) -> None: ...


# --- plain TCP: telnet and MML ----------------------------------------------------------------------------------


class Tcp(asyncio.Protocol):
    """A connection that says nothing, and what telnet and MML have in common."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._session: _Feed | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
        self.open()

    def open(self) -> None:
        """Begin the session; here none."""

    def data_received(self, data: bytes) -> None:
        if self._session:
            self._session.feed(self._decoder.decode(self.clean(data)))

    def clean(self, data: bytes) -> bytes:
        """The text in what arrived."""
        return data

    def connection_lost(self, _error: Exception | None) -> None:
        if self._session:
            self._session.ended()

    def send(self, data: bytes) -> None:
        """Send, unless the other side is gone."""
        if self._transport and not self._transport.is_closing():
            self._transport.write(data)

    def write(self, text: str) -> None:
        """Send text."""
        self.send(text.encode("utf-8", "surrogateescape"))

    def close(self) -> None:
        """Close when all is sent."""
        if self._transport:
            self._transport.close()

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call back after a while."""
        asyncio.get_running_loop().call_later(seconds, call)


class Telnet(Tcp):
    """A telnet connection to one device."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self._machine = machine
        self._pending = b""

    def open(self) -> None:
        shell = Shell(self._machine, self, ask_login=True)
        self._session = shell
        shell.greet()
        self.send(OPENING)
        shell.begin()

    def clean(self, data: bytes) -> bytes:
        text, self._pending = without_commands(self._pending + data)
        return text

    def write(self, text: str) -> None:
        self.send(text.encode("utf-8", "surrogateescape").replace(b"\xff", b"\xff\xff"))


class MmlConnection(Tcp):
    """A connection to an element or its manager."""

    def __init__(self, manager: Manager) -> None:
        super().__init__()
        self._manager = manager

    def open(self) -> None:
        self._session = MmlSession(self._manager, self)


# --- SSH --------------------------------------------------------------------------------------------------------


class Gatekeeper(asyncssh.SSHServer):
    """Logs in whoever has the lab's password for the device."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._connection: asyncssh.SSHServerConnection | None = None
        self._to_host = False

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002  everybody has to show a password
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        known, host = self._machine.credentials, self._machine.host
        given = (username, password)
        self._to_host = host is not None and given == (host.username, host.password)
        good = self._to_host or given == (known.username, known.password)
        return good and not self._machine.wire.auth_refused

    def session_requested(self) -> SshSession:
        return SshSession(self._machine, self._connection, to_host=self._to_host)


class SshSession(asyncssh.SSHServerSession[bytes]):
    """A shell over SSH; the connection ends with it. `to_host`: the host's own shell, for the second login."""

    def __init__(
        self, machine: Machine, connection: asyncssh.SSHServerConnection | None, *, to_host: bool = False
    ) -> None:
        self._machine = machine
        host = machine.dialect.host
        self._to_host = host is not None and (to_host or host.main)
        self._connection = connection
        self._channel: asyncssh.SSHServerChannel[bytes] | None = None
        self._shell: Shell | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def pty_requested(self, *_terminal: Any) -> bool:
        return True

    def shell_requested(self) -> bool:
        return True

    def session_started(self) -> None:
        self._shell = HostShell(self._machine, self) if self._to_host else Shell(self._machine, self)
        self._shell.greet()
        self._shell.begin()

    def data_received(self, data: bytes, _datatype: asyncssh.DataType) -> None:
        if self._shell:
            self._shell.feed(self._decoder.decode(data))

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, _exc: Exception | None) -> None:
        if self._shell:
            self._shell.ended()
        if self._connection:
            self._connection.close()

    def write(self, text: str) -> None:
        """Send text, unless the other side is gone."""
        if self._channel and not self._channel.is_closing():
            self._channel.write(text.encode("utf-8", "surrogateescape"))

    def close(self) -> None:
        """End the session when all is sent."""
        if self._channel and not self._channel.is_closing():
            self._channel.exit(0)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call back after a while."""
        asyncio.get_running_loop().call_later(seconds, call)
