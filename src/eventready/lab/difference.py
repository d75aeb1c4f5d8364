"""What was done to a configuration, so that it can be undone later, whatever else has changed meanwhile."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TypeAlias

from eventready.lab.configuration import Tree

_Line: TypeAlias = "tuple[tuple[str, ...], str, Tree]"


@dataclass(frozen=True)
class Difference:
    """Lines that are gone and lines that are new: (sections around it, line, what stands beneath it)."""

    gone: tuple[_Line, ...] = ()
    new: tuple[_Line, ...] = ()

    def __bool__(self) -> bool:
        """True when there is any."""
        return bool(self.gone or self.new)

    def undo(self, tree: Tree) -> Tree:
        """The tree with what is new taken away and what is gone put back; lines beside them stay."""
        made = copy.deepcopy(tree)
        for path, line, _ in self.new:
            here = _at(made, path)
            if here is not None:
                here.pop(line, None)
        for path, line, beneath in self.gone:
            here = _at(made, path)
            if here is not None:
                here.setdefault(line, copy.deepcopy(beneath))
        return made


def _at(tree: Tree, path: tuple[str, ...]) -> Tree | None:
    here: Tree | None = tree
    for step in path:
        here = None if here is None else here.get(step)
    return here


def difference(before: Tree, after: Tree, path: tuple[str, ...] = ()) -> Difference:
    """What was done to `before` that made `after` of it."""
    gone = [(path, line, copy.deepcopy(beneath)) for line, beneath in before.items() if line not in after]
    new = [(path, line, copy.deepcopy(beneath)) for line, beneath in after.items() if line not in before]
    for line, beneath in before.items():
        if line in after:
            within = difference(beneath, after[line], (*path, line))
            gone, new = [*gone, *within.gone], [*new, *within.new]
    return Difference(tuple(gone), tuple(new))
