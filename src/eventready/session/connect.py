"""Open a session with a device: session limit, connection through Netmiko, prompt; and with the login shell of a host.

with open_session(target, platform.spec) as session:
    replies = session.send_commands(["show version", "show clock"])
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import Semaphore
from time import monotonic
from types import TracebackType
from typing import Any

import netmiko

from eventready.core.errors import UsageError
from eventready.core.messages import Message, message
from eventready.platforms.model import ChangeSpec, NetmikoSpec, PlatformSpec, SessionSpec
from eventready.session.dialogue.configuring import Configurer, uses_shell
from eventready.session.dialogue.opening import Opening
from eventready.session.dialogue.patterns import patterns
from eventready.session.dialogue.reading import Reader
from eventready.session.dialogue.screen import Screen
from eventready.session.drivers import ConnectionContext, DriverMixin, driver_name, privileged_command
from eventready.session.hostkeys import SSH_PORT
from eventready.session.reply import CleartextRefused, Reply, RunTimeOver
from eventready.session.ssh.errors import to_session_error
from eventready.session.ssh.jump_hosts import dial, jump_hosts, proxy_failure
from eventready.session.steps import ConnectStep, Trace
from eventready.session.target import Secret, Target
from eventready.session.wire.limits import Watch, session_limit, watchdog, with_retries
from eventready.session.wire.stream import BufferedSocket

_TELNET_PORT = 23
#: Handshakes and logins at once in a process: key exchanges of more would wait for each other until their time limits.
_HANDSHAKES = 64
#: Time limit of waiting for a free session of the endpoint.
_SESSION_WAIT_S = 600.0
#: Seconds for which an idle session is held.
_HELD_S = 120.0
#: Seconds after the device's time limit at which its connection is closed, should something still block.
_GRACE_S = 1.0


class Session:
    """An open session. `connection` is Netmiko's; an audit uses `send_commands` only."""

    def __init__(
        self,
        target: Target,
        connection: DriverMixin,
        *,
        screen: Screen,
        reader: Reader,
        configurer: Configurer,
        watch: Watch,
    ) -> None:
        self.target, self.connection = target, connection
        self._screen, self._reader, self._configurer = screen, reader, configurer
        self._watch, self._open = watch, True

    @property
    def prompt(self) -> str:
        """The device's prompt."""
        return self._screen.shown_prompt

    def send_commands(self, commands: Sequence[str]) -> list[Reply]:
        """Return a reply per command, in order; no command's failure raises."""
        return self._reader.send_commands(commands)

    def send_config(self, lines: Sequence[str], *, spec: ChangeSpec, timeout_s: float = 30.0) -> list[Reply]:
        """Send configuration lines in sequence, each exactly once, after the prompt of the previous line.

        Return one reply per line. After a refusal, a timeout or a loss, the rest is NOT_SENT; after a line without a
        seen end the session accepts neither lines nor commands (`over` has the reason). `timeout_s` applies to each
        line. Raises RefusedError, with nothing sent, for a line that cannot be sent as one line.
        """
        return self._configurer.send_config(lines, spec, timeout_s)

    @property
    def over(self) -> str | Message:
        """Return the reason for the end of the session; empty for a usable session."""
        return self._screen.over

    def hold(self, devices: int) -> bool:
        """Hold the session for `resume`, for a while; False for a session to be closed.

        `devices`: devices at the endpoint, of whose sessions one stays free. Jump hosts and consoles have few for many.
        """
        connection = self.connection.sock
        direct = isinstance(connection, BufferedSocket) and isinstance(connection.connection, socket.socket)
        if not direct or self.target.console or self.over or devices >= self._screen.spec.limit:
            return False
        self.connection.context.memory.renew()
        self._limit(min(monotonic() + _HELD_S, self.target.not_after))
        return True

    def resume(self) -> bool:
        """Begin the device's time limit anew; False for an ended session and for unread output."""
        channel: Any = self.connection.remote_conn
        if channel.closed or channel.eof_received or channel.recv_ready() or not channel.transport.is_active():
            return False
        self._screen.deadline = min(monotonic() + self.target.device_timeout_s, self.target.not_after)
        self._limit(self._screen.deadline + _GRACE_S)
        return True

    def _limit(self, deadline: float) -> None:
        """Bound the connection by another time."""
        connection: Any = self.connection.sock
        self._watch.cancel()
        self._watch = watchdog.watch(deadline, connection.wake_reader)

    def close(self) -> None:
        """Close the connection and release the endpoint's slot; idempotent."""
        if not self._open:
            return
        self._open = False
        try:
            self.connection.close()
        finally:
            self._watch.cancel()
            self.connection.context.memory.close()
            session_limit.release(self.target.limit_key)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def needs_cleartext(spec: PlatformSpec) -> bool:
    """True for a platform with passwords in clear text."""
    return spec.session.cleartext or spec.netmiko.device_type.endswith("_telnet")


