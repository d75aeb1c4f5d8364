"""A local socket through which programs run commands on hosts, over SSH connections of this process.

Credentials stay in the process: `relay_program.py` passes its arguments and its standard streams, and gets an exit
status. The end of the process ends the programs.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingUnixStreamServer
from threading import Lock, Thread
from typing import Any, Self

import paramiko

from eventready.core.strings.terminal_text import visible
from eventready.session.reply import SessionError
from eventready.session.ssh.jump_hosts import connect
from eventready.session.ssh.relay_program import UNREACHABLE
from eventready.session.target import Target
from eventready.session.wire.limits import with_retries

#: Bytes of a piece.
_BYTES = 65_536


class Relay:
    """Command server at `path` for hosts by name; `outputs` are texts to print, by name."""

    def __init__(self, path: Path, hosts: Mapping[str, Target], outputs: Mapping[str, str]) -> None:
        self._hosts = {name: CommandHost(target) for name, target in hosts.items()}
        self._outputs = outputs
        self._server = _Server(str(path), self._answer)
        self._thread = Thread(target=self._server.serve_forever, name="relay", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        for host in self._hosts.values():
            host.close()

    def _answer(self, words: Sequence[str], streams: Sequence[int]) -> int:
        """Run a request with standard input, output and error. Return the exit status."""
        if words[0] not in self._outputs:
            return run_ssh(self._hosts, words, streams)
        _write(streams[1], self._outputs[words[0]].encode())
        return 0


def run_ssh(hosts: Mapping[str, CommandHost], words: Sequence[str], streams: Sequence[int] = (0, 1, 2)) -> int:
    """Run the last word on the host of `--host=NAME`, as ssh does. Return the exit status."""
    name = next((word.partition("=")[2] for word in words if word.startswith("--host=")), "")
    if name not in hosts:
        _write(streams[2], b"The host does not belong to the run.\n")
        return UNREACHABLE
    try:
        return hosts[name].run(words[-1], streams, terminal="-tt" in words)
    except (SessionError, paramiko.SSHException, OSError, EOFError) as error:
        _write(streams[2], f"{visible(str(error))}\n".encode())
        return UNREACHABLE


class CommandHost:
    """A host with its connection, opened for the first command and again after a loss."""

    def __init__(self, target: Target) -> None:
        self._target, self._lock = target, Lock()
        self._transport: paramiko.Transport | None = None

    def run(self, command: str, streams: Sequence[int], *, terminal: bool) -> int:
        """Run a command. Raises SessionError, paramiko.SSHException, OSError, EOFError."""
        channel = self._connected().open_session(timeout=self._target.connect_timeout_s)
        with channel:
            if terminal:
                channel.get_pty()
            channel.exec_command(command)
            Thread(target=_feed, args=(streams[0], channel), daemon=True).start()
            errors = Thread(target=_copy, args=(channel.recv_stderr, streams[2]), daemon=True)
            errors.start()
            _copy(channel.recv, streams[1])
            errors.join()
            status = channel.recv_exit_status()
            return status if status >= 0 else UNREACHABLE

    def _connected(self) -> paramiko.Transport:
        with self._lock:
            if self._transport is None or not self._transport.is_active():
                self._transport = with_retries(lambda: connect(self._target), self._target.attempts)
            return self._transport

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()


def _feed(stream: int, channel: paramiko.Channel) -> None:
    """Send a stream to the command; its end ends the command's standard input."""
    with suppress(OSError, EOFError):
        while data := os.read(stream, _BYTES):
            channel.sendall(data)
        channel.shutdown_write()


def _copy(receive: Callable[[int], bytes], stream: int) -> None:
    while data := receive(_BYTES):
        _write(stream, data)


def _write(stream: int, data: bytes) -> None:
    """Write all, as far as there is a reader."""
    with suppress(OSError):
        while data:
            data = data[os.write(stream, data) :]


class _Server(ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path: str, answer: Callable[[Sequence[str], Sequence[int]], int]) -> None:
        self.answer = answer
        super().__init__(path, _Request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Leave a program with an early end."""


class _Request(StreamRequestHandler):
    """Three descriptors with a byte, then the arguments as a line of JSON; the answer is the exit status."""

    def handle(self) -> None:
        """Answer a program."""
        connection: socket.socket = self.request
        _, streams, _, _ = socket.recv_fds(connection, 1, 3)
        try:
            words = json.loads(self.rfile.readline())
            server: Any = self.server
            self.wfile.write(f"{server.answer(words, streams)}\n".encode())
        finally:
            for stream in streams:
                os.close(stream)
