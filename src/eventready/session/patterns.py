"""A platform's patterns, compiled once: what a prompt, a pager, a log line, a refusal looks like on the wire."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from eventready.platforms.model import SessionSpec

#: A refusal stands at the top of an answer; further down, such words belong to what was asked for.
_HEAD_LINES = 8
_HEAD_CHARACTERS = 4_096
_PROMPT_AT_MOST = 200
#: What can tell the end of a line from the end of a text, or takes more than it gives back (possessive).
_LOOKS_AROUND = re.compile(r"\(\?[!<>]|\\[AZ]|[*+?}]\+")
_INNER = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\([^()]*\)")


@dataclass(frozen=True)
class Patterns:
    """`noise` is searched in a line; `noise_inside` is the same without its anchor, for a log line behind a prompt.

    `noise_hint` is searched in a whole text behind a line end and finds something wherever `noise_text` does in a line.
    """

    prompt: re.Pattern[bytes]
    pager: re.Pattern[bytes] | None
    noise: re.Pattern[bytes] | None
    noise_inside: re.Pattern[bytes] | None
    noise_text: re.Pattern[str] | None
    noise_hint: re.Pattern[str] | None
    ends_with: re.Pattern[bytes] | None
    refused: re.Pattern[str] | None
    denied: re.Pattern[str] | None

    def quiet(self, line: bytes) -> bool:
        """True when the line is a log line."""
        return self.noise is not None and self.noise.search(line) is not None

    def is_prompt(self, line: bytes) -> bool:
        """True when the whole line is a prompt, whether or not its trailing blank has come."""
        line = line.strip()
        if not line or len(line) > _PROMPT_AT_MOST:
            return False
        return self.prompt.fullmatch(line) is not None or self.prompt.fullmatch(line + b" ") is not None

    def without_noise(self, text: str) -> str:
        """The text without its log lines."""
        noise = self.noise_text
        if noise is None or (self.noise_hint is not None and not self.noise_hint.search("\n" + text)):
            return text
        lines = text.split("\n")
        kept = [line for line in lines if not noise.search(line)]
        return text if len(kept) == len(lines) else "\n".join(kept)

    def refusal(self, text: str) -> tuple[str, str]:
        """("refused" | "denied" | "", the line that says so)."""
        head = text[:_HEAD_CHARACTERS].lstrip("\n").split("\n")[:_HEAD_LINES]
        for word, pattern in (("denied", self.denied), ("refused", self.refused)):
            said = next((line.strip() for line in head if pattern is not None and pattern.search(line)), "")
            if said:
                return word, said
        return "", ""


@lru_cache(maxsize=64)
def patterns(spec: SessionSpec) -> Patterns:
    """Compile a platform's patterns."""
    noise = _either(spec.noise)
    inside = _either(pattern.removeprefix("^") for pattern in spec.noise)
    return Patterns(
        prompt=re.compile(spec.prompt.strip().encode()),
        pager=re.compile(spec.pager.encode()) if spec.pager else None,
        noise=re.compile(noise.encode()) if noise else None,
        noise_inside=re.compile(inside.encode()) if inside else None,
        noise_text=re.compile(noise) if noise else None,
        noise_hint=_hint(spec.noise),
        ends_with=_end_mark(spec.ends_with) if spec.ends_with else None,
        refused=re.compile(_either(spec.refused)) if spec.refused else None,
        denied=re.compile(_either(spec.denied)) if spec.denied else None,
    )


def _hint(noise: Iterable[str]) -> re.Pattern[str] | None:
    """One search through a text instead of one in each of its lines; None where that could miss something."""
    patterns = tuple(noise)
    if not patterns or not all(map(_begins_line, patterns)):
        return None
    unanchored = _either(pattern.removeprefix("^") for pattern in patterns)
    return re.compile(rf"\n(?:{unanchored})", re.MULTILINE)


def _begins_line(pattern: str) -> bool:
    """True when the pattern as a whole is anchored at the beginning and looks at nothing beyond its line."""
    bare, before = pattern, ""
    while bare != before:
        bare, before = _INNER.sub("", bare), bare
    return bare.startswith("^") and "|" not in bare and not _LOOKS_AROUND.search(pattern)


def _end_mark(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.removesuffix("$").encode() + rb"[ \t]*\r?$", re.MULTILINE)


def _either(alternatives: Iterable[str]) -> str:
    return "|".join(f"(?:{pattern})" for pattern in alternatives)
