"""Queries and answers of DNS (RFC 1035)."""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass, field
from ipaddress import ip_address

_HEADER = struct.Struct("!HHHHHH")
_RECORD = struct.Struct("!HHIH")
_RECURSION_DESIRED, _RESPONSE, _TRUNCATED = 0x0100, 0x8000, 0x0200
_MOST_LABELS = 128
#: Without declared addresses, those of the first answers count: of this time.
_LEARNING_S = 1.0
TYPES = {"A": 1, "AAAA": 28}
_ALIAS, _INTERNET = 5, 1
#: Bytes of an address by type.
_LENGTHS = {1: 4, 28: 16}
CODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}


class BadMessage(ValueError):
    """Datagram without an answer to the query."""


@dataclass(frozen=True)
class DnsReply:
    """`code`: RCODE in words; `addresses`: of the records of the type; `truncated`: not all of them."""

    code: str
    addresses: tuple[str, ...]
    truncated: bool = False


def question(name: str, kind: str) -> bytes:
    """Question section of a query for the records `kind` (A, AAAA) of a name. Raises UnicodeError for a bad name."""
    labels = [label.encode("idna") for label in name.rstrip(".").split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0" + struct.pack("!HH", TYPES[kind], 1)


def query(identifier: int, section: bytes) -> bytes:
    """Query with a question section."""
    return _HEADER.pack(identifier, _RECURSION_DESIRED, 1, 0, 0, 0) + section


def read_reply(data: bytes, identifier: int, section: bytes) -> DnsReply:
    """Read the answer to a query. Raises BadMessage for an echoed, foreign, or malformed message."""
    try:
        number, flags, questions, answers, _, _ = _HEADER.unpack_from(data)
        if number != identifier or not flags & _RESPONSE or questions != 1:
            raise BadMessage("no answer to the query")
        end = _HEADER.size + len(section)
        if data[_HEADER.size : end].lower() != section.lower():
            raise BadMessage("an answer to another question")
        wanted = struct.unpack("!HH", section[-4:])[0]
        return DnsReply(
            CODES.get(flags & 0xF, f"RCODE{flags & 0xF}"),
            _addresses(data, end, answers, wanted),
            bool(flags & _TRUNCATED),
        )
    except (struct.error, IndexError) as error:
        raise BadMessage(f"a message that ends too early ({error})") from None


def _addresses(data: bytes, place: int, count: int, wanted: int) -> tuple[str, ...]:
    """Addresses of the name in the question and of its aliases, not those of other names (RFC 1034, 3.6.2)."""
    found: dict[bytes, list[str]] = {}
    aliases: dict[bytes, bytes] = {}
    for _ in range(count):
        owner, place = _name(data, place)
        kind, group, _ttl, length = _RECORD.unpack_from(data, place)
        place += _RECORD.size
        if place + length > len(data):
            raise BadMessage("a record that ends too early")
        if group == _INTERNET and kind == _ALIAS:
            aliases[owner] = _name(data, place)[0]
        elif group == _INTERNET and kind == wanted and length == _LENGTHS[wanted]:
            found.setdefault(owner, []).append(str(ip_address(data[place : place + length])))
        place += length
    name = _name(data, _HEADER.size)[0]
    for _ in range(len(aliases) + 1):
        if name not in aliases:
            return tuple(found.get(name, ()))
        name = aliases[name]
    raise BadMessage("aliases in a circle")


def _name(data: bytes, place: int) -> tuple[bytes, int]:
    """Name in lower case, its compression undone (RFC 1035, 4.1.4), and the next place."""
    labels, behind = b"", 0
    for _ in range(_MOST_LABELS):
        length = data[place]
        if length >= 0xC0:
            behind = behind or place + 2
            place = (length & 0x3F) << 8 | data[place + 1]
            continue
        labels += data[place : place + length + 1]
        place += length + 1
        if not length:
            return labels.lower(), behind or place
    raise BadMessage("a name without an end")


@dataclass
class DnsQuestion:
    """Question for the A records of a name. `addresses`: of a right answer; empty: those of the first answers."""

    name: str
    addresses: frozenset[str] = frozenset()
    _learned: set[str] = field(default_factory=set)
    _until: float = 0.0

    def __post_init__(self) -> None:
        self._section = question(self.name, "A")

    def query(self, identifier: int) -> bytes:
        """Query with an identifier."""
        return query(identifier, self._section)

    def answered(self, data: bytes) -> int | None:
        """Identifier of the query with a right answer in a message; None otherwise.

        Right: a whole answer without an error, to this question, with wanted addresses only.
        """
        identifier = int.from_bytes(data[:2], "big")
        try:
            reply = read_reply(data, identifier, self._section)
        except BadMessage:
            return None
        right = reply.code == "NOERROR" and not reply.truncated and self._wanted(set(reply.addresses))
        return identifier if right else None

    def learning_ends(self) -> None:
        """Accept the addresses seen until now, and no others."""
        self._until = 0.0

    def _wanted(self, found: set[str]) -> bool:
        if not found or self.addresses:
            return bool(found) and found <= self.addresses
        now = time.monotonic()
        if not self._learned:
            self._until = now + _LEARNING_S
        if now < self._until:
            self._learned |= found
        return found <= self._learned
