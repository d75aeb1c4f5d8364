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
from eventready.watch.web.shares import network_of

#: Seconds for open streams at the end, for a whole request, and for a client to read what was sent.
GRACE_S, REQUEST_S, READ_S = 2, 15.0, 30.0
#: Connections at once of all clients, and of one.
MOST_CONNECTIONS, OF_A_CLIENT = 500, 100
BACKLOG = 2048


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 connection with times for a request and for a reader.

    Where there are too many, the oldest idle one of the client with most goes, before a new one.
    """

    begun = 0.0
    _slow: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin a connection."""
        super().connection_made(transport)
        self.begun = self.loop.time()
        open_ = [one for one in self.connections if isinstance(one, BoundedProtocol) and not one.transport.is_closing()]
        self._make_room(open_)
        self._slow = self.loop.call_later(REQUEST_S, transport.abort)

    def _make_room(self, open_: Sequence[BoundedProtocol]) -> None:
        counted = Counter(one.network for one in open_)
        alone = counted[self.network] > OF_A_CLIENT and not self._of_a_proxy
        if not alone and len(open_) <= MOST_CONNECTIONS:
            return
        idle = [one for one in open_ if one is not self and one.idle and (not alone or one.network == self.network)]
        min(idle, key=lambda one: (-counted[one.network], one.begun), default=self).transport.abort()

    @property
    def network(self) -> str:
        """Network of the client."""
        return network_of(self.client[0]) if self.client else ""

    @property
    def _of_a_proxy(self) -> bool:
        """True for a trusted proxy: all clients behind have its address."""
        return self.config.proxy_headers and self.network in self.config.forwarded_allow_ips

    @property
    def idle(self) -> bool:
        """True without a whole request at work: a silent or slow client, or a client between two requests."""
        return self.cycle is None or bool(self.cycle.response_complete) or self.conn.their_state is h11.SEND_BODY

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
        app, host, port, log_level="error", server_header=False, timeout_graceful_shutdown=GRACE_S, lifespan="off",
        http=BoundedProtocol, ws="none", proxy_headers=bool(proxies), forwarded_allow_ips=list(proxies),
    )  # fmt: skip
    return uvicorn.Server(config)
