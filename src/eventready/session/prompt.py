"""Where an answer begins and ends in what a terminal shows: echo and prompt, as pure functions on bytes.

A slow machine shows prompts twice, in pieces or late, and log lines get between. What follows from that: an answer
begins behind the echo of its own command, never at a prompt, and ends at a prompt on a line of its own behind which
nothing but prompts and log lines stands.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from eventready.session.patterns import Patterns

_BLANK = b" \t\r\b"
_NEAR_THE_END = 4_096


@dataclass(frozen=True)
class Echo:
    """`line` is where the echoing line begins, `end` where the answer begins, `prompt` what stood before it."""

    line: int
    end: int
    prompt: bytes


def learn(tail: bytes, patterns: Patterns) -> bytes:
    """The prompt at the end of `tail` by the platform's pattern, log lines behind it or in it ignored; else empty."""
    blank = noisy = False
    for line in reversed([line.strip(_BLANK) for line in tail.split(b"\n")]):
        inside = patterns.noise_inside.search(line) if patterns.noise_inside else None
        prompt = _one(line[: inside.start()].strip(_BLANK) if inside else line, patterns)
        if prompt:
            return prompt if noisy or inside or not blank else b""
        if inside or patterns.quiet(line):
            noisy = True
        elif line:
            return b""
        else:
            blank = True
    return b""


