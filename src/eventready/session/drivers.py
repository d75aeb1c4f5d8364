"""Netmiko drivers: every stock one without its sleeps, and those that Netmiko does not have.

A stock driver opens the connection and knows its vendor's dialect; between the two it sleeps and polls for a prompt
that the channel finds without. `driver(device_type)` gives the name of a subclass which leaves that to the channel;
it is registered in both places where ConnectHandler looks.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from inspect import signature
from threading import Lock
from time import monotonic
from typing import Any

import netmiko
import paramiko
from netmiko.huawei import HuaweiSSH
from netmiko.ssh_dispatcher import CLASS_MAPPER, platforms

from eventready.session import mml
from eventready.session.client import Client
from eventready.session.hostkeys import Strict, host_name, known_hosts
from eventready.session.login import mml_login, telnet_login
from eventready.session.patterns import Patterns
from eventready.session.screen import Closed, Screen, TooMuch
from eventready.session.target import Target
from eventready.session.wire import Buffered, SshWire, TelnetWire, Wire

HUAWEI_MML = "huawei_mml_telnet"
_PREFIX = "eventready_"
#: How long a manager may take to say goodbye.
_GOODBYE_S = 1.0
_lock = Lock()


@dataclass(frozen=True)
class Context:
    """What our drivers need to know beyond Netmiko's arguments."""

    target: Target
    patterns: Patterns
    newline: str
    deadline: float

    def left(self) -> float:
        """Seconds until this attempt is over."""
        return max(0.1, min(self.target.connect_timeout_s, self.deadline - monotonic()))


class Promptless(netmiko.BaseConnection):
    """Mixed in before a stock driver: strict host keys, a login driven by events, no session preparation."""

    screen: Screen

    def __init__(self, *args: Any, context: Context, **kwargs: Any) -> None:
        self.context = context
        super().__init__(*args, **kwargs)

    def establish_connection(self, width: int = 511, height: int = 1000) -> None:
        """Connect, log in, and put a screen on what came out. Nothing stays open when it fails."""
        try:
            super().establish_connection(width, height)
            if self.protocol == "ssh":
                self.screen = Screen(self._wire())
        except BaseException:
            self.close()
            raise

    def _try_session_preparation(self, force_data: bool = True) -> None:
        """The channel prepares the session."""

    def special_login_handler(self, delay_factor: float = 1.0) -> None:
        """Stock drivers wait here for a prompt by polling; those that ask for a login inside SSH keep theirs."""
        if not isinstance(self, HuaweiSSH):  # its handler answers yes when a device offers to save its configuration
            super().special_login_handler(delay_factor)

    def telnet_login(self, *args: Any, **kwargs: Any) -> str:  # noqa: ARG002  Netmiko's signature
        """Log in over telnet."""
        self.screen = Screen(self._wire())
        target = self.context.target
        newline = self.context.newline if self.context.newline == "\n" else "\r"
        telnet_login(
            self.screen,
            self.context.patterns,
            username=target.username,
            password=target.password.reveal(),
            newline=newline,
            timeout_s=self.context.left(),
        )
        return ""

    def _wire(self) -> Wire:
        if isinstance(self.remote_conn, paramiko.Channel):
            return SshWire(self.remote_conn)
        connection = getattr(self.remote_conn, "sock", None)
        if isinstance(connection, socket.socket):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return TelnetWire(self.remote_conn)

    def _build_ssh_client(self) -> paramiko.SSHClient:
        """A client that knows the recorded keys of this one host and refuses every other."""
        target = self.context.target
        path = target.known_hosts_path
        client = Client(host_name(target.host, target.port), known_hosts(path).keys(target.host, target.port))
        client.set_missing_host_key_policy(Strict(target.name, path))
        return client

    def close(self) -> None:
        """Close the connection at once; a second time does nothing."""
        self.goodbye()
        client = getattr(self, "remote_conn_pre", None)
        transport = client.get_transport() if client is not None else None
        if transport is not None and isinstance(transport.sock, Buffered):
            transport.sock.hang_up()
        self.disconnect()

    def goodbye(self) -> None:
        """What must be said before the connection is closed; closing it ends a terminal's session by itself."""

    def cleanup(self, command: str = "") -> None:
        """Netmiko's way of saying goodbye needs a prompt; see `goodbye`."""


class HuaweiMmlTelnet(Promptless):
    """Huawei MML on a plain TCP port: LGI, REG NE behind a manager, LGO."""

    def telnet_login(self, *args: Any, **kwargs: Any) -> str:  # noqa: ARG002  Netmiko's signature
        """Log in with LGI and connect to the element."""
        self.screen = Screen(self._wire())
        target, end = self.context.target, self.context.patterns.ends_with or mml.END
        mml_login(
            self.screen,
            end,
            username=target.username,
            password=target.password.reveal(),
            element=target.element,
            timeout_s=self.context.left(),
        )
        return ""

    def goodbye(self) -> None:
        """Unregister and log out: a manager counts sessions."""
        if self.remote_conn is None or not hasattr(self, "screen"):
            return
        target = self.context.target
        goodbye, until = f'LGO:OP="{target.username}";', monotonic() + _GOODBYE_S
        with suppress(Closed, TooMuch, TimeoutError):
            if target.element:
                self.screen.send(f"UNREG NE:NAME={target.element};\r\n".encode())
            self.screen.send(f"{goodbye}\r\n".encode())
            # closing with unread reports would reset the connection, and the goodbye with it
            mml.read_report(self.screen, goodbye, mml.END, lambda: until - monotonic())


def driver(device_type: str) -> str:
    """The registered name of our driver for a Netmiko device type. Raises ValueError for an unknown type."""
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
    return _register(name, type(stock.__name__, (Promptless, stock), {}))


def _register(name: str, kind: type[netmiko.BaseConnection]) -> str:
    with _lock:
        if name not in CLASS_MAPPER:
            CLASS_MAPPER[name] = kind
            platforms.append(name)
    return name


def privileged_command(connection: netmiko.BaseConnection) -> str:
    """The command that raises a session's privileges, by the stock driver's own default; empty where there is none."""
    return _default_command(type(connection).enable)


@cache
def _default_command(enable: Callable[..., str]) -> str:
    parameter = signature(enable).parameters.get("cmd")
    return parameter.default if parameter and isinstance(parameter.default, str) else ""
