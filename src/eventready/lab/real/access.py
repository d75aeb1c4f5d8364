"""How the province is reached: one port of loopback for every device, which the system chooses.

A connection to a router is handed to an sshd of its own inside the router's namespace; one to the controller of the
base stations goes to its terminal. What goes wrong with the conversation itself is made to happen here.
"""

from __future__ import annotations

import selectors
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

HOST = "127.0.0.1"
_GLANCE_S = 0.5
_BACKLOG = 128


@dataclass
class Door:
    """The port of one device. `silent`: whoever connects is let in and never answered."""

    name: str
    listener: socket.socket
    command: Callable[[], Sequence[str]]
    silent: bool = False
    #: Connections that nobody answers.
    held: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        """The port it listens on."""
        port: int = self.listener.getsockname()[1]
        return port


class Doors(threading.Thread):
    """All ports, served by one thread; each connection is a child process that owns the socket."""

    def __init__(self) -> None:
        super().__init__(name="doors", daemon=True)
        self._selector = selectors.DefaultSelector()
        self._doors: dict[str, Door] = {}
        self._children: list[subprocess.Popen[bytes]] = []
        self._ended = threading.Event()

    def open(self, name: str, command: Callable[[], Sequence[str]]) -> Door:
        """Listen for a device; `command` says what a connection is handed to at that moment."""
        listener = socket.create_server((HOST, 0), backlog=_BACKLOG)
        listener.setblocking(False)
        door = self._doors[name] = Door(name, listener, command)
        self._selector.register(listener, selectors.EVENT_READ, door)
        return door

    def __getitem__(self, name: str) -> Door:
        return self._doors[name]

    def __len__(self) -> int:
        return len(self._doors)

    @property
    def sessions(self) -> int:
        """Connections that are open."""
        return sum(child.poll() is None for child in self._children) + sum(len(d.held) for d in self._doors.values())

    def run(self) -> None:
        """Serve until `close`."""
        while not self._ended.is_set():
            for key, _events in self._selector.select(_GLANCE_S):
                self._let_in(key.data)
            self._children = [child for child in self._children if child.poll() is None]

    def _let_in(self, door: Door) -> None:
        try:
            connection, _who = door.listener.accept()
        except OSError:
            return
        if door.silent:
            door.held.append(connection)
            return
        with connection:
            connection.setblocking(True)
            try:
                self._children.append(_handed(door.command(), connection.fileno()))
            except OSError:
                return  # the machine has no room for another process: the caller sees the connection closed

    def answer_again(self, name: str) -> None:
        """The device answers; whoever waited in vain is hung up on."""
        door = self._doors[name]
        door.silent = False
        while door.held:
            door.held.pop().close()

    def close(self) -> None:
        """Stop listening."""
        self._ended.set()
        self.join(2 * _GLANCE_S)
        for door in self._doors.values():
            self._selector.unregister(door.listener)
            door.listener.close()
            self.answer_again(door.name)
        self._selector.close()


def _handed(command: Sequence[str], connection: int) -> subprocess.Popen[bytes]:
    """A child whose input and output are the connection."""
    return subprocess.Popen(
        command, stdin=connection, stdout=connection, stderr=subprocess.DEVNULL, start_new_session=True
    )
