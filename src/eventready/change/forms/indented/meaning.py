"""Configurations of indented sections: their significant parts."""

from __future__ import annotations

from eventready.change.forms.rules import Rules
from eventready.change.forms.tree import Tree, identical


def equivalent(rules: Rules, one: Tree, other: Tree, section: str = "") -> bool:
    """Return True if two configurations, or two sections, have the same meaning: order counts in ordered sections."""
    if identical(one, other):
        return True
    left, right = (rules.normalized(section, _shown(rules, tree)) for tree in (one, other))
    if left.keys() != right.keys() or (section and rules.is_ordered(section) and list(left) != list(right)):
        return False
    return all(equivalent(rules, left[line], right[line], line) for line in left)


def _shown(rules: Rules, tree: Tree) -> Tree:
    return {line: beneath for line, beneath in tree.items() if beneath or not rules.is_implicit(line)}


def meaning(rules: Rules, tree: Tree, section: str = "") -> list[object]:
    """Return the significant lines: equal for two `equivalent` configurations."""
    level = rules.normalized(section, _shown(rules, tree))
    lines = list(level) if section and rules.is_ordered(section) else sorted(level)
    return [[line, meaning(rules, level[line], line)] for line in lines]
