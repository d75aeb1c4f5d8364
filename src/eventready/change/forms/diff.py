"""Difference of two configurations for people: `-` and `+` before lines, blanks before their sections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from eventready.change.forms.rules import Rules
from eventready.change.forms.tree import Path, Tree

#: Returns the line of a level with another value of the setting of a path.
Conflicting: TypeAlias = "Callable[[Rules, Path, Tree], str | None]"


def difference(rules: Rules, conflicting: Conflicting, now: Tree, then: Tree, path: Path = ()) -> Iterator[str]:
    """Yield the lines of the difference. A new value follows the old value of its setting."""
    depth = len(path)
    conflicts = {line: conflicting(rules, (*path, line), now) for line in then if line not in now}
    replaced = {old: line for line, old in conflicts.items() if old is not None and old not in then}
    for line, beneath in now.items():
        if line not in then:
            yield from _whole("-", line, beneath, depth)
            if line in replaced:
                yield from _whole("+", replaced[line], then[replaced[line]], depth)
            continue
        inner = list(difference(rules, conflicting, beneath, then[line], (*path, line)))
        moved = list(rules.normalized(line, beneath)) != list(rules.normalized(line, then[line]))
        if rules.is_ordered(line) and not inner and moved:
            inner = [*signed("-", beneath, depth + 1), *signed("+", then[line], depth + 1)]
        if inner:
            yield _line(" ", line, depth)
            yield from inner
    for line, beneath in then.items():
        if line not in now and line not in replaced.values():
            yield from _whole("+", line, beneath, depth)


def signed(sign: str, tree: Tree, depth: int = 0) -> Iterator[str]:
    """Yield every line of a tree with a sign."""
    for line, beneath in tree.items():
        yield from _whole(sign, line, beneath, depth)


def _whole(sign: str, line: str, beneath: Tree, depth: int) -> Iterator[str]:
    yield _line(sign, line, depth)
    yield from signed(sign, beneath, depth + 1)


def _line(sign: str, line: str, depth: int) -> str:
    return f"{sign} {' ' * depth}{printable(line)}"


def printable(line: str) -> str:
    """Return a line with escapes in place of control characters and other characters without a shape."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line)
