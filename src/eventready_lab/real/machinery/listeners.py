"""The listeners of the real lab: a port on loopback for every device.

A connection to a router is served by an sshd of its own inside the router's namespace, a connection to the base-station
controller by its VTY.
"""

from __future__ import annotations

import selectors
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

HOST = "127.0.0.1"
_POLL_S = 0.5
_BACKLOG = 128


@dataclass
class DeviceListener:
    """The port of a device. `silent`: connections are accepted into `held` and never served."""

    name: str
    listener: socket.socket
    command: Callable[[], Sequence[str]]
    silent: bool = False
    held: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        """The listening port."""
        port: int = self.listener.getsockname()[1]
        return port


class DeviceListeners(threading.Thread):
    """All listeners, served by a single thread; each connection is owned by a child process."""

    def __init__(self) -> None:
        super().__init__(name="listeners", daemon=True)
        self._selector = selectors.DefaultSelector()
        self._listeners: dict[str, DeviceListener] = {}
        self._children: list[subprocess.Popen[bytes]] = []
        self._ended = threading.Event()

    def open(self, name: str, command: Callable[[], Sequence[str]]) -> DeviceListener:
        """Listen for a device; `command` returns the program for a connection."""
        listener = socket.create_server((HOST, 0), backlog=_BACKLOG)
        listener.setblocking(False)
        device = self._listeners[name] = DeviceListener(name, listener, command)
        self._selector.register(listener, selectors.EVENT_READ, device)
        return device

    def __getitem__(self, name: str) -> DeviceListener:
        return self._listeners[name]

    def __len__(self) -> int:
        return len(self._listeners)

    @property
    def sessions(self) -> int:
        """Number of open connections."""
        held = sum(len(device.held) for device in self._listeners.values())
        return held + sum(child.poll() is None for child in self._children)

    def run(self) -> None:
        """Serve until `close`."""
        while not self._ended.is_set():
            for key, _events in self._selector.select(_POLL_S):
                self._accept(key.data)
            self._children = [child for child in self._children if child.poll() is None]

    def _accept(self, device: DeviceListener) -> None:
        try:
            connection, _address = device.listener.accept()
        except OSError:
            return
        if device.silent:
            device.held.append(connection)
            return
        with connection:
            connection.setblocking(True)
            try:
                self._children.append(_serve(device.command(), connection.fileno()))
            except OSError:
                return  # no resources for another process: the client sees the connection closed

    def end_silence(self, name: str) -> None:
        """Serve new connections again, and close the held ones."""
        device = self._listeners[name]
        device.silent = False
        while device.held:
            device.held.pop().close()

    def close(self) -> None:
        """Stop listening."""
        self._ended.set()
        self.join(2 * _POLL_S)
        for device in self._listeners.values():
            self._selector.unregister(device.listener)
            device.listener.close()
            self.end_silence(device.name)
        self._selector.close()


def _serve(command: Sequence[str], connection: int) -> subprocess.Popen[bytes]:
    """A child with the connection as input and output."""
    return subprocess.Popen(
        command, stdin=connection, stdout=connection, stderr=subprocess.DEVNULL, start_new_session=True
    )
