"""Markdown building blocks: tables, code blocks, escaped cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from eventready.core.messages import Bilingual

#: Code of a source, explained on the page of sources.
SOURCE = re.compile(r"\[(K|S\d+)\]")


def cell(value: object) -> str:
    """Text of a table cell in English: one line, with pipes and angle brackets escaped."""
    shown = value.en if isinstance(value, Bilingual) else str(value)
    return " ".join(shown.split()).replace("|", "\\|").replace("<", "&lt;")


def sourced(text: str) -> str:
    """Link the codes of sources to their page, from a page two folders below it."""
    return SOURCE.sub(lambda found: f"[\\[{found[1]}\\]](../../sources.md#{found[1].lower()})", text)


def code(value: object) -> str:
    """Inline code for a table cell; empty without a value. Tuples are shown as lists of YAML."""
    text = f"[{', '.join(map(str, value))}]" if isinstance(value, tuple) else " ".join(str(value).split())
    if not text or value is None:
        return ""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table with a blank line after it; no lines without rows."""
    body = [f"| {' | '.join(row)} |" for row in rows]
    if not body:
        return []
    return [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}", *body, ""]


def fence(text: str, language: str = "text") -> list[str]:
    """Lines of a code block with a blank line after it."""
    return [f"```{language}", text.rstrip("\n"), "```", ""]


def page(*parts: str | Iterable[str]) -> str:
    """Text of a page from lines and groups of lines."""
    lines: list[str] = []
    for part in parts:
        lines.extend([part, ""] if isinstance(part, str) else part)
    return "\n".join(lines).rstrip("\n") + "\n"
