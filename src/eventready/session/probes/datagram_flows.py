"""Flows of single datagrams: UDP echo, DNS queries and ICMP echo."""

from __future__ import annotations

import os
import secrets
import selectors
import socket
import struct
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.session.probes import icmp
from eventready.session.probes.dns_message import DnsQuestion
from eventready.session.probes.flow import FlowOptions, Settle, address_of, source_of, unreachable

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
        return icmp.echo_request((self._first + flow) & _MASK, sequence & _MASK, self._body)

    def answered(self, flow: int, data: bytes) -> Iterable[tuple[int, int]]:
        """Flow and number of the repeated request; the kernel numbers ping sockets itself."""
        packet = data[(data[0] & 0xF) * 4 :] if self._raw and data else data
        if packet[icmp.HEADER.size :] != self._body:
            return
        kind, code, _sum, identifier, number = icmp.HEADER.unpack_from(packet)
        meant = (identifier - self._first) & _MASK if self._raw else flow
        if (kind, code) == (icmp.ECHO_REPLY, 0) and meant < self.options.flows:
            yield meant, int(number)


def _raw_socket() -> socket.socket:
    try:
        return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    except PermissionError:
        raise UsageError(message("drill:exchange.icmp")) from None
