"""Content of a performance file: unpacked by its first bytes, bounded, and given in pieces."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from eventready.core.messages import message
from eventready.facts.performance.counters import PerformanceError

#: Bytes of a file, unpacked.
MOST = 512 * 1024 * 1024
_PIECE = 256 * 1024
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"


def pieces(path: Path, most: int = MOST) -> Iterator[bytes]:
    """Yield the content in pieces of at most 256 KiB, unpacked. Raises PerformanceError, OSError."""
    if not path.is_file():
        raise PerformanceError(message("facts:performance.no_file"))
    with path.open("rb") as stream:
        first = stream.read(_PIECE)
        if not first:
            raise PerformanceError(message("facts:performance.empty"))
        if first.startswith(_ZIP):
            raise PerformanceError(message("facts:performance.archive"))
        source = _unpacked(stream, first) if first.startswith(_GZIP) else _plain(stream, first)
        size = 0
        for piece in source:
            size += len(piece)
            if size > most:
                raise PerformanceError(message("facts:performance.large", megabytes=most // 1024**2))
            yield piece


def _plain(stream: BinaryIO, first: bytes) -> Iterator[bytes]:
    yield first
    while piece := stream.read(_PIECE):
        yield piece


def _unpacked(stream: BinaryIO, first: bytes) -> Iterator[bytes]:
    """Yield the members of a gzip file in order, each to its end."""
    packed, member = first, zlib.decompressobj(wbits=31)
    while True:
        try:
            piece = member.decompress(packed, _PIECE)
        except zlib.error:
            raise PerformanceError(message("facts:performance.damaged")) from None
        if piece:
            yield piece
        packed = member.unconsumed_tail or member.unused_data
        if member.eof and packed:
            member = zlib.decompressobj(wbits=31)
        elif not packed and not (packed := stream.read(_PIECE)):
            break
    if not member.eof:
        raise PerformanceError(message("facts:performance.cut"))
