"""Markdown building blocks: tables, code blocks, escaped cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def cell(value: object) -> str:
    """Text of a table cell: one line, with pipes and angle brackets escaped."""
    return " ".join(str(value).split()).replace("|", "\\|").replace("<", "&lt;")


def code(value: object) -> str:
    """Inline code for a table cell; empty for an empty value."""
    text = " ".join(str(value).split())
    if not text:
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
