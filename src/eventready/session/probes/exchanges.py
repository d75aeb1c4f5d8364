"""Request and answer by kind of probe stream: ICMP echo, UDP echo, TCP connect, HTTP GET, DNS query."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Protocol

from eventready.core.errors import UsageError, os_reason
from eventready.core.messages import message

_ECHO_REQUEST, _ECHO_REPLY = 8, 0
_ICMP_HEADER = struct.Struct("!BBHHH")
_ICMP_RAW_IP_HEADER = 20
_UDP_PAYLOAD = struct.Struct("!Q")
#: RFC 1035: identifier, flags (recursion desired), one question.
_DNS_HEADER = struct.Struct("!HHHHHH")
_LONGEST_ANSWER = 4096
_DNS_FAILURES = (2, 5)  # SERVFAIL, REFUSED


class Exchange(Protocol):
    """Kind of request. An object serves a single stream; requests may overlap."""

    async def open(self) -> None:
        """Prepare sockets. Raises UsageError when this machine does not allow them."""

    async def request(self, sequence: int) -> None:
        """Send a request and wait for the answer. Raises OSError for a refusal by the service."""

    def close(self) -> None:
        """Release the sockets."""


class _DatagramExchange:
    """Shared half of the exchanges over datagrams: a socket, and a future per sequence number."""

    _mask = 0xFFFF_FFFF

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._opened: socket.socket | None = None
        self._waiting: dict[int, asyncio.Future[None]] = {}

    async def open(self) -> None:
        """Open the socket, with a reader for arriving answers. Raises UsageError."""
        try:
            self._opened = self._socket()
            self._opened.setblocking(False)
            self._opened.connect(self._address)
        except OSError as error:
            raise UsageError(
                message("drill:exchange.unreachable", address=self._address[0], reason=os_reason(error))
            ) from None
        asyncio.get_running_loop().add_reader(self._opened, self._read)

    async def request(self, sequence: int) -> None:
        """Send the request and wait for the answer with the same sequence number."""
        if self._opened is None:
            raise RuntimeError("the exchange is not open")
        key = sequence & self._mask
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[key] = future
        try:
            self._opened.send(self._payload(sequence))
            await future
        finally:
            self._waiting.pop(key, None)

    def close(self) -> None:
        """Close the socket."""
        if self._opened is not None:
            asyncio.get_running_loop().remove_reader(self._opened)
            self._opened.close()

    def _read(self) -> None:
        """Resolve the request with the number of a datagram; after an ICMP error requests time out."""
        try:
            data = self._opened.recv(_LONGEST_ANSWER) if self._opened else b""
        except OSError:
            return
        sequence = self._sequence_of(data)
        future = self._waiting.get(sequence) if sequence is not None else None
        if future is not None and not future.done():
            future.set_result(None)

    def _socket(self) -> socket.socket:
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def _payload(self, sequence: int) -> bytes:
        raise NotImplementedError

    def _sequence_of(self, data: bytes) -> int | None:
        raise NotImplementedError


class IcmpExchange(_DatagramExchange):
    """ICMP echo over an unprivileged ping socket, or a raw socket for root."""

    _mask = 0xFFFF

    def __init__(self, host: str, port: int = 0) -> None:
        super().__init__(host, port)
        self._raw = False
        self._identifier = os.getpid() & 0xFFFF

    def _socket(self) -> socket.socket:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
            try:
                opened = socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP)
            except PermissionError:
                continue
            self._raw = kind == socket.SOCK_RAW
            return opened
        raise UsageError(message("drill:exchange.icmp"))

    def _payload(self, sequence: int) -> bytes:
        number = sequence & self._mask
        header = _ICMP_HEADER.pack(_ECHO_REQUEST, 0, 0, self._identifier, number)
        return _ICMP_HEADER.pack(_ECHO_REQUEST, 0, _checksum(header), self._identifier, number)

    def _sequence_of(self, data: bytes) -> int | None:
        packet = data[_ICMP_RAW_IP_HEADER:] if self._raw else data
        if len(packet) < _ICMP_HEADER.size:
            return None
        kind, _code, _sum, identifier, number = _ICMP_HEADER.unpack_from(packet)
        ours = identifier == self._identifier or not self._raw  # the kernel numbers ping sockets itself
        return int(number) if kind == _ECHO_REPLY and ours else None


class UdpExchange(_DatagramExchange):
    """UDP echo (RFC 862): the answer repeats the request."""

    def _payload(self, sequence: int) -> bytes:
        return _UDP_PAYLOAD.pack(sequence)

    def _sequence_of(self, data: bytes) -> int | None:
        return int(_UDP_PAYLOAD.unpack(data)[0]) & self._mask if len(data) == _UDP_PAYLOAD.size else None


class DnsExchange(_DatagramExchange):
    """A DNS query for the A record of `name`; SERVFAIL and REFUSED count as no answer."""

    _mask = 0xFFFF

    def __init__(self, host: str, port: int, name: str) -> None:
        super().__init__(host, port or 53)
        labels = [label.encode("idna") for label in name.rstrip(".").split(".")]
        self._question = b"".join(bytes([len(label)]) + label for label in labels) + b"\0\0\x01\0\x01"

    def _payload(self, sequence: int) -> bytes:
        return _DNS_HEADER.pack(sequence & self._mask, 0x0100, 1, 0, 0, 0) + self._question

    def _sequence_of(self, data: bytes) -> int | None:
        if len(data) < _DNS_HEADER.size:
            return None
        identifier, flags, *_ = _DNS_HEADER.unpack_from(data)
        return None if flags & 0xF in _DNS_FAILURES else int(identifier)


class TcpExchange:
    """TCP connection, opened and closed."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)

    async def open(self) -> None:
        """A connection per request needs no preparation."""

    async def request(self, sequence: int) -> None:  # noqa: ARG002  a connection carries no number
        """Connect. Raises OSError where nothing listens."""
        _reader, writer = await asyncio.open_connection(*self._address)
        writer.close()

    def close(self) -> None:
        """Connections are closed per request."""


class HttpExchange(TcpExchange):
    """An HTTP GET over a new connection; an answer of 500 or more counts as no answer."""

    def __init__(self, host: str, port: int, path: str) -> None:
        super().__init__(host, port or 80)
        self._request = f"GET {path or '/'} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()

    async def request(self, sequence: int) -> None:  # noqa: ARG002  a connection carries no number
        """Ask and read the status line. Raises OSError for a server error and for no answer."""
        reader, writer = await asyncio.open_connection(*self._address)
        try:
            writer.write(self._request)
            status = (await reader.readline()).split()
            if len(status) < 2 or not status[1].isdigit() or int(status[1]) >= 500:
                raise ConnectionError("no answer below 500")
        finally:
            writer.close()


def exchange_for(kind: str, host: str, port: int, argument: str) -> Exchange:
    """Exchange of a probe kind. `argument`: path of `http`, name to resolve of `dns`."""
    makers: Mapping[str, Callable[[], Exchange]] = {
        "icmp": lambda: IcmpExchange(host),
        "udp": lambda: UdpExchange(host, port),
        "tcp": lambda: TcpExchange(host, port),
        "http": lambda: HttpExchange(host, port, argument),
        "dns": lambda: DnsExchange(host, port, argument),
    }
    return makers[kind]()


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071) of an even number of bytes."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
