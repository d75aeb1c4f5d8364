"""ICMP echo messages (RFC 792)."""

from __future__ import annotations

import struct

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
