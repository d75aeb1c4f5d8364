"""Flows of a probe stream: requests from a source port of its own each, and which answers are right.

A flow never blocks, and never raises for what a service answers: `send` starts a request, and each request is settled
with True for a right answer. Any exception is a lost request.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from eventready.core.errors import UsageError, os_reason
from eventready.core.messages import message

#: Kinds with a new source port per request: a dead path hits requests of every flow.
NEW_PORTS = ("tcp", "http")

#: Reports a settled request: flow, sequence number, True for a right answer.
Settle: TypeAlias = Callable[[int, int, bool], None]


@dataclass(frozen=True)
class FlowOptions:
    """Requests of a stream, and their right answers.

    argument: path of `http`, name of `dns`. `status`: of a right answer of `http`. `addresses`: of a right answer of
    `dns`; empty: those of the first answers. `sources`: local addresses, taken in turn by the flows. `size`: bytes of
    an echo request at least, sent with DF.
    """

    kind: str
    host: str
    port: int = 0
    argument: str = ""
    flows: int = 16
    status: int = 200
    addresses: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    size: int = 0


class Flows(Protocol):
    """All flows of a stream."""

    def send(self, flow: int, sequence: int) -> None:
        """Send a request. Raises OSError."""

    def forget(self, flow: int, sequence: int, /) -> None:
        """Release the resources of a request without an answer."""

    def close(self) -> None:
        """Close every socket."""


def source_of(options: FlowOptions, flow: int) -> str:
    """Return the local address of a flow; empty for any."""
    return options.sources[flow % len(options.sources)] if options.sources else ""


def address_of(options: FlowOptions, port: int, kind: socket.SocketKind) -> tuple[int, tuple[object, ...]]:
    """Return (family, address) of the host. Raises OSError."""
    family, *_, address = socket.getaddrinfo(options.host, port, type=kind)[0]
    return family, address


def unreachable(host: str, error: OSError) -> UsageError:
    """Return the error for a host to which no socket can be opened."""
    return UsageError(message("drill:exchange.unreachable", address=host, reason=os_reason(error)))
