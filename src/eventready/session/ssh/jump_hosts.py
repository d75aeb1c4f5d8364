"""Connect to targets: directly, by a proxy command, or through shared connections to jump hosts.

A jump host has one SSH connection per process, with a limit of channels and keepalives. Its loss, or the error of its
last attempt, is one message for all devices behind it.
"""

from __future__ import annotations

import atexit
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Any

import paramiko

from eventready.core.messages import Message, message
from eventready.session.hostkeys import SSH_PORT
from eventready.session.reply import JumpHostFailed, SessionError, Unreachable
from eventready.session.ssh.errors import to_session_error
from eventready.session.ssh.handshake import open_transport
from eventready.session.steps import ConnectStep, Trace
from eventready.session.target import Target
from eventready.session.wire.connection import ProxyCommand, connect_tcp
from eventready.session.wire.limits import SessionLimit, with_retries
from eventready.session.wire.stream import BufferedSocket

#: Seconds for which the devices behind a jump host share the error of its last failed connection.
_RETRY_AFTER_S = 30.0
#: RFC 4254, 5.1.
_PROHIBITED, _RESOURCE_SHORTAGE = 1, 4


def dial(target: Target, timeout_s: float, trace: Trace, default_port: int = SSH_PORT) -> Any:
    """Return a connected socket, or an object with its methods. Raises OSError, SessionError."""
    target.require_usable()
    port = target.port or default_port
    trace.detail(ConnectStep.ROUTE, target.route)
    if target.jump is not None:
        trace.detail(ConnectStep.NAME, message("session:resolved_by", host=target.host, jump=target.jump.name))
        return jump_hosts.dial(target, target.jump, port, timeout_s, trace)
    if not target.proxy_command:
        return connect_tcp(target.host, port, timeout_s, trace)
    trace.detail(ConnectStep.NAME, message("session:resolved_by_proxy", host=target.host))
    with trace.step(ConnectStep.TCP):
        return ProxyCommand(target.proxy_command, target.proxy_folder)


@dataclass
class _Jump:
    """Jump host: its open transport, or the error of the last attempt and the time of the next."""

    lock: Lock = field(default_factory=Lock)
    transport: paramiko.Transport | None = None
    error: JumpHostFailed | None = None
    retry_at: float = 0.0
    was_open: bool = False


class JumpConnections:
    """The connections to jump hosts of this process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._limit = SessionLimit()
        self._jumps: dict[tuple[str, ...], _Jump] = {}
        self._process = os.getpid()

    def dial(self, target: Target, jump: Target, port: int, timeout_s: float, trace: Trace) -> JumpChannel:
        """Open a channel to a port of the target. Raises JumpHostFailed, Unreachable."""
        with trace.step(ConnectStep.JUMP):
            transport = self.transport(jump)
            limit_key = "|".join(_key(jump))
            self._limit.acquire(limit_key, jump.sessions)
        trace.detail(ConnectStep.JUMP, " > ".join(hop.name for hop in target.jumps))
        try:
            with trace.step(ConnectStep.TCP):
                transport, channel = self._channel(transport, target, jump, port, timeout_s)
        except BaseException:
            self._limit.release(limit_key)
            raise
        trace.detail(ConnectStep.TCP, message("session:tcp_from", address=target.address, jump=jump.name))
        return JumpChannel(channel, lambda: self._limit.release(limit_key), lambda: self._loss(jump, transport))

    def _channel(
        self, transport: paramiko.Transport, target: Target, jump: Target, port: int, timeout_s: float
    ) -> tuple[paramiko.Transport, paramiko.Channel]:
        """Open a channel; after the loss of the shared connection, once more in a new connection."""
        try:
            return transport, self._open(transport, target, jump, port, timeout_s)
        except JumpHostFailed:
            renewed = self.transport(jump)
            return renewed, self._open(renewed, target, jump, port, timeout_s)

    def _open(
        self, transport: paramiko.Transport, target: Target, jump: Target, port: int, timeout_s: float
    ) -> paramiko.Channel:
        try:
            return transport.open_channel("direct-tcpip", (target.host, port), ("127.0.0.1", 0), timeout=timeout_s)
        except paramiko.ChannelException as error:
            raise _refused_channel(error.code, target, jump) from None
        except (paramiko.SSHException, EOFError, OSError):
            loss = self._loss(jump, transport)
            where = f"{target.name} ({target.address})"
            raise loss or Unreachable(
                message("session:jump_no_answer", where=where, jump=jump.name, seconds=timeout_s)
            ) from None

    def transport(self, jump: Target) -> paramiko.Transport:
        """Return the open transport of a jump host, connecting once for all waiting threads. Raises JumpHostFailed."""
        state = self._state(jump)
        with state.lock:
            if state.transport is not None and not _ended(state.transport):
                return state.transport
            if state.error is not None and monotonic() < state.retry_at:
                raise state.error.again()  # a raised exception keeps the stack of its thread
            try:
                state.transport = with_retries(lambda: connect(jump), jump.attempts)
            except SessionError as error:
                state.error = _failed(jump, error, lost=state.was_open)
                may_recover = error.retryable or state.was_open or isinstance(error, Unreachable)
                state.retry_at = monotonic() + _RETRY_AFTER_S if may_recover else float("inf")
                raise state.error.again() from None
            state.error, state.was_open = None, True
            return state.transport

    def _loss(self, jump: Target, transport: paramiko.Transport) -> JumpHostFailed | None:
        """Return the error of the first lost hop; None while the transport is open."""
        if not _ended(transport):
            return None
        lost = jump
        for hop in jump.jumps:
            outer = self._state(hop).transport
            if outer is not None and _ended(outer):
                lost = hop
                break
        return JumpHostFailed(message("session:jump_lost", jump=lost.name, address=lost.address))

    def _state(self, jump: Target) -> _Jump:
        with self._lock:
            if self._process != os.getpid():  # forked: the connections belong to the parent
                self._jumps, self._process = {}, os.getpid()
            return self._jumps.setdefault(_key(jump), _Jump())

    def close(self) -> None:
        """Close the connections, the last hop first."""
        with self._lock:
            jumps, self._jumps = list(self._jumps.values()), {}
            own = self._process == os.getpid()
        for state in reversed(jumps):
            if own and state.transport is not None:
                with suppress(Exception):
                    state.transport.close()


def _ended(transport: paramiko.Transport) -> bool:
    """Recognise a lost transport, also while paramiko still closes its channels: the error is saved before."""
    saved = transport.saved_exception
    return not transport.is_active() or not isinstance(saved, paramiko.ChannelException | None)


def connect(target: Target) -> paramiko.Transport:
    """Open a transport to a host, such as a jump host. Raises SessionError."""
    connection = None
    try:
        connection = dial(target, target.connect_timeout_s, Trace())
        _detect_loss(connection, target.ssh.keepalive_s)
        return open_transport(BufferedSocket(connection), target, target.connect_timeout_s, Trace())
    except Exception as error:
        mapped = proxy_failure(connection, target) or to_session_error(error, target)
        if connection is not None:
            connection.close()
        raise mapped from None


def _detect_loss(connection: Any, keepalive_s: float) -> None:
    """End the TCP connection when sent data stays unacknowledged for three keepalives (Linux)."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None and keepalive_s and isinstance(connection, socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, option, int(keepalive_s * 3_000))


