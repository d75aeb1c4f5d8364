"""Netmiko drivers without sleeps, and drivers missing in Netmiko.

A stock driver opens the connection, sleeps, and polls for a prompt. `driver_name(device_type)` returns the name of a
subclass that leaves prompt detection to the channel; it is registered in both tables that ConnectHandler reads.
"""

from __future__ import annotations

import re
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
from netmiko.exceptions import NetmikoAuthenticationException
from netmiko.huawei import HuaweiSSH
from netmiko.mikrotik.mikrotik_ssh import MikrotikBase
from netmiko.ssh_dispatcher import CLASS_MAPPER, platforms

from eventready.core.messages import message
from eventready.core.redaction.redaction import redact
from eventready.session.dialogue import mml
from eventready.session.dialogue.buffer import AnswerTooLarge, DeviceMemory, ReceiveBuffer, StreamClosed
from eventready.session.dialogue.patterns import Patterns
from eventready.session.dialogue.prompt import find_prompt
from eventready.session.reply import LoginRefused, NoPrompt, SessionLost, Unreachable
from eventready.session.ssh.handshake import open_transport
from eventready.session.ssh.jump_hosts import JumpChannel
from eventready.session.ssh.transport import adopt_transport
from eventready.session.steps import ConnectStep, Trace
from eventready.session.target import Target, console_login
from eventready.session.wire.limits import watchdog
from eventready.session.wire.stream import BufferedSocket, ByteStream, SshStream, TelnetStream

_USER = re.compile(rb"(?i)(?:user ?name|user|login)[^\n]{0,40}:[ \t]*$")
_PASSWORD = re.compile(rb"(?i)(?:password|passcode)[^\n]{0,40}:[ \t]*$")
_REFUSED = re.compile(
    rb"(?i)(?:login|password|user|authentication|authori[sz]ation|access)\S{0,12} (?:is )?"
    rb"(?:invalid|incorrect|fail|denied|error|refused)|bad passwords?"
    rb"|invalid (?:user|login|password)|required, but none set"
)
_SESSIONS_FULL = re.compile(r"(?i)user count|too many|maximum|session\S* (?:full|limit|exceed)")
_FORBIDDEN = re.compile(r"(?i)authorit|authori[sz]|permission|privilege|no right|denied")
_WAKE_S = 2.0


def telnet_login(
    buffer: ReceiveBuffer,
    patterns: Patterns,
    *,
    username: str,
    password: str,
    newline: str,
    timeout_s: float,
    console: bool = False,
) -> None:
    """Answer the login dialogue until a prompt arrives; the prompt stays in the buffer.

    `console`: send an Enter first, and take no prompt without an answer to one; the line may be at any point.

    Raises NetmikoAuthenticationException when refused, NoPrompt without a prompt, and the errors of ReceiveBuffer.
    """
    deadline, wake, passwords_sent = monotonic() + timeout_s, _WAKE_S, 0
    if console:
        buffer.send(newline.encode())
    while not find_prompt(buffer.tail(), patterns):
        line = buffer.last_line
        if _REFUSED.search(buffer.tail()):
            raise NetmikoAuthenticationException("the device refuses the user name or the password")
        if answer := username if _USER.search(line) else password if _PASSWORD.search(line) else "":
            passwords_sent += answer == password
            if passwords_sent > 1:
                raise NetmikoAuthenticationException("the device asks for the password again")
            buffer.take(len(buffer.text))
            buffer.send(answer.encode() + newline.encode())
        elif _USER.search(line) or _PASSWORD.search(line):
            raise NetmikoAuthenticationException("the device asks for a login that the inventory lacks")
        left = deadline - monotonic()
        if left <= 0:
            raise NoPrompt(message("session:no_login"))
        if not buffer.receive(min(left, wake)) and not passwords_sent:
            buffer.wake(newline.encode())
            wake *= 2


def mml_login(
    buffer: ReceiveBuffer, end: re.Pattern[bytes], *, username: str, password: str, element: str, timeout_s: float
) -> None:
    """Log in with LGI and, behind a manager, register the element with REG NE.

    Raises NetmikoAuthenticationException, LoginRefused, SessionLost (no session free), Unreachable (the element),
    NoPrompt, and the errors of ReceiveBuffer.
    """
    if any(letter in value for value in (username, password, element) for letter in '"\r\n;'):
        raise LoginRefused(message("session:mml_characters"))
    deadline = monotonic() + timeout_s
    code, words = _send_mml(buffer, f'LGI:OP="{username}",PWD="{password}";', end, deadline)
    if code != 0 and _SESSIONS_FULL.search(words):
        full = SessionLost(message("session:manager_full", answer=redact(words)))
        full.retryable = True
        raise full
    if code not in (0, -1) or (code == -1 and "success" not in words.lower()):
        raise NetmikoAuthenticationException(redact(f"RETCODE = {code} {words}"))
    if element:
        code, words = _send_mml(buffer, f"REG NE:NAME={element};", end, deadline)
        if code != 0 and _FORBIDDEN.search(words):
            raise LoginRefused(message("session:manager_denies", element=element, answer=redact(words)))
        if code != 0:
            raise Unreachable(message("session:manager_no_element", element=element, answer=redact(words)))


def _send_mml(buffer: ReceiveBuffer, command: str, end: re.Pattern[bytes], deadline: float) -> tuple[int, str]:
    buffer.send(command.encode() + b"\r\n")
    try:
        return mml.outcome(mml.read_report(buffer, command, end, lambda: deadline - monotonic()))
    except TimeoutError:
        raise NoPrompt(message("session:no_report")) from None


class Client(paramiko.SSHClient):
    """SSH client of a target; `connect` ignores credentials and host key settings of its arguments."""

    def __init__(self, target: Target, connection: Any, timeout_s: float, trace: Trace) -> None:
        super().__init__()
        self._target, self._connection, self._timeout_s, self._trace = target, connection, timeout_s, trace

    def connect(self, *_args: Any, **_kwargs: Any) -> None:
        """Open the transport. Raises the errors of `open_transport`."""
        adopt_transport(self, open_transport(self._connection, self._target, self._timeout_s, self._trace))

    def invoke_shell(self, *args: Any, **kwargs: Any) -> paramiko.Channel:
        """Open a terminal and a shell, within the time limit. Raises NoPrompt; paramiko waits without limit."""
        with (
            self._trace.step(ConnectStep.SHELL),
            watchdog.limit(monotonic() + self._timeout_s, self._connection.wake_reader) as watch,
        ):
            try:
                return super().invoke_shell(*args, **kwargs)
            except (paramiko.SSHException, EOFError, OSError):
                if not watch.expired:
                    raise
                where = f"{self._target.name} ({self._target.address})"
                raise NoPrompt(message("session:no_shell", where=where, seconds=self._timeout_s)) from None


HUAWEI_MML = "huawei_mml_telnet"
_PREFIX = "eventready_"
#: Time limit of an MML manager's logout.
_LOGOUT_S = 1.0
_lock = Lock()


@dataclass(frozen=True)
class ConnectionContext:
    """Arguments of the drivers beyond Netmiko's. `deadline`: monotonic time."""

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
        """Keep the stock handler of drivers with a login inside SSH; the others poll for a prompt here.

        `delay_factor`: multiple of Netmiko's pauses.
        """
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
