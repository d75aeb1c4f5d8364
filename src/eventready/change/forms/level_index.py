"""Index of the lines of a long section: by setting, and by their first words.

A configuration has thousands of lines at its top level; a search through all of them for each line of a plan would make
planning quadratic.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from typing import Any

from eventready.change.forms.tree import Tree


class LevelIndex:
    """Lines of `tree`, which the index keeps; `added` reports new lines, removed lines are noticed."""

    def __init__(self, tree: Tree, identity: Callable[[str], Any]) -> None:
        self.tree, self._identity = tree, identity
        self._sorted = sorted(tree)
        self._known = set(tree)
        self._of_setting: dict[Any, list[str]] = {}
        for line in tree:
            self._of_setting.setdefault(identity(line), []).append(line)

    def added(self, line: str) -> None:
        """Add a line of the tree."""
        if line not in self._known:
            self._known.add(line)
            insort(self._sorted, line)
            self._of_setting.setdefault(self._identity(line), []).append(line)

    def of_setting(self, identity: Any) -> list[str]:
        """Return the present lines with a value of a setting, in any order."""
        return [line for line in self._of_setting.get(identity, ()) if line in self.tree]

    def extensions(self, bare: str) -> list[str]:
        """Return the present lines equal to `bare`, or with more words, in alphabetical order."""
        found = [bare] if bare in self.tree else []
        prefix = f"{bare} "
        at = bisect_left(self._sorted, prefix)
        while at < len(self._sorted) and self._sorted[at].startswith(prefix):
            found += [self._sorted[at]] if self._sorted[at] in self.tree else []
            at += 1
        return found
