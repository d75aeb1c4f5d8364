"""Text files of this package: blocks of a line and further, indented lines."""

from __future__ import annotations

from pathlib import Path

from eventready.core.strings.text_lines import lines_of


def blocks(name: str) -> dict[str, tuple[str, ...]]:
    """Return the indented lines of a file by the line above."""
    parts = Path(__file__).with_name(name).read_text(encoding="utf-8").split("\n\n")
    return {head: tuple(map(str.strip, lines)) for head, *lines in map(lines_of, parts)}
