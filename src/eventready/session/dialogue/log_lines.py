"""Log lines in terminal output: recognise them, and cut them out of the text around an echo and a prompt."""

from __future__ import annotations

from eventready.session.dialogue.patterns import Patterns

#: Log lines are shorter; the patterns of log lines are not applied to longer ones.
_MAX_LOG_LINE = 1_024
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
