"""DNS messages (RFC 1035) of a question for addresses: the query, and whether a message is a right answer."""

from __future__ import annotations

import ipaddress
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

#: Identifier, flags (recursion desired), number of questions, answers, authorities, additional records.
_HEADER = struct.Struct("!HHHHHH")
_RECORD = struct.Struct("!HHIH")
_RECURSION, _ANSWER, _TRUNCATED, _CODE = 0x0100, 0x8000, 0x0200, 0x000F
_A, _IN = 1, 1
_POINTER = 0xC0
#: Without declared addresses, those of the first answers count: of this time.
_LEARNING_S = 1.0


@dataclass
class DnsQuestion:
    """Question for the A records of a name. `addresses`: of a right answer; empty: those of the first answers."""

    name: str
    addresses: frozenset[str] = frozenset()
    _learned: set[str] = field(default_factory=set)
    _until: float = 0.0

    def __post_init__(self) -> None:
        """Encode the question."""
        labels = [label.encode("idna") for label in self.name.rstrip(".").split(".")]
        self._question = b"".join(bytes([len(label)]) + label for label in labels) + struct.pack("!BHH", 0, _A, _IN)

    def query(self, identifier: int) -> bytes:
        """Query with an identifier."""
        return _HEADER.pack(identifier, _RECURSION, 1, 0, 0, 0) + self._question

    def answered(self, data: bytes) -> int | None:
        """Identifier of the query with a right answer in a message; None otherwise.

        Right: a whole answer without an error, to this question, with wanted addresses only.
        """
        try:
            identifier, flags, questions, answers, *_ = _HEADER.unpack_from(data)
            body = data[_HEADER.size :]
            wrong = not flags & _ANSWER or flags & (_TRUNCATED | _CODE) or questions != 1
            if wrong or body[: len(self._question)].lower() != self._question.lower():
                return None
            found = set(_addresses(data, _HEADER.size + len(self._question), answers))
        except (struct.error, IndexError, ValueError):
            return None
        return int(identifier) if self._wanted(found) else None

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


def _addresses(data: bytes, at: int, count: int) -> Iterator[str]:
    """Addresses of the A records. Raises struct.error and IndexError for an incomplete message."""
    for _ in range(count):
        at = _after_name(data, at)
        kind, family, _ttl, length = _RECORD.unpack_from(data, at)
        at += _RECORD.size
        if (kind, family) == (_A, _IN):
            yield str(ipaddress.IPv4Address(data[at : at + length]))
        at += length


def _after_name(data: bytes, at: int) -> int:
    """Position behind a name: labels, which a pointer may end."""
    while (length := data[at]) and length < _POINTER:
        at += length + 1
    return at + (2 if length else 1)
