"""Netmiko drivers without sleeps, and drivers missing in Netmiko.

A stock driver opens the connection, sleeps, and polls for a prompt. `driver_name(device_type)` returns the name of a
subclass that leaves prompt detection to the channel; it is registered in both tables that ConnectHandler reads.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from inspect import signature
from threading import Lock
from time import monotonic
from typing import Any

import netmiko
import paramiko
from netmiko._telnetlib import telnetlib
from netmiko.channel import TelnetChannel
from netmiko.huawei import HuaweiSSH
from netmiko.mikrotik.mikrotik_ssh import MikrotikBase
from netmiko.ssh_dispatcher import CLASS_MAPPER, platforms

from eventready.session.dialogue import mml
from eventready.session.dialogue.budget import AnswerTooLarge, DeviceMemory
from eventready.session.dialogue.buffer import ReceiveBuffer, StreamClosed
from eventready.session.dialogue.login import mml_login, telnet_login
from eventready.session.dialogue.patterns import Patterns
from eventready.session.ssh.client import Client
from eventready.session.ssh.jump_hosts import JumpChannel
from eventready.session.steps import ConnectStep, Trace
from eventready.session.target import Target, console_login
from eventready.session.wire.stream import BufferedSocket, ByteStream, SshStream, TelnetStream

HUAWEI_MML = "huawei_mml_telnet"
_PREFIX = "eventready_"
#: Time limit of an MML manager's logout.
_LOGOUT_S = 1.0
_lock = Lock()


@dataclass(frozen=True)
class ConnectionContext:
    """Arguments of the drivers beyond Netmiko's."""

    target: Target
    patterns: Patterns
    newline: str
    deadline: float
    trace: Trace = field(default_factory=Trace)
    memory: DeviceMemory = field(default_factory=DeviceMemory)

    def left(self) -> float:
        """Return seconds until the end of this attempt."""
        return max(0.1, min(self.target.connect_timeout_s, self.deadline - monotonic()))


class DriverMixin(netmiko.BaseConnection):
    """Mixin for stock drivers: strict host keys, event-driven login, no session preparation."""

    buffer: ReceiveBuffer

    def __init__(self, *args: Any, context: ConnectionContext, **kwargs: Any) -> None:
        self.context = context
        super().__init__(*args, **kwargs)

    def establish_connection(self, width: int = 511, height: int = 1000) -> None:
        """Connect, log in, and create the receive buffer. Close the connection on failure."""
        try:
            if self.protocol == "telnet":
                self._establish_telnet()
                return
            super().establish_connection(width, height)
            self.buffer = self._receive_buffer()
            if self.context.target.console or self.context.target.device_login:
                with self.context.trace.step(ConnectStep.LOGIN):
                    self._device_login()
        except BaseException:
            self.close()
            raise

    def _establish_telnet(self) -> None:
        """Run Netmiko's telnet client over the connection; its own constructor would connect directly."""
        self.remote_conn = telnetlib.Telnet()  # type: ignore[no-untyped-call]  # Netmiko's copy of telnetlib
        self.remote_conn.sock, self.remote_conn.eof = self.sock, False
        self.channel = TelnetChannel(conn=self.remote_conn, encoding=self.encoding)
        with self.context.trace.step(ConnectStep.LOGIN):
            self.telnet_login()

    def _try_session_preparation(self, force_data: bool = True) -> None:
        """Do nothing; the channel prepares the session."""

    def special_login_handler(self, delay_factor: float = 1.0) -> None:
        """Keep the stock handler of drivers with a login inside SSH; the others poll for a prompt here."""
        if not isinstance(self, HuaweiSSH):  # its handler answers yes to an offer to save the configuration
            super().special_login_handler(delay_factor)
        if isinstance(self, MikrotikBase):  # its handler has read the prompt
            self.write_channel(self.RETURN)

    def telnet_login(self, *args: Any, **kwargs: Any) -> str:  # noqa: ARG002  Netmiko's signature
        """Log in over telnet."""
        self.buffer = self._receive_buffer()
        self._device_login()
        return ""

    def _device_login(self) -> None:
        """Answer the login dialogue of the device: over telnet, behind a console server, or inside SSH."""
        target = self.context.target
        newline = self.context.newline if self.context.newline == "\n" else "\r"
        telnet_login(
            self.buffer,
            self.context.patterns,
            username=target.username,
            password=target.password.reveal(),
            newline=newline,
            timeout_s=self.context.left(),
            console=target.console,
        )

    def _receive_buffer(self) -> ReceiveBuffer:
        return ReceiveBuffer(self._stream(), loss=self._loss, memory=self.context.memory)

    def _loss(self) -> str:
        """Return the jump host's reason for the end of the connection; empty otherwise."""
        connection = self.sock.connection if isinstance(self.sock, BufferedSocket) else self.sock
        error = connection.loss() if isinstance(connection, JumpChannel) else None
        return error.what[:1].lower() + error.what[1:] if error is not None else ""

    def _stream(self) -> ByteStream:
        if isinstance(self.remote_conn, paramiko.Channel):
            return SshStream(self.remote_conn)
        return TelnetStream(self.remote_conn)

    def _build_ssh_client(self) -> paramiko.SSHClient:
        """Return a client of the target over its connection."""
        return Client(console_login(self.context.target), self.sock, self.context.left(), self.context.trace)

    def close(self) -> None:
        """Close the connection at once; idempotent."""
        self.log_out()
        self.disconnect()

    def log_out(self) -> None:
        """Log out where closing the connection does not end the session: at a console."""
        if self.context.target.console and hasattr(self, "buffer"):
            with suppress(StreamClosed):
                self.buffer.send(f"exit{self.context.newline}".encode())

    def cleanup(self, command: str = "") -> None:
        """Do nothing; Netmiko's logout needs a prompt, see `log_out`."""


