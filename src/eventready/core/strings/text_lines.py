"""Lines of a text: ended by LF, CR or both, and by nothing else.

`str.splitlines` also ends a line at VT, FF, FS, GS, RS, NEL and the separators of Unicode, which
stand in descriptions and banners of devices.
"""

from __future__ import annotations


def lines_of(text: str) -> list[str]:
    """Return the lines of a text without their ends; an end at the end of the text begins no further line."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    return lines
