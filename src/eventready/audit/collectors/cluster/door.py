"""Door of a scheduler: connections before the end of their handshakes, bounded in time, per address, and in all."""

from __future__ import annotations

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

#: Seconds of a handshake, of TLS and of Dask together; connections in a handshake of an address, and of all.
_HANDSHAKE_S, _SHARE, _MOST = 10.0, 64, 400
#: Bits of an address of version 6 that one network has.
_NETWORK_BITS = 64


@dataclass(frozen=True, eq=False)
class Entering:
    """Connection in its handshake; with `extra_info` and `abort` of Dask's connections."""

    stream: Any
    source: str

    @property
    def extra_info(self) -> Mapping[str, Any]:
        """Certificate of the other end, after the handshake of TLS."""
        with suppress(ValueError, AttributeError):
            return {"peercert": self.stream.socket.getpeercert()}
        return {}

    def abort(self) -> None:
        """Close the connection."""
        self.stream.close()


class Door:
    """Connections in their handshakes: of too many the oldest goes, of the own address, or of the busiest address."""

    def __init__(self) -> None:
        self.entering: list[Entering] = []

    @contextmanager
    def passing(self, stream: Any, host: str) -> Iterator[None]:
        """Count a connection in its handshake to the end of the block."""
        own, shares = Entering(stream, _source(host)), Counter(one.source for one in self.entering)
        full = own.source if shares[own.source] >= _SHARE else ""
        if not full and len(self.entering) >= _MOST:
            full = shares.most_common(1)[0][0]
        if full:
            oldest = next(one for one in self.entering if one.source == full)
            self.entering.remove(oldest)
            oldest.abort()
        self.entering.append(own)
        end = asyncio.get_running_loop().call_later(_HANDSHAKE_S, own.abort)
        try:
            yield
        finally:
            end.cancel()
            with suppress(ValueError):  # for a newer connection
                self.entering.remove(own)


def _source(host: str) -> str:
    """Return the address of a share: of version 6 its network."""
    with suppress(ValueError):
        address = ipaddress.ip_address(host.partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
            return str(ipaddress.ip_network((int(address), _NETWORK_BITS), strict=False))
    return host
