"""TCP servers of the tests."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

HOST = "127.0.0.1"


@contextmanager
def accepting(handle: Callable[[socket.socket], None]) -> Iterator[int]:
    """Give each connection to `handle`, one at a time; the port. A connection that the other end closes is over."""
    listener = socket.create_server((HOST, 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                with connection:
                    handle(connection)
            except OSError:
                continue

    threading.Thread(target=serve, daemon=True).start()
    with listener:
        yield listener.getsockname()[1]
