"""The output filters of a command line: `| include`, `exclude`, `begin`, `section`, `count`, `no-more`."""

from __future__ import annotations

import re

from eventready.core.strings.texts import lines_of

_PIPE = re.compile(r"(?P<command>.+?) \| (?P<filter>\S+)(?: (?P<pattern>.+))?")
_WORDS = ("include", "exclude", "begin", "section", "count", "no-more")


def split_pipe(line: str) -> tuple[str, str, str] | None:
    """(command, filter, pattern) of a line with a known filter, which may be abbreviated; None for any other line."""
    match = _PIPE.fullmatch(line)
    if not match:
        return None
    word = next((word for word in _WORDS if word.startswith(match["filter"].lower())), None)
    return (match["command"], word, match["pattern"] or "") if word else None


def apply_filter(text: str, word: str, pattern: str) -> str:
    """Return the lines passing the filter; an invalid pattern is taken literally."""
    if word == "no-more":
        return text
    try:
        wanted = re.compile(pattern.strip('"'))
    except re.error:
        wanted = re.compile(re.escape(pattern))
    lines = lines_of(text)
    hits = [index for index, line in enumerate(lines) if wanted.search(line)]
    if word == "count":
        return f"Number of lines which match regexp = {len(hits)}"
    if word == "begin":
        return "\n".join(lines[hits[0] :]) if hits else ""
    if word == "section":
        return "\n".join(_sections(lines, wanted))
    kept = set(hits) if word == "include" else set(range(len(lines))) - set(hits)
    return "\n".join(line for index, line in enumerate(lines) if index in kept)


def _sections(lines: list[str], wanted: re.Pattern[str]) -> list[str]:
    kept: list[str] = []
    inside = -1
    for line in lines:
        depth = len(line) - len(line.lstrip(" "))
        if inside >= 0 and depth > inside:
            kept.append(line)
            continue
        inside = depth if wanted.search(line) else -1
        kept += [line] if inside >= 0 else []
    return kept
