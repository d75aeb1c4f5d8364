"""Make control characters, escapes and bidirectional marks visible in text for terminals and logs.

A device, a file or a name from outside could otherwise move the cursor, recolour or reorder what a person reads. The
notation `\\u202e` is the one of JSON, so that JSON output keeps its meaning.
"""

from __future__ import annotations

import re
from typing import Any, TextIO

#: C0 without tab and line feed, DEL, C1; bidirectional marks, embeddings, overrides, isolates; line and paragraph
#: separators; characters without width, the byte order mark; tags, which are invisible text. The joiner stays before an
#: emoji, which is one picture with it.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\U000e0000-\U000e007f]|\u200d(?![\u2600-\u27bf\U0001f000-\U0001faff])"
)
#: The style that click puts around a whole message.
_STYLED = re.compile(r"((?:\x1b\[[0-9;]{1,16}m)+)(.*)(\x1b\[0m)(\n?)", re.DOTALL)


def visible(text: str, *, lines: bool = True) -> str:
    """Return the text with hidden characters as `\\uXXXX`. `lines` False also replaces line ends, for log lines."""
    if text.isascii() and text.isprintable():
        return text
    shown = _HIDDEN.sub(_escaped, text)
    return shown if lines else shown.replace("\n", "\\n")


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    code -= 0x10000  # as JSON writes it: two surrogates
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


class VisibleStream:
    """Text stream with control characters escaped. `raw`: the stream below, for text with styles of our own."""

    def __init__(self, raw: TextIO) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        """Write the text; a style around the whole text stays."""
        styled = _STYLED.fullmatch(text)
        if styled:
            return self.raw.write(f"{styled[1]}{visible(styled[2])}{styled[3]}{styled[4]}")
        return self.raw.write(visible(text))

    def writelines(self, lines: Any) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


def raw_stream(stream: Any) -> Any:
    """Return the stream below a VisibleStream, or the stream itself."""
    return stream.raw if isinstance(stream, VisibleStream) else stream
