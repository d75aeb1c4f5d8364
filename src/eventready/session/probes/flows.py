"""Flows of a probe stream: requests from a source port of its own each, and which answers are right.

A flow never blocks, and never raises for what a service answers: `send` starts a request, and each request is settled
with True for a right answer. Any exception is a lost request.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import selectors
import socket
import struct
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from eventready.core.errors import UsageError, os_reason
from eventready.core.messages import message
from eventready.session.probes import messages
from eventready.session.probes.messages import DnsQuestion

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
    addresses: Sequence[str] = ()
    sources: Sequence[str] = ()
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


_SEQUENCE = struct.Struct("!Q")
_MASK = 0xFFFF
_LONGEST_DATAGRAM = 65_536
#: Linux: IP_MTU_DISCOVER, IP_PMTUDISC_PROBE (DF is set, and what the path told before is not believed).
_MTU_DISCOVER, _NEVER_FRAGMENT = 10, 3
_TOKEN_BYTES = 8


@dataclass
class DatagramFlows(ABC):
    """Flows over a socket each, which stays open: the source port of a flow never changes."""

    options: FlowOptions
    selector: selectors.BaseSelector
    settle: Settle
    _sockets: list[socket.socket] = field(default_factory=list)
    _token: bytes = field(default_factory=lambda: secrets.token_bytes(_TOKEN_BYTES))

    def __post_init__(self) -> None:
        """Open the sockets. Raises UsageError."""
        try:
            for flow in range(self.options.flows):
                self._sockets.append(self._open(flow))
        except OSError as error:
            self.close()
            raise unreachable(self.options.host, error) from None

    def _open(self, flow: int) -> socket.socket:
        family, address = address_of(self.options, self.port, socket.SOCK_DGRAM)
        opened = socket.socket(family, socket.SOCK_DGRAM)
        return self._ready(opened, flow, address)

    def _ready(self, opened: socket.socket, flow: int, address: tuple[object, ...]) -> socket.socket:
        """Bind and connect a socket; datagrams of other addresses are dropped."""
        opened.setblocking(False)
        if self.options.size:
            opened.setsockopt(socket.IPPROTO_IP, _MTU_DISCOVER, _NEVER_FRAGMENT)
        if source := source_of(self.options, flow):
            opened.bind((source, 0))
        opened.connect(address)
        self.selector.register(opened, selectors.EVENT_READ, lambda: self._read(opened, flow))
        return opened

    def _read(self, opened: socket.socket, flow: int) -> None:
        try:
            while True:
                data = opened.recv(_LONGEST_DATAGRAM)
                for answered, sequence in self.answered(flow, data):
                    self.settle(answered, sequence, True)
        except OSError:  # nothing more to read, or an ICMP error: the request it belongs to is lost in time
            return

    def send(self, flow: int, sequence: int) -> None:
        """Send the request, again after a pending ICMP error of an earlier request."""
        payload = self.payload(flow, sequence)
        try:
            self._sockets[flow].send(payload)
        except ConnectionRefusedError:
            self._sockets[flow].send(payload)

    def forget(self, _flow: int, _sequence: int, /) -> None:
        """Do nothing: a datagram holds no resource."""
        return

    def close(self) -> None:
        """Close the sockets."""
        for opened in self._sockets:
            opened.close()

    @property
    def port(self) -> int:
        """Destination port."""
        return self.options.port

    @abstractmethod
    def payload(self, flow: int, sequence: int, /) -> bytes:
        """Request with a sequence number."""

    @abstractmethod
    def answered(self, flow: int, data: bytes) -> Iterable[tuple[int, int]]:
        """(flow, sequence number) of the request with a right answer in a datagram; nothing otherwise."""


class UdpFlows(DatagramFlows):
    """UDP echo (RFC 862): the answer repeats the request, which carries a token of the stream."""

    def payload(self, _flow: int, sequence: int, /) -> bytes:
        """Token, sequence number and padding."""
        return (self._token + _SEQUENCE.pack(sequence)).ljust(self.options.size, b"\0")

    def answered(self, flow: int, data: bytes) -> Iterable[tuple[int, int]]:
        """Flow and number of the repeated request."""
        if data.startswith(self._token) and len(data) >= _TOKEN_BYTES + _SEQUENCE.size:
            sequence = int(_SEQUENCE.unpack_from(data, _TOKEN_BYTES)[0])
            if data == self.payload(flow, sequence):
                yield flow, sequence & _MASK


class DnsFlows(DatagramFlows):
    """DNS queries for the addresses of a name."""

    def __post_init__(self) -> None:
        """Prepare the question, and open the sockets."""
        self._question = DnsQuestion(self.options.argument, frozenset(self.options.addresses))
        super().__post_init__()

    @property
    def port(self) -> int:
        """Destination port: 53 unless given."""
        return self.options.port or 53

    def payload(self, _flow: int, sequence: int, /) -> bytes:
        """Query with the sequence number as identifier."""
        return self._question.query(sequence & _MASK)

    def answered(self, flow: int, data: bytes) -> Iterable[tuple[int, int]]:
        """Flow and identifier of the query with a right answer."""
        identifier = self._question.answered(data)
        if identifier is not None:
            yield flow, identifier


class IcmpFlows(DatagramFlows):
    """ICMP echo over ping sockets, or for root over a raw socket per source address; a flow is an identifier."""

    def __post_init__(self) -> None:
        self._raw: dict[str, socket.socket] = {}
        self._first = os.getpid() & _MASK
        self._body = self._token.ljust(self.options.size + self.options.size % 2, b"\0")
        super().__post_init__()

    def _open(self, flow: int) -> socket.socket:
        address = (self.options.host, 0)
        try:
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
        except PermissionError:
            source = source_of(self.options, flow)
            if source not in self._raw:
                self._raw[source] = self._ready(_raw_socket(), flow, address)
            return self._raw[source]
        return self._ready(opened, flow, address)

    def payload(self, flow: int, sequence: int, /) -> bytes:
        """Echo request with the identifier of the flow and the token of the stream."""
        return messages.echo_request((self._first + flow) & _MASK, sequence & _MASK, self._body)

    def answered(self, flow: int, data: bytes) -> Iterable[tuple[int, int]]:
        """Flow and number of the repeated request; the kernel numbers ping sockets itself."""
        packet = data[(data[0] & 0xF) * 4 :] if self._raw and data else data
        if packet[messages.HEADER.size :] != self._body:
            return
        kind, code, _sum, identifier, number = messages.HEADER.unpack_from(packet)
        meant = (identifier - self._first) & _MASK if self._raw else flow
        if (kind, code) == (messages.ECHO_REPLY, 0) and meant < self.options.flows:
            yield meant, int(number)


def _raw_socket() -> socket.socket:
    try:
        return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    except PermissionError:
        raise UsageError(message("drill:exchange.icmp")) from None