class HuaweiMmlTelnet(DriverMixin):
    """Huawei MML on a plain TCP port: LGI, REG NE behind a manager, LGO."""

    def telnet_login(self, *args: Any, **kwargs: Any) -> str:  # noqa: ARG002  Netmiko's signature
        """Log in with LGI and connect to the element."""
        self.buffer = self._receive_buffer()
        target, end = self.context.target, self.context.patterns.ends_with or mml.END
        mml_login(
            self.buffer,
            end,
            username=target.username,
            password=target.password.reveal(),
            element=target.element,
            timeout_s=self.context.left(),
        )
        return ""

    def log_out(self) -> None:
        """Unregister and log out: a manager counts sessions."""
        if self.remote_conn is None or not hasattr(self, "buffer"):
            return
        target = self.context.target
        logout, until = f'LGO:OP="{target.username}";', monotonic() + _LOGOUT_S
        with suppress(StreamClosed, AnswerTooLarge, TimeoutError):
            if target.element:
                self.buffer.send(f"UNREG NE:NAME={target.element};\r\n".encode())
            self.buffer.send(f"{logout}\r\n".encode())
            # closing with unread reports would reset the connection and lose the logout
            mml.read_report(self.buffer, logout, mml.END, lambda: until - monotonic())


def driver_name(device_type: str) -> str:
    """Return the registered driver name for a Netmiko device type. Raises ValueError for an unknown type."""
    if device_type == HUAWEI_MML:
        return _register(HUAWEI_MML, HuaweiMmlTelnet)
    name = _PREFIX + device_type
    with _lock:
        known = name in CLASS_MAPPER
    if known:
        return name
    if device_type not in CLASS_MAPPER:
        raise ValueError(f"Netmiko has no device type {device_type!r}")
    stock = CLASS_MAPPER[device_type]
    return _register(name, type(stock.__name__, (DriverMixin, stock), {}))


def _register(name: str, kind: type[netmiko.BaseConnection]) -> str:
    with _lock:
        if name not in CLASS_MAPPER:
            CLASS_MAPPER[name] = kind
            platforms.append(name)
    return name


def privileged_command(connection: netmiko.BaseConnection) -> str:
    """Return the stock driver's default command for privileged mode; empty if there is none."""
    return _default_command(type(connection).enable)


@cache
def _default_command(enable: Callable[..., str]) -> str:
    parameter = signature(enable).parameters.get("cmd")
    return parameter.default if parameter and isinstance(parameter.default, str) else ""
