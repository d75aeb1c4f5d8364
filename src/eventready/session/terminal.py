"""From what a terminal would have shown to plain text: escape codes, overwritten characters, line ends, encodings.

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
_BEGUN = re.compile(rb"\x1b(?:\[[0-?]{0,32}[ -/]{0,8}|\][^\x07\x1b]{0,256}\x1b?|[()*+])?")
_LEFT_AT_MOST = 80
_UNSEEN = b"\x00\x07\x0e\x0f\x7f"


class Cleaner:
    """Takes a stream in pieces and gives it back without escape codes, NULs and bells, however they are split."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """The clean part of what has arrived; the beginning of an unfinished code waits for its end."""
        data = self._held + data if self._held else data
        self._held = b""
        if _ESC in data:
            last = data.rfind(_ESC)
            if _BEGUN.fullmatch(data, last):
                data, self._held = data[:last], data[last:]
            data = _CODE.sub(_cursor, data).replace(_ESC, b"")
        return data.translate(None, _UNSEEN)


def _cursor(match: re.Match[bytes]) -> bytes:
    left = match["left"]
    return b"" if left is None else b"\b" * min(int(left or 1), _LEFT_AT_MOST)


def plain(data: bytes) -> str:
    """The text a reader would see: line ends as `\\n`, overwritten characters gone, decoded."""
    data = data.replace(b"\r\n", b"\n")
    if b"\r" in data:
        data = re.sub(rb"\r{1,16}\n", b"\n", data).replace(b"\n\r", b"\n")
    text = decode(data)
    if "\b" in text or "\r" in text:
        text = "\n".join(_overwritten(line) if "\b" in line or "\r" in line else line for line in text.split("\n"))
    return text


def _overwritten(line: str) -> str:
    """One line after backspaces and carriage returns have moved the cursor over it."""
    cells: list[str] = []
    at = 0
    for letter in line:
        if letter == "\b":
            at = max(at - 1, 0)
        elif letter == "\r":
            at = 0
        elif at < len(cells):
            cells[at] = letter
            at += 1
        else:
            cells.append(letter)
            at += 1
    return "".join(cells).rstrip()


def decode(data: bytes) -> str:
    """UTF-8; GBK where the bytes are not UTF-8 and give Chinese; else UTF-8 with every wrong byte marked."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("gbk")
    except UnicodeDecodeError:
        return data.decode(errors="replace")
    foreign = [letter for letter in text if letter > "\x7f"]
    chinese = sum(
        "\u4e00" <= letter <= "\u9fff" or "\u3000" <= letter <= "\u303f" or letter >= "\uff00" for letter in foreign
    )
    return text if chinese * 5 >= len(foreign) * 4 else data.decode(errors="replace")
