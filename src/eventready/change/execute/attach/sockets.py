"""Sockets of changes in the folder of the store, for their owner only; lines of records over a socket."""

from __future__ import annotations

import errno
import os
import secrets
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Most bytes of a line without an end.
_LONGEST = 1 << 20
#: Most bytes of the path of a socket on every system.
_PATH = 100
_CREDENTIALS = struct.Struct("3i")


def socket_folder(workspace: Path) -> Path:
    """Return the folder of the sockets of a workspace."""
    return workspace / ".eventready" / "running"


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """Address of a socket, also for a path longer than the system takes."""
    if len(os.fsencode(path)) < _PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def listen(workspace: Path) -> tuple[socket.socket, Path]:
    """Return a new socket of a change, and its path. Raises OSError."""
    folder = socket_folder(workspace).absolute()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path, listener = folder / f"change-{secrets.token_hex(4)}.sock", socket.socket(socket.AF_UNIX)
    opening = path.with_suffix(".opening")
    before = os.umask(0o177)
    try:
        with _address(opening) as address:
            listener.bind(address)
    finally:
        os.umask(before)
    listener.listen()
    opening.rename(path)  # a socket that nobody listens to yet looks left over
    return listener, path


def connect(path: Path) -> socket.socket:
    """Return a connection to the process of a change. Raises OSError; a socket left over is removed."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        with _address(path) as address:
            connection.connect(address)
        if not is_own(connection):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        connection.close()
        if isinstance(error, ConnectionRefusedError):
            path.unlink(missing_ok=True)
        raise
    return connection


def is_own(connection: socket.socket) -> bool:
    """Return True for a peer of the same user."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True  # the mode of the socket admits its owner only
    peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return bool(_CREDENTIALS.unpack(peer)[1] == os.geteuid())


class Lines:
    """Lines from a socket. `open` is False after its end, and after a line too long."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._rest, self.open = connection, b"", True

    def read(self) -> list[bytes]:
        """Return the lines at hand."""
        try:
            data = self._connection.recv(1 << 16)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.open = bool(data) and len(self._rest) <= _LONGEST
        return lines
