"""Compile a platform's patterns once: prompt, pager, log line, refusal.

A log line behind text of an answer cuts that line: its rest is the next line, or is lost. Both are one line with a mark
between them, which no fact reads. Lines that stand alone, such as the time above an answer, are no log lines: their
patterns end in ` *$`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from eventready.core.strings.pattern import literals
from eventready.platforms.model import SessionSpec

#: A refusal stands in the first lines of an answer; further down, the same words are content.
_HEAD_LINES = 8
_HEAD_CHARACTERS = 4_096
_MAX_PROMPT_LENGTH = 200
#: Log lines are shorter; the patterns of log lines are not applied to longer ones.
_MAX_LOG_LINE = 1_024
#: Stands in a captured answer where a log line was removed, and in a line that a log line has cut.
LOG_LINE_MARK = "=== a log line ==="
#: Ends the pattern of a line that stands alone.
_ALONE = " *$"
#: Lookarounds, anchors of the whole text, possessive quantifiers; and what matches a line end, whose search in a whole
#: text may cost the square of its length.
_LOOKS_AROUND = re.compile(r"\(\?[!<>]|\\[AZsWD]|[*+?}]\+|\[\^")
_INNER = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\([^()]*\)")


@dataclass(frozen=True)
class Patterns:
    """`noise` matches a log line; `noise_inside` is the same without its anchor, for a log line after a prompt.

    `noise_hint` is searched in a whole text and matches wherever `noise_text` matches in a line. `log_lines` are those
    that may stand behind text.
    """

    prompt: re.Pattern[bytes]
    pager: re.Pattern[bytes] | None
    pager_text: re.Pattern[str] | None
    noise: re.Pattern[bytes] | None
    noise_inside: re.Pattern[bytes] | None
    noise_text: re.Pattern[str] | None
    noise_hint: re.Pattern[str] | None
    log_lines: tuple[LogLine, ...]
    ends_with: re.Pattern[bytes] | None
    refused: re.Pattern[str] | None
    denied: re.Pattern[str] | None

    def is_log_line(self, line: bytes) -> bool:
        """Return True for a log line."""
        return self.noise is not None and self.noise.search(line) is not None

    def is_prompt(self, line: bytes) -> bool:
        """Return True for a prompt, with or without its trailing blank."""
        line = line.strip()
        if not line or len(line) > _MAX_PROMPT_LENGTH:
            return False
        return self.prompt.fullmatch(line) is not None or self.prompt.fullmatch(line + b" ") is not None

    def without_log_lines(self, text: str) -> str:
        """Return the text without its log lines."""
        return self.split_at_log_lines(text)[0]

    def split_at_log_lines(self, text: str) -> tuple[str, tuple[int, ...]]:
        """Return the text without its log lines, and the numbers (from 0) of its lines with a log line before them.

        A line with a log line behind its text is marked there, and goes on with the next line.
        """
        noise, hint = self.noise_text, self.noise_hint
        none = noise is None or (hint is not None and not hint.search("\n" + text))
        behind = [one for one in self.log_lines if one.may_be_in(text)]
        if none and not behind and LOG_LINE_MARK not in text:
            return text, ()
        kept: list[str] = []
        breaks: dict[int, None] = {}
        cut = ""  # the text of the last line before its log line
        for line in text.split("\n"):
            if line == LOG_LINE_MARK or (noise is not None and len(line) <= _MAX_LOG_LINE and noise.search(line)):
                breaks[len(kept)] = None
                continue
            before = _before_log_line(line, behind)
            if before is not None:
                cut += before + LOG_LINE_MARK
            else:
                kept.append(cut + line)
                cut = ""
        return "\n".join([*kept, cut] if cut else kept), tuple(breaks)

    def without_pager(self, text: str) -> tuple[str, bool]:
        """Return the text without the words of a pager, alone or before a line, and True for a text ending in them."""
        pager = self.pager_text
        if pager is None:
            return text, False
        kept: list[str] = []
        paused = False
        for line in text.split("\n"):
            match = pager.match(line) if len(line) <= _MAX_LOG_LINE else None
            rest = line[match.end() :] if match else line
            if rest.strip() or not match:
                kept.append(rest)
            if line.strip():
                paused = match is not None and not rest.strip()
        return "\n".join(kept), paused

    def refusal(self, text: str) -> tuple[str, str]:
        """Return ("refused" | "denied" | "", the matching line)."""
        head = text[:_HEAD_CHARACTERS].lstrip("\n").split("\n")[:_HEAD_LINES]
        for word, pattern in (("denied", self.denied), ("refused", self.refused)):
            found = next((line.strip() for line in head if pattern is not None and pattern.search(line)), "")
            if found:
                return word, found
        return "", ""


class LogLine:
    """Log line behind text, by its pattern and the texts in all its matches."""

    def __init__(self, pattern: str) -> None:
        self._regex = re.compile(pattern)
        self._literals = literals(pattern)

    def may_be_in(self, text: str) -> bool:
        """Return True for a text with all texts of a log line."""
        return all(map(text.__contains__, self._literals))

    def text_before(self, line: str) -> str | None:
        """Return the text before a log line; None without a log line, or without text."""
        found = self._regex.search(line) if self.may_be_in(line) else None
        return line[: found.start()] if found and line[: found.start()].strip() else None


def _before_log_line(line: str, log_lines: Iterable[LogLine]) -> str | None:
    if len(line) > _MAX_LOG_LINE:
        return None
    texts = [text for one in log_lines if (text := one.text_before(line)) is not None]
    return min(texts, key=len, default=None)


@lru_cache(maxsize=64)
def patterns(spec: SessionSpec) -> Patterns:
    """Compile a platform's patterns."""
    noise = _either(spec.noise)
    inside = _either(pattern.removeprefix("^") for pattern in spec.noise)
    return Patterns(
        prompt=re.compile(spec.prompt.strip().encode()),
        pager=re.compile(spec.pager.encode()) if spec.pager else None,
        pager_text=re.compile(spec.pager) if spec.pager else None,
        noise=re.compile(noise.encode()) if noise else None,
        noise_inside=re.compile(inside.encode()) if inside else None,
        noise_text=re.compile(noise) if noise else None,
        noise_hint=_hint(spec.noise),
        log_lines=tuple(LogLine(pattern.removeprefix("^")) for pattern in spec.noise if not pattern.endswith(_ALONE)),
        ends_with=_end_mark(spec.ends_with) if spec.ends_with else None,
        refused=re.compile(_either(spec.refused)) if spec.refused else None,
        denied=re.compile(_either(spec.denied)) if spec.denied else None,
    )


