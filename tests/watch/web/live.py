"""The application on a port of this machine, in a thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from eventready.watch.web.app import application
from eventready.watch.web.server import server
from tests.watch.web.scene import LOOK, Scene


@dataclass
class Live:
    """Running server."""

    port: int
    running: uvicorn.Server
    thread: threading.Thread

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def entry(self) -> str:
        """Printed link of a wall without persons."""
        return f"{self.url}/enter#{LOOK}"

    def end(self) -> None:
        """Stop the server, and wait for its end."""
        self.running.should_exit = True
        self.thread.join(10)

    def connection(self, source: str = "127.0.0.1", *, buffer: int = 0) -> socket.socket:
        """A plain connection from an address of this machine; `buffer`: bytes that it takes without a reader."""
        plain = socket.socket()
        if buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        plain.settimeout(20)
        plain.bind((source, 0))
        plain.connect(("127.0.0.1", self.port))
        return plain


@contextmanager
def served(made: Scene, app: ASGIApp | None = None, port: int = 0, proxies: Sequence[str] = ()) -> Iterator[Live]:
    with socket.create_server(("127.0.0.1", port)) as listening:
        port = listening.getsockname()[1]
        running = server(app or application(made.model, look=LOOK), "127.0.0.1", port, proxies)
        running.config.timeout_graceful_shutdown = 0
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        live = Live(port, running, thread)
        try:
            yield live
        finally:
            live.end()
