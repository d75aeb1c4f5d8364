"""Queries on the platform's change rules: sections, values of a setting, removal, order; an index of long sections."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from eventready.change.forms.tree import Tree, expand_groups
from eventready.platforms.model import ChangeSpec, Families, Fixed, Numbered, Rebuilt, Single


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


#: Lines of a section that are searched one by one; longer sections have an index.
SHORT = 32
#: Answers of patterns that are kept: devices of a fleet have the same lines, and each is asked again and again.
_KEPT = 32_768


@dataclass(frozen=True)
class Setting:
    """The setting of which a line is a value: `standby 10 priority` of `standby 10 priority 110`."""

    identity: tuple[int, str]
    rule: Single
    match: re.Match[str]


class Rules:
    """Queries on the lines of a single platform; `assertion` is the first word of a line without negation, or empty."""

    def __init__(self, spec: ChangeSpec, assertion: str = "") -> None:
        self.spec, self._assertion = spec, assertion
        self._settings: dict[str, Setting | None] = {}
        self._single = tuple(rule.line for rule in spec.single)
        self._numbered = tuple(rule.section for rule in spec.numbered)
        self._levels: dict[int, LevelIndex] = {}

    def setting(self, line: str) -> Setting | None:
        """Return the setting of which the line is a value; None if several such lines can coexist."""
        if line not in self._settings:
            self._settings[line] = self._find_setting(line)
        return self._settings[line]

    def _find_setting(self, line: str) -> Setting | None:
        found = _first_match(self._single, line, whole=False)
        if found is None:
            return None
        number, match = found
        same = match.groupdict().get("same")
        return Setting((number, match[0] if same is None else same), self.spec.single[number], match)

    def conflicting(self, line: str, tree: Tree) -> str | None:
        """Return the other line of `tree` with a value of the same setting."""
        setting = self.setting(line)
        if setting is None:
            return None
        if len(tree) > SHORT:
            found = [one for one in self._level(tree).of_setting(setting.identity) if one != line]
            if len(found) < 2:
                return found[0] if found else None
        return next(
            (
                one
                for one in tree
                if one != line and (other := self.setting(one)) and other.identity == setting.identity
            ),
            None,
        )

    def extensions(self, bare: str, tree: Tree) -> list[str]:
        """Return the lines of `tree` removed by `no BARE`, in any order."""
        if len(tree) > SHORT:
            return self._level(tree).extensions(bare)
        return [line for line in tree if is_extension(bare, line)]

    def added(self, tree: Tree, line: str) -> None:
        """Report a line added to a tree after a query on the tree."""
        if level := self._levels.get(id(tree)):
            level.added(line)

    def _level(self, tree: Tree) -> LevelIndex:
        """Return the index of a tree. The index keeps the tree, so its id is not used again."""
        if id(tree) not in self._levels:
            self._levels[id(tree)] = LevelIndex(tree, self._identity)
        return self._levels[id(tree)]

    def _identity(self, line: str) -> tuple[int, str] | None:
        setting = self.setting(line)
        return setting.identity if setting else None

    def without_negation(self, line: str) -> str | None:
        """Return the line without negation, as an assertion; None for a line without negation."""
        word, _, rest = line.partition(" ")
        if word != self.spec.negation or not rest.strip():
            return None
        return f"{self._assertion}{rest.strip()}"

    def negated(self, line: str) -> str:
        """Return the negation of the whole line."""
        return self.without_negation(line) or f"{self.spec.negation} {line.removeprefix(self._assertion)}"

    def removal(self, line: str) -> str:
        """Return the removal command of the line."""
        setting = self.setting(line)
        return setting.match.expand(setting.rule.unset) if setting and setting.rule.unset else self.negated(line)

    def is_default(self, line: str) -> bool:
        """Return True for a default, which the device does not print."""
        return matches(self.spec.defaults, line)

    def is_permanent(self, line: str) -> bool:
        """Return True for a section with neither creation nor removal."""
        return matches(self.spec.permanent, line)

    def is_implicit(self, line: str) -> bool:
        """Return True for a section existing only while lines are beneath."""
        return matches(self.spec.implicit, line)

    def is_ordered(self, line: str) -> bool:
        """Return True for a section in which the order of lines has a meaning."""
        return matches(self.spec.ordered, line) or self.numbered(line) is not None

    def is_last(self, line: str) -> bool:
        """Return True for a line kept by the device at the end of the ordered section."""
        return matches(self.spec.last, line)

    def numbered(self, section: str) -> Numbered | None:
        """Return the rule of the numbered lines of a section; `section` is empty for the top level."""
        found = _first_match(self._numbered, section)
        return self.spec.numbered[found[0]] if found else None

    def normalized(self, section: str, tree: Tree) -> Tree:
        """Return the lines of a section in the order of their numbers, without the numbers."""
        rule = self.numbered(section) if section else None
        if rule is None:
            return tree
        found = {line: match for line in tree if (match := re.fullmatch(rule.line, line)) and match["number"]}
        numbered: Tree = {}
        for line in sorted(found, key=lambda line: int(found[line]["number"])):
            rest = found[line]["rest"]
            while rest in numbered:  # a remark may occur twice
                rest += " "
            numbered[rest] = tree[line]
        return {**numbered, **{line: beneath for line, beneath in tree.items() if line not in found}}

    def same_entry(self, section: str, one: str, other: str) -> bool:
        """Return True for two lines of a section with a difference only in their sequence numbers."""
        rule = self.numbered(section)
        found = [re.fullmatch(rule.line, line) for line in (one, other)] if rule else []
        entries = [(match.groupdict().get("list"), match["rest"]) for match in found if match]
        return len(entries) == 2 and entries[0] == entries[1] and not all(match and match["number"] for match in found)

    def has_number(self, section: str, line: str) -> bool:
        """Return True for a line placed by its number."""
        rule = self.numbered(section) if section else None
        found = re.fullmatch(rule.line, line) if rule else None
        return found is not None and found["number"] is not None

    def families(self, section: str) -> Families | None:
        """Return the rule of a section with optional address families around the lines."""
        return next((rule for rule in self.spec.families if re.fullmatch(rule.section, section)), None)

    def fixed(self, line: str) -> tuple[Fixed, re.Match[str]] | None:
        """Return the rule of a section with a fixed kind during use, and the match."""
        found = ((rule, re.fullmatch(rule.section, line)) for rule in self.spec.fixed)
        return next(((rule, match) for rule, match in found if match), None)

    def dependent(self, line: str, tree: Tree) -> str:
        """Return the top-level section of `tree` with a use of `line` and so a fixed kind; empty for none."""
        found = self.fixed(line)
        if found is None:
            return ""
        used = expand_groups(found[0].used, found[1])
        return next((one for one, beneath in tree.items() if any(re.fullmatch(used, line) for line in beneath)), "")

    def sort_last(self, tree: Tree) -> Tree:
        """Move the lines kept last by the device to the end of an ordered section, in place; return `tree`."""
        for line in [one for one in tree if self.is_last(one)]:
            tree[line] = tree.pop(line)
        return tree

    def opens_section(self, line: str) -> bool:
        """Return True if the line opens a section even with no line beneath."""
        spec = self.spec
        named = matches((*spec.sections, *spec.permanent, *spec.implicit, *spec.ordered), line)
        return named or self.numbered(line) is not None or self.rebuilt(line) is not None

    def rebuilt(self, line: str) -> tuple[Rebuilt, re.Match[str]] | None:
        """Return the rule by which a section is removed and created again, and its match."""
        for rule in self.spec.rebuilt:
            if match := re.fullmatch(rule.section, line):
                return rule, match
        return None

    def lock_pattern(self, section: str) -> str:
        """Return the pattern of the lines locking a section against edits; empty for none."""
        return next((rule.line for rule in self.spec.locked_while if re.fullmatch(rule.section, section)), "")

    def creation_rank(self, line: str) -> int:
        """Return the rank of creation, from 0: objects used by others are created first."""
        found = _first_match(self.spec.first, line)
        return found[0] if found else len(self.spec.first)

    def cascaded(self, section: str, tree: Tree) -> list[str]:
        """Return the lines of `tree` removed by the device together with the rebuilt `section`."""
        found = self.rebuilt(section)
        if not found or not found[0].cascades:
            return []
        pattern = re.compile(expand_groups(found[0].cascades, found[1]))
        return [line for line in tree if pattern.fullmatch(line)]


def matches(patterns: tuple[str, ...], line: str) -> bool:
    """Return True if any of the patterns is a full match of the line."""
    return _first_match(patterns, line) is not None


@lru_cache(maxsize=_KEPT)
def _first_match(patterns: tuple[str, ...], line: str, *, whole: bool = True) -> tuple[int, re.Match[str]] | None:
    """Return the place of the first pattern with a match of the line (`whole`) or of its beginning, and the match."""
    for number, pattern in enumerate(_compiled(patterns)):
        if match := pattern.fullmatch(line) if whole else pattern.match(line):
            return number, match
    return None


@lru_cache(maxsize=512)
def _compiled(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, patterns))


def is_extension(bare: str, line: str) -> bool:
    """Return True if `no BARE` also removes `line`: the lines are equal, or `line` has more words."""
    return line == bare or line.startswith(f"{bare} ")