def open_session(target: Target, spec: PlatformSpec, trace: Trace | None = None) -> Session:
    """Connect and log in, within the endpoint's session limit and the device's time limit.

    Retry with exponential backoff and jitter when nothing listens yet or the connection breaks before the login; a
    refused login and a host key mismatch are final. `trace` records the steps. Raises the errors of `session.reply`.
    """
    target.require_usable()
    target = target if spec.netmiko.device_type.endswith("_telnet") else target.for_ssh()
    target = replace(target, device_login=spec.session.device_login)
    trace = trace or Trace()
    if needs_cleartext(spec) and not target.allow_cleartext:
        raise CleartextRefused(message("session:cleartext", name=target.name, protocol=spec.netmiko.device_type))
    if target.jump is not None:
        with trace.step(ConnectStep.JUMP):  # before the time limit of the device: a person may type a one-time code
            jump_hosts.transport(target.jump)
    wait_s = min(_SESSION_WAIT_S, max(0.0, target.not_after - monotonic()))
    session_limit.acquire(target.limit_key, spec.session.limit, wait_s)
    try:
        deadline = min(monotonic() + target.device_timeout_s, target.not_after)
        return with_retries(lambda: _attempt(target, spec, deadline, trace), target.attempts, deadline)
    except BaseException:
        session_limit.release(target.limit_key)
        raise


def _attempt(target: Target, spec: PlatformSpec, deadline: float, trace: Trace) -> Session:
    if monotonic() >= target.not_after:
        raise RunTimeOver(message("session:run_over"))
    context = ConnectionContext(target, patterns(spec.session), spec.session.newline, deadline, trace)
    try:
        connection, watch = _connected(target, spec, context)
    except Exception as error:
        context.memory.close()
        raise to_session_error(error, target) from None
    try:
        screen = Screen(connection.buffer, spec.session, name=target.name, deadline=deadline)
        opening = Opening(screen, secret=target.secret, privileged=privileged_command(connection), trace=trace)
        opening.start(context.left())
    except BaseException:
        connection.close()
        watch.cancel()
        context.memory.close()
        raise
    reader = Reader(screen, ahead=spec.session.pipeline if opening.ahead else 1)
    configurer = Configurer(screen, shell=uses_shell(spec))
    return Session(target, connection, screen=screen, reader=reader, configurer=configurer, watch=watch)


_handshakes = Semaphore(_HANDSHAKES)


@contextmanager
def _turn(deadline: float) -> Iterator[None]:
    """Wait for a free handshake of the process; the time limits of the login begin afterwards."""
    mine = _handshakes.acquire(timeout=max(0.0, deadline - monotonic()))
    try:
        yield
    finally:
        if mine:
            _handshakes.release()


def _connected(target: Target, spec: PlatformSpec, context: ConnectionContext) -> tuple[DriverMixin, Watch]:
    """Connect and log in; the watch ends the connection at the device's time limit."""
    timeout_s = context.left()
    options: dict[str, Any] = {
        "use_keys": False,
        **spec.netmiko.options,
        "device_type": driver_name(spec.netmiko.device_type),
        "host": target.host,
        "port": target.port,
        "username": target.username,
        "password": target.password.reveal(),
        "secret": target.secret.reveal(),
        "context": context,
    }
    telnet = options["device_type"].endswith("_telnet")
    connection = dial(target, timeout_s, context.trace, _TELNET_PORT if telnet else SSH_PORT)
    buffered = BufferedSocket(connection)
    watch = watchdog.watch(context.deadline + _GRACE_S, buffered.wake_reader)
    try:
        sock = connection if telnet else buffered
        with _turn(context.deadline):
            return _checked_driver(netmiko.ConnectHandler(**options, sock=sock)), watch
    except Exception as error:
        watch.cancel()
        failure = proxy_failure(connection, target)
        with suppress(OSError):
            connection.close()
        raise failure or error from None


def _checked_driver(connection: netmiko.BaseConnection) -> DriverMixin:
    if not isinstance(connection, DriverMixin):
        raise TypeError(f"{type(connection).__name__} is not an eventready driver")
    return connection


#: Any login shell. PATH keeps its order and gains the folder of administration programs.
SHELL = PlatformSpec(
    title="Linux shell",
    roles=("router",),
    netmiko=NetmikoSpec(device_type="linux"),
    session=SessionSpec(
        prompt=r"(?:(?:\S+@)?[\w.-]+(?::\S*)?)?[$#] $",
        setup=("unset HISTFILE; export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin",),
        noise=(r"^\[ *\d+\.\d{6}\] ",),
        limit=5,
    ),
    read_only=(),
)


def open_shell(target: Target) -> Session:
    """Open a session with the host's shell as `target.shell_username`.

    Raises UsageError without a shell login, and the errors of `open_session`.
    """
    if not target.has_shell:
        raise UsageError(message("session:shell_login", name=target.name))
    shell = replace(target, username=target.shell_username, password=target.shell_password, secret=Secret(""))
    return open_session(shell, SHELL)
