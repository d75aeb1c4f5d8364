"""Convert terminal output to plain text: escape codes, overwritten characters, line ends, encodings.

Hostile input costs linear time: every pattern is bounded, and overwriting works on one line at a time.
"""

from __future__ import annotations

import re

_ESC = b"\x1b"
#: CSI, OSC (ended by BEL or ST), character set, and two-letter sequences; the count of a cursor-left is kept.
_CODE = re.compile(
    rb"\x1b(?:\[(?P<left>[0-9]{0,4})D|\[[0-?]{0,32}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)"
    rb"|[()*+][0-9A-Za-z]|[0-Z\\^-~])"
)
_INCOMPLETE = re.compile(rb"\x1b(?:\[[0-?]{0,32}[ -/]{0,8}|\][^\x07\x1b]{0,256}\x1b?|[()*+])?")
_MAX_CURSOR_LEFT = 80
#: Cursor moves of one answer that are applied; a pager needs some twenty per page.
_MAX_MOVES = 100_000
_WITHOUT_MOVES = {ord("\b"): None, ord("\r"): None}
_RUNS = re.compile(r"\x08+|\r+|[^\x08\r]+")
#: Characters that decide between encodings.
_SAMPLE = 100_000
_INVISIBLE = b"\x00\x07\x0e\x0f\x7f"


class Cleaner:
    """Remove escape codes, NULs and bells from a stream, wherever its pieces are split."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return the cleaned bytes; an incomplete escape code is held until its end."""
        data = self._held + data if self._held else data
        self._held = b""
        if _ESC in data:
            last = data.rfind(_ESC)
            if _INCOMPLETE.fullmatch(data, last):
                data, self._held = data[:last], data[last:]
            data = _CODE.sub(_cursor, data).replace(_ESC, b"")
        return data.translate(None, _INVISIBLE)


def _cursor(match: re.Match[bytes]) -> bytes:
    left = match["left"]
    return b"" if left is None else b"\b" * min(int(left or 1), _MAX_CURSOR_LEFT)


def to_text(data: bytes) -> str:
    """Return the visible text: line ends as `\\n`, overwritten characters removed, decoded."""
    data = data.replace(b"\r\n", b"\n")
    if b"\r" in data:
        data = re.sub(rb"\r{1,16}\n", b"\n", data).replace(b"\n\r", b"\n")
    text = decode(data)
    if "\b" not in text and "\r" not in text:
        return text
    moves = text.count("\b") + text.count("\r")
    if moves > _MAX_MOVES:  # no terminal output of a device; the rest is kept as it comes
        return text.translate(_WITHOUT_MOVES)
    return "\n".join(_overwritten(line) if "\b" in line or "\r" in line else line for line in text.split("\n"))


def _overwritten(line: str) -> str:
    """Apply backspaces and carriage returns to a line, in a step per run of characters."""
    cells: list[str] = []
    at = 0
    for run in _RUNS.findall(line):
        if run[0] == "\b":
            at = max(at - len(run), 0)
        elif run[0] == "\r":
            at = 0
        else:
            cells[at : at + len(run)] = run
            at += len(run)
    return "".join(cells).rstrip()


def decode(data: bytes) -> str:
    """Decode UTF-8; GBK if invalid as UTF-8 and mostly Chinese; else UTF-8 with invalid bytes replaced."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("gbk")
    except UnicodeDecodeError:
        return data.decode(errors="replace")
    foreign = [letter for letter in text[:_SAMPLE] if letter > "\x7f"]
    chinese = sum(
        "\u4e00" <= letter <= "\u9fff" or "\u3000" <= letter <= "\u303f" or letter >= "\uff00" for letter in foreign
    )
    return text if chinese * 5 >= len(foreign) * 4 else data.decode(errors="replace")
