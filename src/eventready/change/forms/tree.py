"""Configuration as a tree: a dict from a line to the tree of the lines beneath, in the device's order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

Tree: TypeAlias = "dict[str, Tree]"
Path: TypeAlias = "tuple[str, ...]"

_BLANKS = " \t\r\v\f"
#: Joins the lines of a free-text block into one line.
_WITHIN = "\v"


def copy_tree(tree: Tree) -> Tree:
    """Return a deep copy."""
    return {line: copy_tree(beneath) if beneath else {} for line, beneath in tree.items()}


def identical(one: Tree, other: Tree) -> bool:
    """Return True for the same lines in the same order."""
    return list(one) == list(other) and all(map(identical, one.values(), other.values()))


def subtree(tree: Tree, path: Sequence[str]) -> Tree:
    """Return the lines beneath `path`; empty if `path` does not exist."""
    for step in path:
        tree = tree.get(step, {})
    return tree


def lines_of_key(lines: Iterable[str], line: str) -> list[str]:
    """Return the `key=value` lines with the key of `line`."""
    key = line.partition("=")[0]
    return [one for one in lines if one.partition("=")[0] == key]


def walk(tree: Tree, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every line, in order."""
    for line, beneath in tree.items():
        yield (*path, line)
        yield from walk(beneath, (*path, line))


def parse_tree(
    text: str, ignored: Sequence[str] = (), blank_insensitive: Sequence[str] = (), volatile: Sequence[str] = ()
) -> Tree:
    """Parse an indented text; see `significant_lines`. A repeated line of a section is in the tree once."""
    root: Tree = {}
    stack: list[tuple[int, Tree]] = [(-1, root)]
    for depth, line in significant_lines(text, ignored, blank_insensitive, volatile):
        while stack[-1][0] >= depth:
            stack.pop()
        stack.append((depth, stack[-1][1].setdefault(line, {})))
    return root


def significant_lines(
    text: str, ignored: Sequence[str] = (), blank_insensitive: Sequence[str] = (), volatile: Sequence[str] = ()
) -> Iterator[tuple[int, str]]:
    """Yield the indentation and the stripped text of every significant line.

    Lines that fully match one of `ignored` are omitted: a comment may occur anywhere, also at the margin inside a
    section. Lines that match one of `volatile` are omitted with all lines beneath them; in lines that match one of
    `blank_insensitive` words are separated by one blank.
    """
    pattern, hiding, blanks = _any_of(ignored), _any_of(volatile), _any_of(blank_insensitive)
    hidden: int | None = None
    for raw in text.split("\n"):  # other Unicode line separators may occur in a description
        line = raw.strip(_BLANKS)
        if not line or (pattern is not None and pattern.fullmatch(line)):
            continue
        expanded = raw.expandtabs()
        depth = len(expanded) - len(expanded.lstrip())
        if hidden is not None and depth > hidden:
            continue
        hidden = None
        if hiding is not None and hiding.fullmatch(line):
            hidden = depth
            continue
        yield depth, " ".join(line.split()) if blanks is not None and blanks.fullmatch(line) else line


def dedent_sections(text: str, separators: Sequence[str]) -> str:
    """Shift each section between two separators to the margin, by the indentation of its first line.

    Huawei's AR routers print ` sysname R1` after `#`; the blank does not mean that the line is inside a section.
    """
    ends, lines, by = _any_of(separators), [], None
    for raw in text.split("\n"):
        bare = raw.lstrip(_BLANKS)
        line = raw[: len(raw) - len(bare)].expandtabs() + bare
        if ends is not None and ends.fullmatch(line.rstrip()):
            by = None
        elif bare:
            indent = len(line) - len(bare)
            by = indent if by is None else by
            line = line[min(by, indent) :]
        lines.append(line)
    return "\n".join(lines)


def fold_blocks(text: str, blocks: Sequence[tuple[str, str]]) -> str:
    """Return the text with each free-text block as a single line.

    A block starts with a line that fully matches the first pattern and ends with one that fully matches the second,
    which may contain groups of the first.
    """
    if not blocks:
        return text
    lines: list[str] = []
    within: list[str] = []
    end = ""
    for line in text.split("\n"):
        bare = line.strip(_BLANKS)
        if within:
            within.append(line)
            if re.fullmatch(end, bare):
                lines.append(_WITHIN.join(within))
                within = []
            continue
        opened = next(((found, last) for first, last in blocks if (found := re.fullmatch(first, bare))), None)
        if opened is None:
            lines.append(line)
        else:
            within, end = [line], expand_groups(opened[1], opened[0])
    return "\n".join([*lines, *([_WITHIN.join(within)] if within else [])])


def expand_groups(pattern: str, match: re.Match[str]) -> str:
    """Return `pattern` with its back references replaced by the groups of `match`."""
    return re.sub(r"\\(\d)", lambda number: re.escape(match[int(number[1])] or ""), pattern)


def _any_of(patterns: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{one})" for one in patterns)) if patterns else None
