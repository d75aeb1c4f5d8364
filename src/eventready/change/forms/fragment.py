"""Configuration fragments: a rendered template as a tree, with removals and origins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from eventready.change.forms.rules import Rules
from eventready.change.forms.tree import Path, Tree

#: Lines that leave a section: the following lines would apply to another section than their indentation shows.
SECTION_EXITS = frozenset({"exit", "quit", "end", "return"})


@dataclass(frozen=True)
class Fragment:
    """Target lines of a device. `removals` are full paths of lines (without negation) to be absent.

    `origins` maps every line and removal to its template: `templates/backup/cisco_xe.j2 for edge-vh-1`.
    """

    tree: Tree = field(default_factory=dict)
    removals: tuple[Path, ...] = ()
    origins: Mapping[Path, str] = field(default_factory=dict)
    text: str = ""

    @property
    def empty(self) -> bool:
        """Return True if there is neither a line nor a removal."""
        return not self.tree and not self.removals

    @property
    def origin(self) -> str:
        """Return the first template; empty for a fragment without lines."""
        return next(iter(self.origins.values()), "")


def mention(rules: Rules, tree: Tree, line: str) -> None:
    """Add a line to the tree. A permanent or implicit section moves to its last mention.

    Objects that an interface uses are then created before it, whichever intent mentions the interface first.
    """
    there = tree.get(line, {})
    if line in tree and (rules.is_permanent(line) or rules.is_implicit(line)):
        del tree[line]
    tree.setdefault(line, there)
