"""Configurations of lines in which a word negates a line: the base of indented sections and of whole paths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.rules import Rules
from eventready.change.forms.tree import Path, Tree, subtree, walk


class LineForm(ConfigurationForm):
    """Operations on configurations of lines."""

    writes_items: ClassVar[bool] = False

    def _conflicting(self, rules: Rules, path: Path, siblings: Tree) -> str | None:
        return rules.conflicting(path[-1], siblings)

    def foreign_lines(self, found: Tree, before: Tree, target: Tree) -> tuple[Path, ...]:
        """See ConfigurationForm.

        Known are also lines that the device prints in addition: the default of a setting that the change sets or
        resets, and the side effects in the platform's rules.
        """
        rules = self.rules()
        known = {one for path in (*walk(before), *walk(target)) for one in (path, *self._without_number(path))}
        return tuple(path for path in walk(found) if path not in known and not _is_default(rules, path, before, target))

    def _without_number(self, path: Path) -> Iterator[Path]:
        """Yield the unnumbered form of a numbered list line, for devices with hidden numbers."""
        section = path[-2] if len(path) > 1 else ""
        for rule in self.spec.numbered:
            match = re.fullmatch(rule.line, path[-1])
            if match and match["number"] and (not rule.section or re.fullmatch(rule.section, section)):
                name = f"{match['list']} " if "list" in match.groupdict() else ""
                yield (*path[:-1], f"{name}{match['rest']}")


def _is_default(rules: Rules, path: Path, before: Tree, target: Tree) -> bool:
    """Return True for a default line printed by the device in a section of the change."""
    line = path[-1]
    own = [one for tree in (before, target) for one in subtree(tree, path[:-1])]
    # a reset by a value leaves this value
    return line in (rules.removal(one) for one in own if rules.setting(one) is not None) or any(
        re.fullmatch(effect.prints, line) and any(re.fullmatch(effect.line, one) for one in own)
        for effect in rules.spec.side_effects
    )
