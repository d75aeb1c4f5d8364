"""Line editor of a session: the typed line, its echo, and the sequences for Enter."""

from __future__ import annotations

from collections.abc import Callable, Collection

_LONGEST = 4096  # characters of a line; further characters are dropped
_ENTER = "\r\n\x00"


class LineEditor:
    """Turns characters into lines and keys. `secret` input is not echoed; `interrupted` is called for Ctrl-C, and
    `pressed` for the control characters in `keys`.

    CR LF and CR NUL are one Enter; with `double_newline` CR LF is two, as on OsmoBSC.
    """

    def __init__(
        self,
        echo: Callable[[str], None],
        interrupted: Callable[[], None],
        *,
        double_newline: bool,
        keys: Collection[str] = (),
        pressed: Callable[[str], None] = lambda _key: None,
    ) -> None:
        self._echo = echo
        self._interrupted = interrupted
        self._keys, self._pressed = keys, pressed
        self._after_return = "\x00" if double_newline else "\n\x00"
        self._buffer = ""
        self._text = ""
        self._returned = False
        self.secret = False

    def feed(self, text: str) -> None:
        """Append characters to the input buffer."""
        self._buffer += text

    def __bool__(self) -> bool:
        """True while the input buffer holds characters."""
        return bool(self._buffer)

    def key(self) -> str:
        """The next key; empty for the second half of an Enter."""
        key, self._buffer = self._buffer[0], self._buffer[1:]
        second = self._returned and key in self._after_return
        self._returned = key == "\r"
        return "" if second or key == "\x00" else key

    def line(self) -> str | None:
        """The line up to the next Enter, edited and echoed; None when the buffer ends before the Enter."""
        end = next((at for at, char in enumerate(self._buffer) if char in _ENTER), len(self._buffer))
        chunk, self._buffer = self._buffer[:end], self._buffer[end:]
        if chunk:
            self._returned = False
            self._edit(chunk)
        if not self._buffer or not self.key():
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
            elif char in self._keys:
                self._pressed(char)
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
