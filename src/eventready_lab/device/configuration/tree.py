"""Configurations as trees of lines, and their printed form.

A tree is a dict from a line to the tree of the lines beneath, in the order of the device.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from eventready.core.strings.texts import lines_of

Tree: TypeAlias = "dict[str, Tree]"


@dataclass(frozen=True)
class Layout:
    """The printed form of a tree. `section_end` closes a section (FRR: `exit`), `separator` separates sections."""

    separator: str = "!"
    indent: str = " "
    section_end: str = ""
    end: str = "end"
    head: str = ""

    def text(self, tree: Tree) -> str:
        """The whole configuration, without a newline at the end."""
        lines = [self.head] if self.head else []
        for line, children in tree.items():
            lines.append(line)
            if children:
                lines += self._lines_beneath(children, 1)
                lines += [self.section_end] if self.section_end else []
                lines += [self.separator] if self.separator else []
        return "\n".join([*lines, self.end] if self.end else lines)

    def _lines_beneath(self, tree: Tree, depth: int) -> list[str]:
        lines: list[str] = []
        for line, children in tree.items():
            lines.append(self.indent * depth + line)
            if children:
                lines += self._lines_beneath(children, depth + 1)
                lines += [self.indent * depth + self.section_end] if self.section_end else []
        return lines


def parse_tree(text: str) -> Tree:
    """The tree of an indented configuration text; blank lines and lines of `!` or `#` only are separators."""
    root: Tree = {}
    stack: list[tuple[int, Tree]] = [(-1, root)]
    for raw in lines_of(text):
        line = raw.strip()
        if not line or line in ("!", "#", "end", "return"):
            continue
        depth = len(raw) - len(raw.lstrip(" "))
        while stack[-1][0] >= depth:
            stack.pop()
        stack.append((depth, stack[-1][1].setdefault(line, {})))
    return root
