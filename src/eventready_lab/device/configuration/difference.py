"""The difference between two configurations, which can be undone after further changes."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TypeAlias

from eventready_lab.device.configuration.tree import Tree

_Line: TypeAlias = "tuple[tuple[str, ...], str, Tree]"


@dataclass(frozen=True)
class Difference:
    """Removed and added lines: (enclosing sections, line, lines beneath)."""

    removed: tuple[_Line, ...] = ()
    added: tuple[_Line, ...] = ()

    def __bool__(self) -> bool:
        """True when the configurations differ."""
        return bool(self.removed or self.added)

    def undo(self, tree: Tree) -> Tree:
        """The tree without the added and with the removed lines; all other lines stay."""
        result = copy.deepcopy(tree)
        for path, line, _ in self.added:
            section = _section(result, path)
            if section is not None:
                section.pop(line, None)
        for path, line, children in self.removed:
            section = _section(result, path)
            if section is not None:
                section.setdefault(line, copy.deepcopy(children))
        return result


def _section(tree: Tree, path: tuple[str, ...]) -> Tree | None:
    here: Tree | None = tree
    for step in path:
        here = None if here is None else here.get(step)
    return here


def difference(before: Tree, after: Tree, path: tuple[str, ...] = ()) -> Difference:
    """The difference from `before` to `after`."""
    removed = [(path, line, copy.deepcopy(children)) for line, children in before.items() if line not in after]
    added = [(path, line, copy.deepcopy(children)) for line, children in after.items() if line not in before]
    for line, children in before.items():
        if line in after:
            within = difference(children, after[line], (*path, line))
            removed, added = [*removed, *within.removed], [*added, *within.added]
    return Difference(tuple(removed), tuple(added))
