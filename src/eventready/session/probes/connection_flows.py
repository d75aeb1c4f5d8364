"""Flows of TCP connections, a new connection for each request: TCP and HTTP."""

from __future__ import annotations

import errno
import os
import re
import selectors
import socket
import struct
from dataclasses import dataclass, field

from eventready.session.probes.flow import FlowOptions, Settle, address_of, source_of, unreachable

#: Longest status line of HTTP: more without a line end is no answer.
_LONGEST_LINE = 8192
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?\r?\n")


@dataclass
class _Connection:
    """TCP connection of a request; `line` is the answer until its first line end."""

    opened: socket.socket
    connected: bool = False
    line: bytes = b""


@dataclass
class ConnectionFlows:
    """A TCP connection per request, from a new source port; of `http` with a GET, and the status line as answer."""

    options: FlowOptions
    selector: selectors.BaseSelector
    settle: Settle
    _open: dict[tuple[int, int], _Connection] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Resolve the address. Raises UsageError."""
        options = self.options
        try:
            self._family, self._address = address_of(options, options.port or 80, socket.SOCK_STREAM)
        except OSError as error:
            raise unreachable(options.host, error) from None
        path = options.argument or "/"
        self._request = f"GET {path} HTTP/1.1\r\nHost: {options.host}\r\nConnection: close\r\n\r\n".encode()

    def send(self, flow: int, sequence: int) -> None:
        """Begin to connect. Raises OSError."""
        opened = socket.socket(self._family, socket.SOCK_STREAM)
        connection = self._open[flow, sequence] = _Connection(opened)
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # no port is left in TIME_WAIT
        if source := source_of(self.options, flow):
            opened.bind((source, 0))
        code = opened.connect_ex(self._address)
        if code not in (0, errno.EINPROGRESS):
            raise OSError(code, os.strerror(code))
        self.selector.register(opened, selectors.EVENT_WRITE, lambda: self._advance(flow, sequence, connection))

    def _advance(self, flow: int, sequence: int, connection: _Connection) -> None:
        """Continue a ready connection."""
        try:
            done = self._step(connection)
        except (OSError, ValueError):
            done = False
        if done is not None:
            self.forget(flow, sequence)
            self.settle(flow, sequence, done)

    def _step(self, connection: _Connection) -> bool | None:
        """True for a right answer, False for a wrong, None for a partial answer. Raises OSError."""
        opened = connection.opened
        if not connection.connected:
            if opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                return False
            if self.options.kind == "tcp":
                return True
            connection.connected = True
            opened.send(self._request)
            self.selector.modify(opened, selectors.EVENT_READ, self.selector.get_key(opened).data)
            return None
        data = opened.recv(_LONGEST_LINE)
        connection.line += data
        if b"\n" in connection.line:
            status = _STATUS_LINE.match(connection.line)
            return status is not None and int(status[1]) == self.options.status
        return None if data and len(connection.line) < _LONGEST_LINE else False

    def forget(self, flow: int, sequence: int) -> None:
        """Close the connection of a request."""
        connection = self._open.pop((flow, sequence), None)
        if connection is not None:
            if connection.opened.fileno() in self.selector.get_map():
                self.selector.unregister(connection.opened)
            connection.opened.close()

    def close(self) -> None:
        """Close every connection."""
        for flow, sequence in list(self._open):
            self.forget(flow, sequence)
