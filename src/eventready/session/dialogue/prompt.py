"""Find echoes of typed lines and the prompts around an answer in terminal output; pure functions on bytes.

A slow device shows prompts twice, in pieces or late, with log lines in between. An answer ends at a prompt at the
beginning of a line that only prompts and log lines follow.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from eventready.session.dialogue.patterns import CUT, Patterns, has_log_line

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


#: Characters of the device's name that a prompt must show: IOS truncates long names in configuration modes.
_PROMPT_NAME_LENGTH = 10
_NAME = re.compile(rb"[\w.+-]+")
#: A log line on its own line; its line end may have split another line.
JOINT = re.compile(rb"(?:\r{0,8}\n)?\x00")
#: Empty lines at the end belong to the previous log line.
_BLANK_AFTER = re.compile(rb"\x00[ \r\b\n]*\Z")


def find_prompt(tail: bytes, patterns: Patterns) -> bytes:
    """Return the prompt at the end of `tail` by the platform's pattern, log lines ignored; empty without a prompt."""
    blank = log_line = False
    for line in reversed([line.strip(BLANK) for line in tail.split(b"\n")]):
        inside = patterns.noise_inside.search(line) if patterns.noise_inside else None
        prompt = _single_prompt(line[: inside.start()].strip(BLANK) if inside else line, patterns)
        if prompt:
            return prompt if log_line or inside or not blank else b""
        if inside or patterns.is_log_line(line):
            log_line = True
        elif line:
            return b""
        else:
            blank = True
    return b""


def _single_prompt(line: bytes, patterns: Patterns) -> bytes:
    """Return the prompt of a line with a single or repeated prompt ("R1#R1#"); empty without a prompt."""
    for size in range(1, len(line) // 2 + 1):
        unit = line[:size]
        if unit.strip() and not line.replace(unit, b"").strip() and patterns.is_prompt(unit):
            return unit.strip()
    return line if patterns.is_prompt(line) else b""


def find_answer_end(
    text: bytearray,
    start: int,
    prompt: bytes,
    patterns: Patterns,
    *,
    following: bytes = b"",
    sent: Collection[bytes] = (),
    settled: bool = False,
) -> tuple[int, int]:
    """Return (end of the answer or -1, offset to resume the search).

    With `following`, the answer ends at the prompt before the echo of that command. Otherwise it ends at a prompt at
    the beginning of a line, followed by an echo of a command in `sent` or only by prompts and log lines. `settled`
    accepts an unfinished log line, after a period of silence.
    """
    resume = -1
    at = text.find(prompt, start)
    while at >= 0:
        behind = at + len(prompt)
        if following and echoed(text, behind, following):
            return at, at
        if _begins_line(text, at):
            if any(echoed(text, behind, command) for command in sent):
                return at, at
            if len(text) - behind < _NEAR_END:
                if not following and only_prompts(bytes(text[at:]), prompt, patterns, settled=settled):
                    return at, at
                resume = at if resume < 0 else resume
        at = text.find(prompt, at + 1)
    return -1, resume if resume >= 0 else max(start, len(text) - len(prompt) + 1)


def _begins_line(text: bytearray, at: int) -> bool:
    while at > 0 and text[at - 1] in b" \b":
        at -= 1
    return at == 0 or text[at - 1] in b"\n\r"


def only_prompts(tail: bytes, prompt: bytes, patterns: Patterns, *, settled: bool = False) -> bool:
    """Return True if `tail` (from a prompt on) has only prompts and complete log lines, and the device waits."""
    *complete, last = tail.split(b"\n")
    log_line = False
    for line in complete:
        rest = _after_prompt(line, prompt)
        if not rest:
            continue
        if not has_log_line(rest, patterns):
            return False
        log_line = True
    rest = _after_prompt(last, prompt)
    if rest:
        return settled and has_log_line(rest, patterns)
    return log_line or not complete or bool(last.strip(BLANK))


def _after_prompt(line: bytes, prompt: bytes) -> bytes:
    line = line.strip(BLANK)
    while line.startswith(prompt):
        line = line[len(prompt) :].lstrip(BLANK)
    return line


def without_trailing_prompts(answer: bytes, prompt: bytes, patterns: Patterns) -> bytes:
    """Return the answer without prompts and log lines at its end, which a device repeats after a log line."""
    while True:
        line = answer.rfind(b"\n", 0, max(len(answer) - 1, 0)) + 1
        bare = answer[line:].strip()
        if len(bare) > _NEAR_END or not bare or not _prompt_or_log_line(bare, prompt, patterns):
            return answer
        answer = answer[:line]


def _prompt_or_log_line(line: bytes, prompt: bytes, patterns: Patterns) -> bool:
    """Return True for prompts, a log line, or a log line behind a prompt or its beginning.

    A line of an answer may end like a log line: `Last change time : 2022-04-01 05:41:33`.
    """
    rest = _after_prompt(line, prompt)
    if not rest or patterns.is_log_line(rest):
        return True
    match = patterns.noise_inside.search(rest) if patterns.noise_inside is not None else None
    return match is not None and prompt.startswith(rest[: match.start()].rstrip(BLANK))


def find_torn_prompt(tail: bytes, prompt: bytes, patterns: Patterns) -> int:
    """Return the offset of a prompt split by log lines at the end of `tail`; -1 without a prompt."""
    inside = patterns.noise_inside
    if inside is None:
        return -1
    joined, begin, at = b"", -1, len(tail)
    for line in reversed(tail.split(b"\n")[-8:]):
        at -= len(line) + 1
        bare = line.strip(BLANK)
        match = inside.search(bare)
        piece = bare[: match.start()].rstrip(BLANK) if match else bare
        if match and not piece:
            continue
        joined, begin = piece + joined, at + 1
        if joined == prompt:
            return begin
        if len(joined) >= len(prompt) or not prompt.endswith(joined):
            return -1
    return -1


def prompt_at_end(view: bytes, patterns: Patterns, own: re.Pattern[bytes] | None) -> bytes:
    """Return the prompt of a waiting device, of any mode, at the end of output with log lines cut out.

    `own`: a pattern for the device's name, None for any name. Empty without a prompt.
    """
    shown = JOINT.sub(CUT, view[-_NEAR_END:])
    shown = _BLANK_AFTER.sub(CUT, shown).rstrip(b" \r\b")
    pieces = shown.rpartition(b"\n")[2].split(CUT)
    for first in range(len(pieces) - 1, -1, -1):
        prompt = find_prompt(b"".join(pieces[first:]).strip(b" \r\b\n"), patterns)
        if prompt and (own is None or own.search(prompt)):
            return prompt
    return b""


def own_prompt(prompt: bytes) -> re.Pattern[bytes] | None:
    """Return a pattern for the device name in `prompt`; None if the prompt has no name."""
    name = _NAME.search(prompt)
    if name is None:
        return None
    if len(name[0]) > _PROMPT_NAME_LENGTH:
        return re.compile(rb"(?<!\w)" + re.escape(name[0][:_PROMPT_NAME_LENGTH]))
    return re.compile(rb"(?<!\w)" + re.escape(name[0]) + rb"(?!\w)")


@lru_cache(maxsize=256)
def prompts_at_end(prompt: bytes) -> re.Pattern[bytes]:
    """Compile repetitions of a prompt at the end of output."""
    return re.compile(rb"(?:[ \r\b\x00]{0,12}" + spaced(prompt) + rb"[ \t\r\n\b\x00]{0,12})+\Z")
