"""A configuration as a tree of lines: a dict from a line to the tree of the lines beneath it, in the device's order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

Tree: TypeAlias = "dict[str, Tree]"
Path: TypeAlias = "tuple[str, ...]"

_BLANKS = " \t\r\v\f"
#: Between the lines of a text that counts as one.
_WITHIN = "\v"


def copied(tree: Tree) -> Tree:
    """A tree of its own with the same lines."""
    return {line: copied(beneath) if beneath else {} for line, beneath in tree.items()}


def identical(one: Tree, other: Tree) -> bool:
    """True for the same lines in the same order."""
    return list(one) == list(other) and all(map(identical, one.values(), other.values()))


def at(tree: Tree, path: Sequence[str]) -> Tree:
    """The lines beneath `path`; none where it does not exist."""
    for step in path:
        tree = tree.get(step, {})
    return tree


def walk(tree: Tree, path: Path = ()) -> Iterator[Path]:
    """Every line with the lines above it, in order."""
    for line, beneath in tree.items():
        yield (*path, line)
        yield from walk(beneath, (*path, line))


def parse_tree(text: str, ignored: Sequence[str] = (), loose: Sequence[str] = (), volatile: Sequence[str] = ()) -> Tree:
    """The tree of an indented text; see `lines_of`. A line that stands twice in one section stands once in the tree."""
    root: Tree = {}
    stack: list[tuple[int, Tree]] = [(-1, root)]
    for depth, line in lines_of(text, ignored, loose, volatile):
        while stack[-1][0] >= depth:
            stack.pop()
        stack.append((depth, stack[-1][1].setdefault(line, {})))
    return root


def lines_of(
    text: str, ignored: Sequence[str] = (), loose: Sequence[str] = (), volatile: Sequence[str] = ()
) -> Iterator[tuple[int, str]]:
    """Indentation and stripped text of every line that counts.

    Lines that fully match one of `ignored` are left out: a comment may stand anywhere, also at the margin in the middle
    of a section. Those that match one of `volatile` are left out with all beneath them; those that match one of `loose`
    have one blank between words.
    """
    pattern, hiding, blanks = _any_of(ignored), _any_of(volatile), _any_of(loose)
    hidden: int | None = None
    for raw in text.split("\n"):  # what else Unicode calls the end of a line may stand in a description
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


def to_the_margin(text: str, separators: Sequence[str]) -> str:
    """The text with every section that stands between two separators at the margin moved there by its first line.

    Huawei's AR routers print ` sysname R1` after `#`, with a blank that says nothing of what it belongs to.
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


def folded(text: str, blocks: Sequence[tuple[str, str]]) -> str:
    """The text with each block of free text as one line, whatever it looks like: from a line that fully matches the
    first pattern to one that fully matches the second, in which groups of the first may stand.
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
            within, end = [line], filled(opened[1], opened[0])
    return "\n".join([*lines, *([_WITHIN.join(within)] if within else [])])


def filled(pattern: str, match: re.Match[str]) -> str:
    """`pattern` with the groups of `match` in the place of its back references."""
    return re.sub(r"\\(\d)", lambda number: re.escape(match[int(number[1])] or ""), pattern)


def _any_of(patterns: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{one})" for one in patterns)) if patterns else None
