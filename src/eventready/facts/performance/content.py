"""Content of a performance file: unpacked by its first bytes, bounded, and given in pieces."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from eventready.core.messages import message
from eventready.facts.performance.counters import PerformanceError

#: Bytes of a file, unpacked.
MOST = 512 * 1024 * 1024
_PIECE = 256 * 1024
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"


class Digest(Protocol):
    """Hash of bytes, as `hashlib.sha256()`."""

    def update(self, data: bytes, /) -> None:
        """Take further bytes."""


def pieces(path: Path, most: int = MOST, digest: Digest | None = None) -> Iterator[bytes]:
    """Yield the content in pieces of at most 256 KiB, unpacked. Raises PerformanceError, OSError.

    `digest`: takes the bytes of the file as they are read, packed where the file is.
    """
    if not path.is_file():
        raise PerformanceError(message("facts:performance.no_file"))
    with path.open("rb") as file:
        stream = _Digested(file, digest)
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


class _Digested:
    """File with a hash of the bytes read."""

    def __init__(self, file: BinaryIO, digest: Digest | None) -> None:
        self._file, self._digest = file, digest

    def read(self, size: int) -> bytes:
        """Return the next bytes, none at the end."""
        piece = self._file.read(size)
        if self._digest is not None:
            self._digest.update(piece)
        return piece


def _plain(stream: _Digested, first: bytes) -> Iterator[bytes]:
    yield first
    while piece := stream.read(_PIECE):
        yield piece


def _unpacked(stream: _Digested, first: bytes) -> Iterator[bytes]:
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
