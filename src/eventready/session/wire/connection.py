"""Connections of their own: by TCP within a time limit, or through the standard input and output of a command."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import IO, Any

from eventready.core.allowed_content import sealed_command
from eventready.core.redaction.redaction import redact
from eventready.core.strings.texts import lines_of
from eventready.session.steps import ConnectStep, Trace

_Address = tuple[socket.AddressFamily, Any]


def connect_tcp(host: str, port: int, timeout_s: float, trace: Trace) -> socket.socket:
    """Connect to the first answering address of a name. Raises OSError of the last address."""
    deadline = monotonic() + timeout_s
    with trace.step(ConnectStep.NAME):
        addresses = _resolve(host, port, timeout_s)
    trace.detail(ConnectStep.NAME, ", ".join(dict.fromkeys(str(address[0]) for _family, address in addresses)))
    with trace.step(ConnectStep.TCP):
        connection = _first(addresses, deadline)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    trace.detail(ConnectStep.TCP, f"{host}:{port}")
    return connection


def _first(addresses: list[_Address], deadline: float) -> socket.socket:
    last: OSError | None = None
    for number, (family, address) in enumerate(addresses):
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.settimeout(max(0.01, (deadline - monotonic()) / (len(addresses) - number)))
        try:
            connection.connect(address)
        except OSError as error:
            connection.close()
            last = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise last or OSError("the name has no address")


def _resolve(host: str, port: int, timeout_s: float) -> list[_Address]:
    """Return the addresses of a name. The resolver has no time limit, so the call runs in a thread."""
    try:
        return _addresses(host, port, socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass
    found: list[list[_Address] | OSError] = []

    def look_up() -> None:
        try:
            found.append(_addresses(host, port, 0))
        except OSError as error:
            found.append(error)

    thread = Thread(target=look_up, name=f"resolve {host}", daemon=True)
    thread.start()
    thread.join(timeout_s)
    result = found[0] if found else socket.gaierror(socket.EAI_AGAIN, "the resolver does not answer")
    if isinstance(result, OSError):
        raise result
    return result


def _addresses(host: str, port: int, flags: int) -> list[_Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [(family, address) for family, _kind, _protocol, _name, address in found]


#: Seconds until SIGKILL for a command whose connection is closed.
_GRACE_S = 1.0


class ProxyCommand:
    """The socket of a running command."""

    def __init__(self, command: str, folder: Path | None = None) -> None:
        self._files = ExitStack()
        (allowed,) = self._files.enter_context(sealed_command([command], folder or Path(), line=True))
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed with the connection
        self._message = ""
        self._socket, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(  # by a shell, as OpenSSH does
                ["/bin/sh", "-c", f"exec {allowed}"],
                cwd=folder,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=self._errors,
                start_new_session=True,
            )
        except BaseException:
            self._socket.close()
            self._files.close()
            raise
        finally:
            theirs.close()

    def close(self) -> None:
        """Close the connection and end the command; idempotent."""
        self._socket.close()
        with suppress(OSError):
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            with suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._message = self.failure()
        self._errors.close()
        self._files.close()

    def failure(self) -> str:
        """Return the last line of the command's standard error; empty without output, also after `close`."""
        with suppress(OSError, ValueError):
            self._errors.seek(0)
            lines = lines_of(self._errors.read(65_536).decode(errors="replace").strip())
            return redact(lines[-1])[:200] if lines else ""
        return self._message

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)
