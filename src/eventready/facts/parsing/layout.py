"""Layout of a report for people: columns below their headings, equals signs below each other.

Names are padded by a device that counts characters, terminal cells (two for a Chinese letter, which are also GBK's
bytes), or UTF-8 bytes; the unit in which all lines fit is taken.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import accumulate

Width = Callable[[str], int]


def _cells(character: str) -> int:
    """Return the number of cells on a terminal, equal to the number of bytes in GBK."""
    return 2 if unicodedata.east_asian_width(character) in "WF" else 0 if unicodedata.combining(character) else 1


#: How the device may have counted when it padded: characters, terminal cells (GBK bytes), UTF-8 bytes.
WIDTHS: tuple[Width, ...] = (lambda _c: 1, _cells, lambda c: len(c.encode("utf-8", "surrogatepass")))


class Margin:
    """Position of an object's equals signs: below each other in a unit of width, or after names with equal indent."""

    def __init__(self) -> None:
        self._indent = -1
        self._signs: set[tuple[int, int]] = set()
        self._sign = 0

    def keeps(self, line: str, pair: re.Match[str]) -> bool:
        """Return True for the first pair, and for a pair at the margin of earlier pairs."""
        sign = line.index("=", pair.start("sep"))
        indent = len(line) - len(line.lstrip())
        signs = {(number, sum(map(width, line[:sign]))) for number, width in enumerate(WIDTHS)}
        if self._indent < 0:
            self._indent, self._signs, self._sign = indent, signs, sign
            return True
        if self._signs & signs:
            self._signs &= signs
            return True
        return indent == self._indent and sign >= indent and not self.passes(line)

    def passes(self, line: str) -> bool:
        """Return True for a line beyond the equals sign, which continues a value."""
        return len(line) - len(line.lstrip()) > self._sign


class Columns:
    """Columns of a heading, at offsets in a unit of width."""

    def __init__(self, heading: str, width: Width) -> None:
        self._width = width
        found = list(re.finditer(r"\S+(?: \S+)*", heading))
        self.names = [match.group() for match in found]
        offsets = list(accumulate(map(width, heading), initial=0))
        self._starts = [offsets[match.start()] for match in found]

    def cut(self, line: str) -> dict[str, str] | None:
        """Return the cells of a row; None for a line with other offsets."""
        places = self._places(line)
        if places is None:
            return None
        cells: dict[str, str] = {}
        for name, start, end in zip(self.names, places, [*places[1:], len(line)], strict=True):
            cell = line[start:end]
            if cell[:1].isspace() and cell.strip():
                return None
            if end < len(line) and cell and not cell.endswith("  "):
                return None
            cells[name] = cell.strip()
        if line[: places[0]].strip():
            return None
        return cells

    def cleanly(self, line: str) -> bool:
        """Return True if no cell has a gap inside, as two merged columns would."""
        return not any("  " in cell for cell in (self.cut(line) or {}).values())

    def _places(self, line: str) -> list[int] | None:
        """Return the character positions of the columns' starts; None for a start inside a wide character."""
        if line.isascii():
            return [min(start, len(line)) for start in self._starts]
        places: list[int] = []
        offset = 0
        position = 0
        for start in self._starts:
            while position < len(line) and offset < start:
                offset += self._width(line[position])
                position += 1
            if offset > start:
                return None
            places.append(position)
        return places
