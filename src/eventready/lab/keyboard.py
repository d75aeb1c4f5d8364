"""What is typed at a device: the line being edited, its echo, and the many ways to say Enter."""

from __future__ import annotations

from collections.abc import Callable

_LONGEST = 4096  # characters of one line; what is typed beyond is not taken
_ENTER = "\r\n\x00"


class Keyboard:
    """Characters in, lines and keys out. `secret` typing is not echoed; `interrupted` is called for Ctrl-C.

    CR LF and CR NUL are one Enter; with `double_newline` CR LF is two, as on OsmoBSC.
    """

    def __init__(self, echo: Callable[[str], None], interrupted: Callable[[], None], *, double_newline: bool) -> None:
        self._echo = echo
        self._interrupted = interrupted
        self._after_return = "\x00" if double_newline else "\n\x00"
        self._typed = ""
        self._text = ""
        self._returned = False
        self.secret = False

    def feed(self, text: str) -> None:
        """Put characters into the input buffer."""
        self._typed += text

    def __bool__(self) -> bool:
        """True while something typed has not been taken."""
        return bool(self._typed)

    def key(self) -> str:
        """The next key; empty for the second half of an Enter."""
        key, self._typed = self._typed[0], self._typed[1:]
        second = self._returned and key in self._after_return
        self._returned = key == "\r"
        return "" if second or key == "\x00" else key

    def line(self) -> str | None:
        """The line up to the next Enter, edited and echoed; None when the buffer ends before it does."""
        end = next((at for at, char in enumerate(self._typed) if char in _ENTER), len(self._typed))
        chunk, self._typed = self._typed[:end], self._typed[end:]
        if chunk:
            self._returned = False
            self._edit(chunk)
        if not self._typed or not self.key():
            return None
        line, self._text = self._text, ""
        self._echo("\r\n")
        return line

    def _edit(self, chunk: str) -> None:
        if chunk.isprintable():
            self._insert(chunk)
            return
        for char in chunk:
            if char in "\x08\x7f" and self._text:
                self._erase(1)
            elif char == "\x15":
                self._erase(len(self._text))
            elif char == "\x03":
                self._text = ""
                self._echo("\r\n")
                self._interrupted()
            elif char.isprintable():
                self._insert(char)

    def _insert(self, text: str) -> None:
        text = text[: max(0, _LONGEST - len(self._text))]
        self._text += text
        if not self.secret:
            self._echo(text)

    def _erase(self, count: int) -> None:
        self._text = self._text[: len(self._text) - count]
        if not self.secret:
            self._echo("\x08" * count + " " * count + "\x08" * count)
