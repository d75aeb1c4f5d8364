"""Find the echo of a typed line in terminal output; pure functions on bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from eventready.session.dialogue.log_lines import has_log_line
from eventready.session.dialogue.patterns import Patterns

BLANK = b" \t\r\b"
_NEAR_END = 4_096
#: An echo comes before its answer: after a banner, log lines and the end of an earlier answer at most.
_ECHO_WITHIN = 256 * 1024
#: Characters of a line before an echo that are looked at.
_MAX_LINE_BEFORE = 512
#: Between the characters of a line: blanks, backspaces, line ends, and marks of log lines.
_GAP = rb"[ \t\r\n\b\x00]{0,12}"
_LINE_END = re.compile(rb"[ \t\b\x00]{0,12}\r{0,8}\n")


@dataclass(frozen=True)
class Echo:
    """Echo of a command: offsets of its line and of the answer (`end`), and the prompt before."""

    line: int
    end: int
    prompt: bytes


def find_echo(text: bytearray, command: bytes, prompt: bytes, patterns: Patterns) -> Echo | None:
    """Find the echo of `command` after `prompt` (anything if empty), or alone after a log line."""
    end_of_search = min(len(text), _ECHO_WITHIN)
    at = text.find(command, 0, end_of_search)
    while at >= 0:
        near = max(0, at - _MAX_LINE_BEFORE)
        line = max(text.rfind(b"\n", near, at), text.rfind(b"\r", near, at), near - 1) + 1
        before = bytes(text[line:at]).strip(BLANK)
        end = _line_end(text, at + len(command))
        if end and (before.endswith(prompt) or (not before and _after_log_line(text, line, patterns))):
            return Echo(line, end, before)
        at = text.find(command, at + 1, end_of_search)
    return None


def without_repeats(text: bytearray, echo: Echo, command: bytes, prompt: bytes) -> Echo:
    """Return the echo, its answer behind repetitions of prompt and command (RouterOS draws its line anew)."""
    at = end = echo.end
    while at < len(text):
        if text[at] == 10 or text[at] in BLANK:
            at += 1
        elif prompt and text.startswith(prompt, at) and echoed(text, at + len(prompt), command):
            at = end = text.find(b"\n", at) + 1
        else:
            break
    return Echo(echo.line, end, echo.prompt)


def _after_log_line(text: bytearray, line: int, patterns: Patterns) -> bool:
    above = bytes(text[max(0, line - 512) : line]).strip(BLANK + b"\n").rpartition(b"\n")[2]
    return has_log_line(above, patterns)


def find_wrapped_echo(text: bytearray, command: bytes, prompt: bytes) -> Echo | None:
    """Find an echo wrapped by the terminal: blanks, backspaces and line ends between its characters."""
    pattern = _wrapped(command)
    end = min(len(text), _NEAR_END + 4 * len(command))
    for found in pattern.finditer(bytes(text[:end])):
        line = max(text.rfind(b"\n", 0, found.start()), text.rfind(b"\r", 0, found.start())) + 1
        before = bytes(text[line : found.start()]).strip(BLANK)
        if before.endswith(prompt):
            return Echo(line, found.end(), before)
    return None


def find_typed_echo(view: bytes, typed: bytes) -> tuple[int, int] | None:
    """Return the span of a line's echo, with any wrapping by the terminal; None without an echo."""
    at = view.find(typed)
    while at >= 0:
        if end := _LINE_END.match(view, at + len(typed)):
            return at, end.end()
        at = view.find(typed, at + 1)
    wrapped = _wrapped(typed).search(view)
    return wrapped.span() if wrapped else None


@lru_cache(maxsize=256)
def _wrapped(line: bytes) -> re.Pattern[bytes]:
    """Compile a line with blanks, backspaces, line ends and log lines between its characters."""
    return re.compile(spaced(line) + _LINE_END.pattern)


def spaced(line: bytes) -> bytes:
    """Return the pattern of a line with invisible characters between its characters."""
    return _GAP.join(re.escape(bytes([letter])) for letter in line if letter not in b" \t")


def _line_end(text: bytearray, at: int) -> int:
    """Return the offset of the next line after blanks only; else 0."""
    for position in range(at, min(at + 64, len(text))):
        letter = text[position]
        if letter == 10:
            return position + 1
        if letter not in BLANK:
            return 0
    return 0


def echoed(text: bytearray, at: int, command: bytes) -> bool:
    """Return True for the echo of a command at an offset."""
    head = bytes(text[at : at + len(command) + 72]).lstrip(BLANK)
    return head.startswith(command) and head[len(command) :].lstrip(BLANK).startswith(b"\n")
