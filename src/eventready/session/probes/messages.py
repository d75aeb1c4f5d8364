"""Messages of probes: ICMP echo (RFC 792), and DNS (RFC 1035) by dnspython."""

from __future__ import annotations

import struct
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache

from dns.exception import DNSException
from dns.flags import QR, TC
from dns.message import Message, QueryMessage, from_wire, make_query
from dns.rcode import to_text

#: Type, code, checksum, identifier, sequence number.
HEADER = struct.Struct("!BBHHH")
ECHO_REPLY = 0
_ECHO_REQUEST = 8
_MASK = 0xFFFF


def echo_request(identifier: int, number: int, body: bytes) -> bytes:
    """Return an echo request."""
    unsummed = HEADER.pack(_ECHO_REQUEST, 0, 0, identifier, number) + body
    return HEADER.pack(_ECHO_REQUEST, 0, _checksum(unsummed), identifier, number) + body


def _checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    total: int = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    total = (total >> 16) + (total & _MASK)
    return ~(total + (total >> 16)) & _MASK


#: Without declared addresses, those of the first answers count: of this time.
_LEARNING_S = 1.0
#: Answers kept as read: those of a stream are alike but for their identifiers.
_ALIKE = 32


class BadMessage(ValueError):
    """Name impossible in a query, or datagram without an answer to the query."""


@dataclass(frozen=True)
class DnsReply:
    """`code`: RCODE in words; `addresses`: of the records of the type; `truncated`: not all of them."""

    code: str
    addresses: tuple[str, ...]
    truncated: bool = False


def query(name: str, kind: str, identifier: int = 0) -> QueryMessage:
    """Query for the records `kind` (A, AAAA) of a name. Raises BadMessage for a bad name."""
    try:
        return make_query(name, kind, id=identifier)
    except DNSException as error:
        raise BadMessage(f"no name of DNS ({type(error).__name__})") from None


def read_reply(data: bytes, query: Message) -> DnsReply:
    """Read the answer to a query. Raises BadMessage for an echoed, foreign, or malformed message.

    Addresses are those of the name in the question and of its aliases, not those of other names (RFC 1034, 3.6.2).
    """
    try:
        reply = from_wire(data, ignore_trailing=True)
        if not isinstance(reply, QueryMessage) or not reply.flags & QR or not query.is_response(reply):
            raise BadMessage("no answer to the query")
        found = reply.resolve_chaining().answer if reply.question else None
    except DNSException as error:
        raise BadMessage(f"a malformed message ({type(error).__name__})") from None
    addresses = tuple(record.to_text() for record in found or ())
    return DnsReply(to_text(reply.rcode()), addresses, bool(reply.flags & TC))


@dataclass
class DnsQuestion:
    """Question for the A records of a name. `addresses`: of a right answer; empty: those of the first answers."""

    name: str
    addresses: frozenset[str] = frozenset()
    _learned: set[str] = field(default_factory=set)
    _until: float = 0.0

    def __post_init__(self) -> None:
        self._query = query(self.name, "A")
        self._behind_identifier = self._query.to_wire()[2:]
        self._read = lru_cache(_ALIKE)(self._reply)

    def query(self, identifier: int) -> bytes:
        """Query with an identifier."""
        return identifier.to_bytes(2, "big") + self._behind_identifier

    def answered(self, data: bytes) -> int | None:
        """Identifier of the query with a right answer in a message; None otherwise.

        Right: a whole answer without an error, to this question, with wanted addresses only.
        """
        reply = self._read(data[2:])
        right = reply and reply.code == "NOERROR" and not reply.truncated and self._wanted(set(reply.addresses))
        return int.from_bytes(data[:2], "big") if right else None

    def learning_ends(self) -> None:
        """Accept the addresses seen until now, and no others."""
        self._until = 0.0

    def _reply(self, behind_identifier: bytes) -> DnsReply | None:
        with suppress(BadMessage):
            return read_reply(bytes(2) + behind_identifier, self._query)
        return None

    def _wanted(self, found: set[str]) -> bool:
        if not found or self.addresses:
            return bool(found) and found <= self.addresses
        now = time.monotonic()
        if not self._learned:
            self._until = now + _LEARNING_S
        if now < self._until:
            self._learned |= found
        return found <= self._learned