def proxy_failure(connection: object, target: Target) -> Unreachable | None:
    """Return the error of a proxy command with a message; None otherwise."""
    failure = connection.failure() if isinstance(connection, ProxyCommand) else ""
    if not failure:
        return None
    return Unreachable(message("session:proxy_failed", name=target.name, failure=failure))


def _key(jump: Target) -> tuple[str, ...]:
    return tuple(part for hop in (*jump.jumps, jump) for part in (hop.username, hop.address))


def _failed(jump: Target, error: SessionError, *, lost: bool) -> JumpHostFailed:
    if isinstance(error, JumpHostFailed):
        return error
    msgid = "session:jump_gone" if lost else "session:jump_failed"
    return JumpHostFailed(
        message(msgid, jump=jump.name, address=jump.address, reason=error.cause),
        where=error.place,
        do=_without_device(error.remedy),
    )


def _without_device(remedy: str | Message) -> str | Message:
    """Return the remedy without `-l`, which names devices."""
    return Message(remedy.id, {**remedy.params, "option": ""}) if isinstance(remedy, Message) else remedy


def _refused_channel(code: int, target: Target, jump: Target) -> SessionError:
    where = f"{target.name} ({target.address})"
    if code == _PROHIBITED:
        return Unreachable(message("session:jump_forbids", jump=jump.name, where=where))
    error = Unreachable(message("session:jump_unreachable", jump=jump.name, where=where))
    if code == _RESOURCE_SHORTAGE:
        error = Unreachable(message("session:jump_full", jump=jump.name, where=where))
    error.retryable = code == _RESOURCE_SHORTAGE
    return error


class JumpChannel:
    """A channel with the methods of a socket. `loss` returns the error of the jump host after its loss."""

    def __init__(
        self, channel: paramiko.Channel, release: Callable[[], None], loss: Callable[[], JumpHostFailed | None]
    ) -> None:
        self._channel, self._release, self.loss = channel, release, loss
        self._released = Lock()

    def close(self) -> None:
        """Close the channel and release its slot; idempotent."""
        self._channel.close()
        if self._released.acquire(blocking=False):
            self._release()

    def shutdown(self, _how: int = socket.SHUT_RDWR) -> None:
        """Close the channel, which wakes a reader; paramiko's shutdown does not."""
        self._channel.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)


#: The connections of the process.
jump_hosts = JumpConnections()
atexit.register(jump_hosts.close)
