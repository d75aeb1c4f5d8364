"""Lines on a device outside the old and the new configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator

from eventready.change.forms.host_files import is_foreign
from eventready.change.forms.rules import Rules
from eventready.change.forms.tree import Path, Tree, subtree, walk
from eventready.platforms.model import ChangeSpec


def foreign_lines(spec: ChangeSpec, found: Tree, before: Tree, target: Tree) -> tuple[Path, ...]:
    """Return the lines of `found` outside every prefix of the change's own commands, forward or backward.

    Such a prefix produces lines of `before` and `target`, and lines that the device prints in addition: the default of
    a setting that the change sets or resets, and the side effects in the platform's rules.
    """
    if spec.form == "host_files":
        return tuple(path for path in walk(found) if is_foreign(path, before, target))
    rules = Rules(spec)
    known = {form for path in (*walk(before), *walk(target)) for form in (path, *_without_number(spec, path))}
    return tuple(path for path in walk(found) if path not in known and not _is_default(rules, path, before, target))


def _without_number(spec: ChangeSpec, path: Path) -> Iterator[Path]:
    """Yield the unnumbered form of a numbered list line, for devices with hidden numbers."""
    section = path[-2] if len(path) > 1 else ""
    for rule in spec.numbered:
        match = re.fullmatch(rule.line, path[-1])
        if match and match["number"] and (not rule.section or re.fullmatch(rule.section, section)):
            name = f"{match['list']} " if "list" in match.groupdict() else ""
            yield (*path[:-1], f"{name}{match['rest']}")


def _is_default(rules: Rules, path: Path, before: Tree, target: Tree) -> bool:
    """Return True for a default line printed by the device in a section of the change."""
    line = path[-1]
    own = [one for tree in (before, target) for one in subtree(tree, path[:-1])]
    return line in _defaults(rules, own) or any(
        re.fullmatch(effect.prints, line) and any(re.fullmatch(effect.line, one) for one in own)
        for effect in rules.spec.side_effects
    )


def _defaults(rules: Rules, lines: list[str]) -> Iterator[str]:
    """Yield the reset lines of the settings of these lines: a reset by a value leaves this value."""
    return (rules.removal(line) for line in lines if rules.setting(line) is not None)
