"""Width of a text, from the vendored fonts with the widths of Times New Roman."""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path

FONTS = Path(__file__).parent / "fonts"
_POINT = 25.4 / 72


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a line of text in mm; a letter missing in the font counts as half an em."""
    advances = _advances("LiberationSerif-Bold.ttf" if bold else "LiberationSerif-Regular.ttf")
    return sum(advances.get(ord(letter), 0.5) for letter in text) * size * _POINT


@cache
def _advances(name: str) -> dict[int, float]:
    """Code point to advance in em (OpenType tables `head`, `hhea`, `hmtx`, `cmap` format 4)."""
    data = (FONTS / name).read_bytes()
    tables = _tables(data)
    (per_em,) = struct.unpack_from(">H", data, tables["head"] + 18)
    (count,) = struct.unpack_from(">H", data, tables["hhea"] + 34)
    advances = [struct.unpack_from(">H", data, tables["hmtx"] + 4 * glyph)[0] / per_em for glyph in range(count)]
    return {code: advances[min(glyph, count - 1)] for code, glyph in _glyphs(data, tables["cmap"]).items()}


def _tables(data: bytes) -> dict[str, int]:
    (count,) = struct.unpack_from(">H", data, 4)
    records = (struct.unpack_from(">4s3I", data, 12 + 16 * index) for index in range(count))
    return {tag.decode(): offset for tag, _checksum, offset, _length in records}


def _glyphs(data: bytes, cmap: int) -> dict[int, int]:
    start = _format_4(data, cmap)
    (twice,) = struct.unpack_from(">H", data, start + 6)
    segments = twice // 2
    ends = struct.unpack_from(f">{segments}H", data, start + 14)
    firsts = struct.unpack_from(f">{segments}H", data, start + 16 + twice)
    deltas = struct.unpack_from(f">{segments}H", data, start + 16 + 2 * twice)
    ranges = start + 16 + 3 * twice
    found = {}
    for index, (first, end) in enumerate(zip(firsts, ends, strict=True)):
        (offset,) = struct.unpack_from(">H", data, ranges + 2 * index)
        for code in range(first, min(end, 0xFFFE) + 1):
            glyph = code
            if offset:
                (glyph,) = struct.unpack_from(">H", data, ranges + 2 * index + offset + 2 * (code - first))
            if glyph:
                found[code] = (glyph + deltas[index]) & 0xFFFF
    return found


def _format_4(data: bytes, cmap: int) -> int:
    (count,) = struct.unpack_from(">H", data, cmap + 2)
    offsets = (int(struct.unpack_from(">2HI", data, cmap + 4 + 8 * index)[2]) for index in range(count))
    tables = (cmap + offset for offset in offsets)
    return next(table for table in tables if struct.unpack_from(">H", data, table)[0] == 4)