def _hint(noise: Iterable[str]) -> re.Pattern[str] | None:
    """Return a pattern for a single search in a whole text instead of a search per line; None for patterns unsafe to
    combine."""
    patterns = tuple(noise)
    if not patterns or not all(map(_begins_line, patterns)):
        return None
    unanchored = _either(pattern.removeprefix("^") for pattern in patterns)
    return re.compile(rf"\n(?:{unanchored})", re.MULTILINE)


def _begins_line(pattern: str) -> bool:
    """Return True for a pattern anchored at the line's beginning with matches within the line only."""
    bare, before = pattern, ""
    while bare != before:
        bare, before = _INNER.sub("", bare), bare
    return bare.startswith("^") and "|" not in bare and not _LOOKS_AROUND.search(pattern)


def _end_mark(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.removesuffix("$").encode() + rb"[ \t]*\r?$", re.MULTILINE)


def _either(alternatives: Iterable[str]) -> str:
    return "|".join(f"(?:{pattern})" for pattern in alternatives)


#: Replaces a log line; device output has no NUL (the receive buffer removes them).
CUT = b"\x00"


def has_log_line(line: bytes, patterns: Patterns) -> bool:
    """Return True for a line with a log line, alone or behind other text."""
    return patterns.is_log_line(line) or (
        patterns.noise_inside is not None and patterns.noise_inside.search(line) is not None
    )


def cut_log_lines(text: bytes, patterns: Patterns) -> bytes:
    """Return `text` with a NUL in place of each log line: the text before is joined with the next line."""
    inside = patterns.noise_inside
    if inside is None:
        return text
    kept: list[bytes] = []
    for line in text.split(b"\n"):
        found = inside.search(line.rstrip(b"\r")) if len(line) <= _MAX_LOG_LINE else None
        if kept and kept[-1].endswith(CUT):
            kept[-1] += line[: found.start()] + CUT if found else line
        else:
            kept.append(line[: found.start()] + CUT if found else line)
    return b"\n".join(kept)
