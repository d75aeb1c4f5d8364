"""Attachment of a terminal to the process of a change."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from select import select
from typing import Self

from eventready.change.execute.attach.records import FROM_TERMINAL, TO_TERMINAL, FromTerminal, ProcessOf, ToTerminal
from eventready.change.execute.attach.sockets import Lines, connect, socket_folder
from eventready.core.records import ShapeError

#: Seconds until a process says which change it has.
_HEAD_S = 5.0


class Attachment:
    """Connection to the process of a change. `process` is its first record, None before."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._lines = connection, Lines(connection)
        self.process: ProcessOf | None = None
        self._came: deque[ToTerminal] = deque()

    def fileno(self) -> int:
        """Return the descriptor, for `select`."""
        return self._connection.fileno()

    @property
    def open(self) -> bool:
        """False after the end of the process."""
        return self._lines.open

    def records(self) -> Iterator[ToTerminal]:
        """Yield the records read so far, each once."""
        while self._came:
            yield self._came.popleft()

    def read(self) -> None:
        """Read the records at hand; wait for the first."""
        for line in self._lines.read():
            with suppress(ShapeError):  # of another version
                record = TO_TERMINAL.read(line)
                if isinstance(record, ProcessOf):
                    self.process = record
                else:
                    self._came.append(record)

    def send(self, record: FromTerminal) -> None:
        """Send a record; without a process nothing happens."""
        with suppress(OSError):
            self._connection.sendall(FROM_TERMINAL.encode(record) + b"\n")

    def head(self) -> ProcessOf | None:
        """Return which change the process has; None without an answer in time."""
        while self.process is None and self.open and select([self], [], [], _HEAD_S)[0]:
            self.read()
        return self.process

    def close(self) -> None:
        """Detach."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def attachments(workspace: Path) -> Iterator[Attachment]:
    """Yield an attachment to each process with a change in a workspace, the latest last."""
    for path in sorted(socket_folder(workspace).glob("change-*.sock"), key=_made):
        try:
            connection = connect(path)
        except OSError:
            continue
        yield Attachment(connection)


def _made(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
