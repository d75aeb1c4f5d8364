"""Hostile servers on loopback: functions that get a connected socket and serve until it is closed."""

from __future__ import annotations

import itertools
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from tests.session.fake import PASSWORD, USER

Serve = Callable[[socket.socket], None]
_LINE = b"x" * 79 + b"\r\n"


class Servers:
    """The servers of one test; `port` of each. Everything is closed at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stopped = threading.Event()
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()

    def listen(self, serve: Serve) -> int:
        """Serve connections in threads; the port."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._keep(listener)
        threading.Thread(target=self._accept, args=(listener, serve), daemon=True).start()
        port: int = listener.getsockname()[1]
        return port

    def _accept(self, listener: socket.socket, serve: Serve) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self._keep(connection)
                threading.Thread(target=self._run, args=(connection, serve), daemon=True).start()

    def _run(self, connection: socket.socket, serve: Serve) -> None:
        with suppress(OSError, EOFError, paramiko.SSHException), connection:
            serve(connection)

    def _keep(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.append(connection)

    def stop(self) -> None:
        self.stopped.set()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()


@contextmanager
def hostile(folder: Path) -> Iterator[Servers]:
    """Servers that end with the block."""
    servers = Servers(folder)
    try:
        yield servers
    finally:
        servers.stop()


# ---------------------------------------------------------------- raw sockets


def repeat(data: bytes, connection: socket.socket) -> None:
    """Send the same bytes without end."""
    piece = data * max(1, 65_536 // len(data))
    while True:
        connection.sendall(piece)


def banner_without_end(connection: socket.socket) -> None:
    """Bytes in place of SSH's version line."""
    repeat(b"x", connection)


def banner_lines(connection: socket.socket) -> None:
    """Lines before SSH's version line."""
    repeat(b"welcome\r\n", connection)


def slow_banner(connection: socket.socket) -> None:
    """One byte of the version line now and then."""
    connection.settimeout(0.05)
    for byte in itertools.cycle(b"SSH-2.0-x"):
        connection.sendall(bytes((byte,)))
        with suppress(TimeoutError):
            connection.recv(4096)


def huge_packet(connection: socket.socket) -> None:
    """A first packet of four gigabytes."""
    connection.sendall(b"SSH-2.0-x\r\n" + struct.pack(">IB", 0xFFFFFFFC - 4, 4))
    repeat(b"\x00", connection)


def ignore_messages(connection: socket.socket) -> None:
    """Nothing but SSH_MSG_IGNORE instead of a key exchange."""
    payload = b"\x02" + struct.pack(">I", 1_000) + b"x" * 1_000
    padding = 8 - (len(payload) + 5) % 8 + 8
    packet = struct.pack(">IB", len(payload) + padding + 1, padding) + payload + b"\x00" * padding
    connection.sendall(b"SSH-2.0-x\r\n")
    repeat(packet, connection)


def subnegotiation(connection: socket.socket) -> None:
    """A telnet subnegotiation without end."""
    connection.sendall(b"\xff\xfa\x18")
    repeat(b"\x01" * 1024, connection)


def negotiation(connection: socket.socket) -> None:
    """Telnet options offered without end."""
    connection.setblocking(True)
    threading.Thread(target=_drain, args=(connection,), daemon=True).start()
    repeat(b"".join(b"\xff\xfd" + bytes((option,)) for option in range(250)), connection)


def _drain(connection: socket.socket) -> None:
    with suppress(OSError):
        while connection.recv(65_536):
            pass


def no_prompt(connection: socket.socket) -> None:
    """Lines without end, and no prompt."""
    repeat(_LINE, connection)


def login_again(connection: socket.socket) -> None:
    """Ask for the user again and again."""
    while True:
        connection.sendall(b"\r\nUsername: ")
        connection.recv(4096)


def after_login(answer: Serve) -> Serve:
    """A telnet device with a prompt, which answers its first real command by `answer`."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"R1#")
        typed = b""
        while data := connection.recv(4096):
            typed += data
            while b"\n" in typed or b"\r" in typed:
                line, _, typed = typed.replace(b"\r", b"\n").partition(b"\n")
                connection.sendall(line + b"\r\n")
                if line.startswith(b"show"):
                    answer(connection)
                connection.sendall(b"R1#")

    return serve


def near_prompts(connection: socket.socket) -> None:
    """Prompts with something behind them, without end."""
    repeat(b"R1#R1# R1#x\r\nR1#", connection)


def prompts_in_a_line(connection: socket.socket) -> None:
    """Prompts without a line end, without end."""
    repeat(b"R1#", connection)


def echoes(connection: socket.socket) -> None:
    """The command in one line, without end."""
    repeat(b"show clock", connection)


def backspaces(connection: socket.socket) -> None:
    """Cursor moves without end."""
    repeat(b"a\b", connection)


def cursor_moves(connection: socket.socket) -> None:
    """Escape codes that move the cursor far, without end."""
    repeat(b"\x1b[80D", connection)


def blanks(connection: socket.socket) -> None:
    """Blanks in one line, without end."""
    repeat(b" ", connection)


def secret_words(connection: socket.socket) -> None:
    """Words that announce a secret, in one line without end."""
    repeat(b"password key community secret psk ", connection)


def pages(connection: socket.socket) -> None:
    """A pager after each line, without end."""
    while True:
        connection.sendall(b"line\r\n --More-- ")
        connection.recv(64)
        connection.sendall(b"\b" * 10 + b" " * 10 + b"\b" * 10)


def trickle(connection: socket.socket) -> None:
    """A byte now and then, without end."""
    connection.settimeout(0.05)
    while True:
        connection.sendall(b"x")
        with suppress(TimeoutError):
            connection.recv(64)


# ------------------------------------------------------------------------ MML


def mml(answer: Serve) -> Serve:
    """An element that lets everybody in and answers commands by `answer`."""

    def serve(connection: socket.socket) -> None:
        typed = b""
        while data := connection.recv(4096):
            typed += data
            while b";" in typed:
                command, _, typed = typed.partition(b";")
                if command.strip().startswith((b"LGI", b"LGO")):
                    connection.sendall(packet(command.strip() + b";", b"RETCODE = 0  Success"))
                else:
                    answer(connection)

    return serve


def packet(command: bytes, body: bytes, *, more: bool = False) -> bytes:
    """One packet of a report."""
    rest = b"To be continued...\r\n" if more else b""
    return (
        b"+++    BSC  2022-04-25 07:00:00\r\nO&M    #1\r\n%%/*1*/"
        + command
        + b"%%\r\n"
        + body
        + b"\r\n"
        + rest
        + b"---    END\r\n\r\n"
    )


def promises(connection: socket.socket) -> None:
    """Large packets that promise another one, without end."""
    repeat(packet(b"DSP CELL:;", b"x" * 60_000, more=True), connection)


def small_promises(connection: socket.socket) -> None:
    """Small packets that promise another one, without end."""
    repeat(packet(b"DSP CELL:;", b"", more=True), connection)


def alarms(connection: socket.socket) -> None:
    """Reports that nobody asked for, without end."""
    repeat(b"+++    BSC  2022-04-25 07:00:00\r\nALARM  #1\r\n---    END\r\n\r\n", connection)


def unfinished(connection: socket.socket) -> None:
    """A packet without its end."""
    repeat(b"x" * 70 + b"\r\n", connection)


# ------------------------------------------------------------------------ SSH


class _Silent(paramiko.ServerInterface):
    """A server that stops answering at one request."""

    def __init__(self, at: str, stopped: threading.Event) -> None:
        self._at, self._stopped = at, stopped

    def _answer(self, request: str) -> None:
        if request == self._at:
            self._stopped.wait()

    def check_auth_password(self, username: str, password: str) -> int:
        self._answer("login")
        return AUTH_SUCCESSFUL if (username, password) == (USER, PASSWORD) else AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        self._answer("channel")
        return OPEN_SUCCEEDED

    def check_channel_pty_request(self, *given: Any) -> bool:
        self._answer("pty")
        return True

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        self._answer("shell")
        return True


def ssh(key: paramiko.PKey, at: str, stopped: threading.Event) -> Serve:
    """An SSH server that accepts the login and stops at a request."""

    def serve(connection: socket.socket) -> None:
        with paramiko.Transport(connection) as transport:
            transport.add_server_key(key)
            transport.start_server(server=_Silent(at, stopped))
            stopped.wait()

    return serve


def ssh_flood(key: paramiko.PKey, data: bytes, stopped: threading.Event) -> Serve:
    """An SSH server whose shell writes without end."""

    def serve(connection: socket.socket) -> None:
        with paramiko.Transport(connection) as transport:
            transport.add_server_key(key)
            transport.start_server(server=_Silent("", stopped))
            channel = transport.accept(20)
            while channel is not None:
                channel.sendall(data * max(1, 65_536 // len(data)))

    return serve
