"""Commands to the VTY of OsmoBSC, which listens inside a network namespace only."""

from __future__ import annotations

import errno
import os
import re
import socket
import subprocess
from collections.abc import Sequence

from eventready.core.errors import UsageError, os_reason
from eventready.core.messages import message

_PROMPT = re.compile(rb"(?:^|\n|\r|\xff..)OsmoBSC(?:\([\w-]+\))?[>#] $", re.DOTALL)
_TIMEOUT_S = 5.0


def send_commands(command: Sequence[str], lines: Sequence[str]) -> list[str]:
    """The answers of the VTY to the lines. `command` connects its input and output to the VTY. Raises UsageError."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = subprocess.Popen(
                command, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=subprocess.DEVNULL
            )
        try:
            return _exchange(ours, lines)
        except OSError as error:
            raise UsageError(message("lab:real.vty_silent", reason=os_reason(error))) from None
        finally:
            ours.close()
            process.terminate()
            process.wait()


def _exchange(connection: socket.socket, lines: Sequence[str]) -> list[str]:
    connection.settimeout(_TIMEOUT_S)
    _read_until_prompt(connection)
    answers = []
    for line in lines:
        connection.sendall(line.encode() + b"\n")
        answers.append(_read_until_prompt(connection))
    return answers


def _read_until_prompt(connection: socket.socket) -> str:
    received = b""
    while not _PROMPT.search(received):
        piece = connection.recv(65_536)
        if not piece:
            raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
        received += piece
    return received.decode(errors="replace").replace("\r", "")
