"""Frames between the auditing process and the process of the cluster's client: a kind, a length, bytes."""

from __future__ import annotations

import struct
from typing import BinaryIO, NamedTuple

_HEAD = struct.Struct("!cI")
#: Bytes of a frame: an answer of a device is at most 16 MB.
MOST = 64_000_000

#: Kinds. To the client: its settings, a request. From the client: the workers, an answer, a lost request, the end.
SETTINGS, REQUEST, WORKERS, ANSWER, LOST, END = b"S", b"R", b"W", b"A", b"L", b"E"


class Frame(NamedTuple):
    """Frame of a kind."""

    kind: bytes
    data: bytes


def write_frame(stream: BinaryIO, kind: bytes, data: bytes) -> None:
    """Write a frame. Raises OSError."""
    stream.write(_HEAD.pack(kind, len(data)) + data)
    stream.flush()


def read_frame(stream: BinaryIO) -> Frame | None:
    """Read a frame; None at the end of the stream, and for anything else than a frame."""
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    kind, size = _HEAD.unpack(head)
    if size > MOST:
        return None
    data = stream.read(size)
    return Frame(kind, data) if len(data) == size else None
