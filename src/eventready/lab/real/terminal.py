"""A conversation with the terminal of OsmoBSC, which listens inside a network namespace only."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Sequence

from eventready.errors import UsageError

_PROMPT = re.compile(rb"(?:^|\n|\r|\xff..)OsmoBSC(?:\([\w-]+\))?[>#] $", re.DOTALL)
_PATIENCE_S = 5.0


def converse(way: Sequence[str], lines: Sequence[str]) -> list[str]:
    """What the terminal answers to each line. `way` is the command that leads to it. Raises UsageError."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = subprocess.Popen(way, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=subprocess.DEVNULL)
        try:
            return _talk(ours, lines)
        except OSError as error:
            raise UsageError(f"the terminal of the controller does not answer: {error}") from None
        finally:
            ours.close()
            process.terminate()
            process.wait()


def _talk(connection: socket.socket, lines: Sequence[str]) -> list[str]:
    connection.settimeout(_PATIENCE_S)
    _until_prompt(connection)
    answers = []
    for line in lines:
        connection.sendall(line.encode() + b"\n")
        answers.append(_until_prompt(connection))
    return answers


def _until_prompt(connection: socket.socket) -> str:
    said = b""
    while not _PROMPT.search(said):
        piece = connection.recv(65_536)
        if not piece:
            raise ConnectionError("it hung up")
        said += piece
    return said.decode(errors="replace").replace("\r", "")
