"""Shares of a client in common resources: its network, its threads at work, and its streams of the wall."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from weakref import WeakValueDictionary

from starlette.requests import Request
from starlette.types import Scope

from eventready.watch.web.page import viewer_of

#: Streams of a client, of all, and of these the ones that only operators take; threads of a client.
STREAMS, ALL_STREAMS, OF_OPERATORS, THREADS = 60, 300, 60, 4


def client_of(scope: Scope) -> str:
    """Address of a client; behind a trusted proxy, of its client."""
    return str((scope.get("client") or ("",))[0])


def network_of(client: str) -> str:
    """Network of an address: the address, or the 64 bits of an IPv6 address in which a client may choose any."""
    try:
        address = ip_address(client)
    except ValueError:
        return client
    if not isinstance(address, IPv6Address) or address.is_link_local:
        return str(address)
    return str(address.ipv4_mapped or int(address) >> 64)


@dataclass(frozen=True, eq=False)
class _OpenStream:
    client: str
    operates: bool


class Shares:
    """Shares of a client (a person, else a network) in the threads and the streams of all."""

    def __init__(self) -> None:
        self._threads: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._streams: list[_OpenStream] = []

    def threads(self, request: Request) -> asyncio.Semaphore:
        """Return the bound of the threads at work for the client of a request."""
        return self._threads.setdefault(_sharer(request), asyncio.Semaphore(THREADS))

    @contextmanager
    def stream(self, request: Request) -> Iterator[Callable[[], bool]]:
        """Hold a stream; yield a function, False once a newer stream has its place.

        A stream above a bound takes the place of the oldest of the client with most; a viewer never an operator's.
        """
        own, open_ = _OpenStream(_sharer(request), viewer_of(request).operates), self._streams
        counted = Counter(one.client for one in open_)
        rivals = [one for one in open_ if one.client == own.client] if counted[own.client] >= STREAMS else []
        if len(open_) >= ALL_STREAMS - OF_OPERATORS * (not own.operates):
            rivals = rivals or [one for one in open_ if own.operates or not one.operates]
        if rivals:
            open_.remove(min(rivals, key=lambda one: (one.operates, -counted[one.client])))
        open_.append(own)
        try:
            yield lambda: own in open_
        finally:
            if own in open_:
                open_.remove(own)


def _sharer(request: Request) -> str:
    name = viewer_of(request).name
    return f" {name}" if name else network_of(client_of(request.scope))
