"""Open a session with a device: the gate, the connection through Netmiko, the prompt; then ask.

with open_session(target, platform) as session:
    replies = session.ask(["show version", "show clock"])
"""

from __future__ import annotations

import random
import socket
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Protocol

import netmiko

from eventready.platforms.model import ChangeSpec, PlatformSpec
from eventready.session.drivers import Context, Promptless, driver, privileged_command
from eventready.session.faults import explain
from eventready.session.gate import gate
from eventready.session.patterns import patterns
from eventready.session.reply import CleartextRefused, Reply, SessionError
from eventready.session.target import Target
from eventready.session.wire import Buffered
from eventready.session.writing import Writer

_BACKOFF_S = 0.5


class Speaks(Protocol):
    """What has a platform.yaml."""

    @property
    def spec(self) -> PlatformSpec:
        """Its content."""


class Session:
    """An open session. `connection` is Netmiko's, for what only it can do; `ask` is all that an audit needs."""

    def __init__(self, target: Target, connection: Promptless, channel: Writer) -> None:
        self.target, self.connection = target, connection
        self._channel, self._open = channel, True

    @property
    def prompt(self) -> str:
        """The device's prompt."""
        return self._channel.prompt

    def ask(self, commands: Sequence[str]) -> list[Reply]:
        """One reply per command, in order; no command's failure raises."""
        return self._channel.ask(commands)

    def tell(self, lines: Sequence[str], *, spec: ChangeSpec, timeout_s: float = 30.0) -> list[Reply]:
        """Write: one line at a time, each exactly once, the next when the prompt of the one before is seen.

        One reply per line. After the first that is refused, times out or is lost, all are NOT_SENT; after a line whose
        end was not seen the session takes no more, neither lines nor commands (`over` says why). `timeout_s` is for
        each line. Raises RefusedError, with nothing sent, for a line that cannot be sent as one line.
        """
        return self._channel.tell(lines, spec, timeout_s)

    @property
    def over(self) -> str:
        """Why the session takes no more; empty while it does."""
        return self._channel.over

    def close(self) -> None:
        """Close the connection and give the endpoint's place back; a second time does nothing."""
        if not self._open:
            return
        self._open = False
        try:
            self.connection.close()
        finally:
            gate.leave(self.target.gate)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def open_session(target: Target, platform: Speaks) -> Session:
    """Connect and log in, within the endpoint's session limit and the device's time limit.

    Connecting is tried again, after a pause that grows and varies, when nothing listens yet or the connection breaks
    before the login; a refused login and a host key are final. Raises the exceptions of `session.reply`.
    """
    spec = platform.spec
    if (spec.session.cleartext or spec.netmiko.device_type.endswith("_telnet")) and not target.allow_cleartext:
        raise CleartextRefused(
            f"{target.name} is spoken to in clear text ({spec.netmiko.device_type}), which nobody has allowed",
            do="Say `allow_cleartext: true` for it in the inventory if its network is yours alone.",
        )
    gate.enter(target.gate, spec.session.limit)
    try:
        deadline = monotonic() + target.device_timeout_s
        return _persistently(target, spec, deadline)
    except BaseException:
        gate.leave(target.gate)
        raise


def _persistently(target: Target, spec: PlatformSpec, deadline: float) -> Session:
    for attempt in range(1, target.attempts + 1):
        try:
            return _once(target, spec, deadline)
        except SessionError as error:
            pause = _BACKOFF_S * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311  jitter, no secret
            if attempt == target.attempts or not error.passing or monotonic() + pause >= deadline:
                raise
        sleep(pause)
    raise ValueError("a target needs at least one attempt")


def _once(target: Target, spec: PlatformSpec, deadline: float) -> Session:
    context = Context(target, patterns(spec.session), spec.session.newline, deadline)
    try:
        connection = _connected(target, spec, context)
    except Exception as error:
        raise explain(error, target) from None
    try:
        channel = Writer(
            connection.screen,
            spec.session,
            name=target.name,
            deadline=deadline,
            secret=target.secret,
            privileged=privileged_command(connection),
            shell=spec.netmiko.device_type == "linux",
        )
        channel.start(context.left())
    except BaseException:
        connection.close()
        raise
    return Session(target, connection, channel)


def _connected(target: Target, spec: PlatformSpec, context: Context) -> Promptless:
    timeout_s = context.left()
    options: dict[str, Any] = {
        "use_keys": False,
        "conn_timeout": timeout_s,
        "banner_timeout": timeout_s * 0.75,  # before conn_timeout, at whose end paramiko no longer knows what it lacked
        "auth_timeout": timeout_s,
        **spec.netmiko.options,
        "device_type": driver(spec.netmiko.device_type),
        "host": target.host,
        "port": target.port,
        "username": target.username,
        "password": target.password.reveal(),
        "secret": target.secret.reveal(),
        "context": context,
    }
    if options["device_type"].endswith("_telnet"):
        return _promptless(netmiko.ConnectHandler(**options))
    connection = socket.create_connection((target.host, target.port or 22), timeout_s)
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _promptless(netmiko.ConnectHandler(**options, sock=Buffered(connection)))
    except BaseException:
        with suppress(OSError):
            connection.close()
        raise


def _promptless(connection: netmiko.BaseConnection) -> Promptless:
    if not isinstance(connection, Promptless):
        raise TypeError(f"{type(connection).__name__} is not one of our drivers")
    return connection
