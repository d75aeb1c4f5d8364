"""Server of the pages: uvicorn on an address, with limits against slow clients and too many of them."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import Counter
from collections.abc import Collection, Sequence

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from eventready.core.errors import UsageError
from eventready.core.messages import message

#: Seconds for open streams at the end, for a whole request, and for a client to read what was sent.
GRACE_S, REQUEST_S, READ_S = 2, 15.0, 30.0
#: Connections at once of all clients, and of one; behind a trusted proxy all clients have its address.
MOST_CONNECTIONS, OF_A_CLIENT = 500, 100
BACKLOG = 2048


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 connection with times for a request and for a reader.

    Where there are too many, the idle one that waits longest goes, of the client with most of them, before a new one.
    """

    begun = 0.0
    _slow: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin a connection."""
        super().connection_made(transport)
        self.begun = self.loop.time()
        self._make_room([one for one in self.connections if isinstance(one, BoundedProtocol)])
        self._slow = self.loop.call_later(REQUEST_S, transport.abort)

    def _make_room(self, open_: Sequence[BoundedProtocol]) -> None:
        counted = Counter(one.address for one in open_)
        if counted[self.address] > OF_A_CLIENT and not self.config.proxy_headers:
            most = self.address
        elif len(open_) > MOST_CONNECTIONS:
            most = max(counted, key=lambda address: counted[address])
        else:
            return
        idle = [one for one in open_ if one.address == most and one is not self and one.idle]
        min(idle, key=lambda one: one.begun, default=self).transport.abort()

    @property
    def address(self) -> str:
        """Address of the client."""
        return self.client[0] if self.client else ""

    @property
    def idle(self) -> bool:
        """True without a request at work: a silent client, or a client between two requests."""
        return self.cycle is None or bool(self.cycle.response_complete)

    def data_received(self, data: bytes) -> None:
        """Take bytes; a request must be whole in time."""
        super().data_received(data)
        whole = self.conn.their_state in (h11.DONE, h11.MUST_CLOSE, h11.CLOSED)
        if whole and self._slow:
            self._slow.cancel()
            self._slow = None
        elif not whole and self._slow is None:
            self._slow = self.loop.call_later(REQUEST_S, self.transport.abort)

    def pause_writing(self) -> None:
        """Wait for a reader."""
        super().pause_writing()
        self._unread = self.loop.call_later(READ_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on after a reader."""
        super().resume_writing()
        self._cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection."""
        if self._slow:
            self._slow.cancel()
        self._cancel()
        super().connection_lost(exc)

    def _cancel(self) -> None:
        if self._unread:
            self._unread.cancel()
            self._unread = None


def listening(host: str, port: int) -> list[socket.socket]:
    """Return listening sockets for the addresses of a host. Raises UsageError."""
    found: list[socket.socket] = []
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _kind, _protocol, _name, address in dict.fromkeys(infos):
            try:
                found.append(socket.create_server(address[:2], family=family, backlog=BACKLOG))
            except OSError as error:  # a family that this machine has not
                if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT) or len(infos) == 1:
                    raise
    except OSError as error:
        raise UsageError(message("web:address", host=host, port=port, reason=error.strerror or str(error))) from None
    return found


def server(app: ASGIApp, host: str, port: int, proxies: Collection[str] = ()) -> uvicorn.Server:
    """Return a server for an application; `run` serves until SIGINT or SIGTERM.

    `proxies`: addresses of the servers whose X-Forwarded headers are believed; no other's are.
    """
    config = uvicorn.Config(
        app, host, port, log_level="warning", server_header=False, timeout_graceful_shutdown=GRACE_S, lifespan="off",
        http=BoundedProtocol, ws="none", proxy_headers=bool(proxies), forwarded_allow_ips=list(proxies),
    )  # fmt: skip
    return uvicorn.Server(config)