def _one(line: bytes, patterns: Patterns) -> bytes:
    """The prompt that the line is, also when it stands there twice ("R1#R1#"); empty when it is none."""
    for size in range(1, len(line) // 2 + 1):
        unit = line[:size]
        if unit.strip() and not line.replace(unit, b"").strip() and patterns.is_prompt(unit):
            return unit.strip()
    return line if patterns.is_prompt(line) else b""


def find_echo(text: bytearray, command: bytes, prompt: bytes, patterns: Patterns) -> Echo | None:
    """The echo of `command`: behind `prompt` (anything, when none is known yet), or alone under a log line."""
    at = text.find(command)
    while at >= 0:
        line = max(text.rfind(b"\n", 0, at), text.rfind(b"\r", 0, at)) + 1
        before = bytes(text[line:at]).strip(_BLANK)
        end = _line_end(text, at + len(command))
        if end and (before.endswith(prompt) or (not before and _under_noise(text, line, patterns))):
            return Echo(line, end, before)
        at = text.find(command, at + 1)
    return None


def _under_noise(text: bytearray, line: int, patterns: Patterns) -> bool:
    above = bytes(text[max(0, line - 512) : line]).strip(_BLANK + b"\n").rpartition(b"\n")[2]
    return _noise(above, patterns)


def find_wrapped_echo(text: bytearray, command: bytes, prompt: bytes) -> Echo | None:
    """Like `find_echo` where the terminal broke the line: blanks, backspaces and line ends between the characters."""
    pattern = _wrapped(command)
    end = min(len(text), _NEAR_THE_END + 4 * len(command))
    for found in pattern.finditer(bytes(text[:end])):
        line = max(text.rfind(b"\n", 0, found.start()), text.rfind(b"\r", 0, found.start())) + 1
        before = bytes(text[line : found.start()]).strip(_BLANK)
        if before.endswith(prompt):
            return Echo(line, found.end(), before)
    return None


@lru_cache(maxsize=256)
def _wrapped(command: bytes) -> re.Pattern[bytes]:
    gap = rb"[ \t\r\n\b]{0,8}"
    letters = gap.join(re.escape(bytes([letter])) for letter in command if letter not in b" \t")
    return re.compile(letters + rb"[ \t\b]{0,8}\r{0,8}\n")


def _line_end(text: bytearray, at: int) -> int:
    """Where the next line begins when only blanks stand before it; 0 when something else does, or nothing yet."""
    for position in range(at, min(at + 64, len(text))):
        letter = text[position]
        if letter == 10:
            return position + 1
        if letter not in _BLANK:
            return 0
    return 0


def find_end(
    text: bytearray,
    start: int,
    prompt: bytes,
    patterns: Patterns,
    *,
    following: bytes = b"",
    sent: Collection[bytes] = (),
    settled: bool = False,
) -> tuple[int, int]:
    """(end of the answer or -1, where to go on looking).

    With `following`, the answer ends at the `prompt` behind which the echo of that command stands. Without, it ends at
    a prompt at the beginning of a line with an echo of any command in `sent` behind it, or nothing but prompts and log
    lines up to the end. `settled` says that nothing more came for a while, which lets an unfinished log line pass.
    """
    resume = -1
    at = text.find(prompt, start)
    while at >= 0:
        behind = at + len(prompt)
        if following and _echoed(text, behind, following):
            return at, at
        if _begins_line(text, at):
            if any(_echoed(text, behind, command) for command in sent):
                return at, at
            if len(text) - behind < _NEAR_THE_END:
                if not following and only_prompts(bytes(text[at:]), prompt, patterns, settled=settled):
                    return at, at
                resume = at if resume < 0 else resume
        at = text.find(prompt, at + 1)
    return -1, resume if resume >= 0 else max(start, len(text) - len(prompt) + 1)


def _echoed(text: bytearray, at: int, command: bytes) -> bool:
    head = bytes(text[at : at + len(command) + 72]).lstrip(_BLANK)
    return head.startswith(command) and head[len(command) :].lstrip(_BLANK).startswith(b"\n")


def _begins_line(text: bytearray, at: int) -> bool:
    while at > 0 and text[at - 1] in b" \b":
        at -= 1
    return at == 0 or text[at - 1] in b"\n\r"


def only_prompts(tail: bytes, prompt: bytes, patterns: Patterns, *, settled: bool = False) -> bool:
    """True when `tail` (which begins with the prompt) is prompts and complete log lines, and the device waits."""
    *complete, last = tail.split(b"\n")
    noisy = False
    for line in complete:
        rest = _behind(line, prompt)
        if not rest:
            continue
        if not _noise(rest, patterns):
            return False
        noisy = True
    rest = _behind(last, prompt)
    if rest:
        return settled and _noise(rest, patterns)
    return noisy or not complete or bool(last.strip(_BLANK))


def _behind(line: bytes, prompt: bytes) -> bytes:
    line = line.strip(_BLANK)
    while line.startswith(prompt):
        line = line[len(prompt) :].lstrip(_BLANK)
    return line


def _noise(line: bytes, patterns: Patterns) -> bool:
    return patterns.quiet(line) or (
        patterns.noise_inside is not None and patterns.noise_inside.search(line) is not None
    )


def trimmed(answer: bytes, prompt: bytes, patterns: Patterns) -> bytes:
    """The answer without the prompts and log lines at its end, which a device repeats when a log line came between."""
    while True:
        line = answer.rfind(b"\n", 0, max(len(answer) - 1, 0)) + 1
        bare = answer[line:].strip()
        if len(bare) > _NEAR_THE_END or not bare or (_behind(bare, prompt) and not _noise(bare, patterns)):
            return answer
        answer = answer[:line]


def torn(tail: bytes, prompt: bytes, patterns: Patterns) -> int:
    """Where the prompt begins that log lines have torn in two at the very end of `tail`; -1 when none has been."""
    inside = patterns.noise_inside
    if inside is None:
        return -1
    joined, begin, at = b"", -1, len(tail)
    for line in reversed(tail.split(b"\n")[-8:]):
        at -= len(line) + 1
        bare = line.strip(_BLANK)
        match = inside.search(bare)
        piece = bare[: match.start()].rstrip(_BLANK) if match else bare
        if match and not piece:
            continue
        joined, begin = piece + joined, at + 1
        if joined == prompt:
            return begin
        if len(joined) >= len(prompt) or not prompt.endswith(joined):
            return -1
    return -1
