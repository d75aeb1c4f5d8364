"""Operations on two configurations, for every configuration form: merge, commands, equivalence and diff."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from eventready.change.forms import host_files, keyed, menus, mml, paths
from eventready.change.forms.fragment import Fragment
from eventready.change.forms.indented import indented
from eventready.change.forms.rules import Rules
from eventready.change.forms.tree import Path, Tree, identical
from eventready.platforms.model import ChangeSpec


class FormOperations(Protocol):
    """Operations on a configuration of a single form; see the functions of this module."""

    def merge(
        self, spec: ChangeSpec, running: Tree, wanted: Tree, removals: Iterable[Path], origins: Mapping[Path, str], /
    ) -> Tree:
        """Return the configuration after the device has accepted the lines and the removals of a fragment."""

    def commands_between(self, spec: ChangeSpec, now: Tree, then: Tree, /) -> Iterator[str]:
        """Yield the commands from configuration `now` to configuration `then`."""


#: Operations by form; an indented configuration needs the whole fragment, and has commands that leave sections.
_FORMS: Mapping[str, FormOperations] = {
    "mml": mml,
    "keyed": keyed,
    "host_files": host_files,
    "paths": paths,
    "menus": menus,
}
#: Significant parts of a configuration by form, where its rules have no lines of sections.
_MEANINGS: Mapping[str, Callable[[ChangeSpec, Tree], list[object]]] = {"paths": paths.meaning, "menus": menus.meaning}


def merge(spec: ChangeSpec, running: Tree, fragment: Fragment) -> Tree:
    """Return the configuration after the device has accepted the fragment; `running` is not modified.

    Raises FragmentError if the device lacks an object that the fragment changes, and UnreadableConfiguration if an old
    value that the way back needs is unknown.
    """
    if form := _FORMS.get(spec.form):
        return form.merge(spec, running, fragment.tree, fragment.removals, fragment.origins)
    return indented.merge(spec, running, fragment)


def commands_between(spec: ChangeSpec, now: Tree, then: Tree) -> tuple[str, ...]:
    """Return the commands from configuration `now` to configuration `then`, without `enter` and `leave`; empty if
    equivalent.

    New lines come first, in the order of `then`; obsolete lines are removed afterwards, in reverse order.
    """
    if form := _FORMS.get(spec.form):
        return tuple(form.commands_between(spec, now, then))
    return indented.commands_between(spec, now, then)


def recreated(spec: ChangeSpec, now: Tree, then: Tree) -> tuple[Path, ...]:
    """Return the paths of both configurations with lines removed and created again in between."""
    return tuple(indented.recreated(Rules(spec), now, then)) if spec.form == "indented" else ()


def equivalent(spec: ChangeSpec, one: Tree, other: Tree) -> bool:
    """Return True if two configurations have the same meaning; the order of lines counts in ordered sections only."""
    if meaning := _MEANINGS.get(spec.form):
        return identical(one, other) or (one.keys() == other.keys() and meaning(spec, one) == meaning(spec, other))
    return indented.equivalent(Rules(spec), one, other)


def fingerprint(spec: ChangeSpec, tree: Tree) -> str:
    """Return the SHA-256 of the significant parts of a configuration: equal for two `equivalent` configurations."""
    rules = Rules(spec)
    if meaning := _MEANINGS.get(spec.form):
        return _hash(meaning(spec, tree))

    def nested(tree: Tree, section: str) -> list[object]:
        level = rules.normalized(section, tree)
        kept = [line for line, beneath in level.items() if beneath or not rules.is_implicit(line)]
        lines = kept if section and rules.is_ordered(section) else sorted(kept)
        return [[line, nested(level[line], line)] for line in lines]

    return _hash(nested(tree, ""))


def _hash(meaning: list[object]) -> str:
    return hashlib.sha256(json.dumps(meaning, ensure_ascii=False).encode()).hexdigest()


def diff_lines(spec: ChangeSpec, now: Tree, then: Tree) -> tuple[str, ...]:
    """Return a diff for people: `-` and `+` before old and new lines, blanks before their sections.

    Characters that a terminal would interpret are escaped (`\\x1b`).
    """
    return tuple(_shown(Rules(spec), now, then, ()))


def _shown(rules: Rules, now: Tree, then: Tree, path: Path) -> Iterator[str]:
    depth = len(path)
    conflicts = {line: rules.conflicting_at((*path, line), now) for line in then if line not in now}
    replaced = {old: line for line, old in conflicts.items() if old is not None and old not in then}
    for line, beneath in now.items():
        if line not in then:
            yield from _whole("-", line, beneath, depth)
            if line in replaced:
                yield from _whole("+", replaced[line], then[replaced[line]], depth)
            continue
        inner = list(_shown(rules, beneath, then[line], (*path, line)))
        moved = list(rules.normalized(line, beneath)) != list(rules.normalized(line, then[line]))
        if rules.is_ordered(line) and not inner and moved:
            inner = [*_each("-", beneath, depth + 1), *_each("+", then[line], depth + 1)]
        if inner:
            yield _line(" ", line, depth)
            yield from inner
    for line, beneath in then.items():
        if line not in now and line not in replaced.values():
            yield from _whole("+", line, beneath, depth)
    if rules.spec.form == "paths":
        entries = tuple(paths.misplaced(rules.spec, now, then))
        for sign, tree in (("-", now), ("+", then)):
            again: Tree = {line: {} for line in tree if line in now and line in then and _in(line, entries)}
            yield from _each(sign, again, depth)


def _in(line: str, statements: tuple[str, ...]) -> bool:
    return any(paths.is_beneath(line, one) for one in statements)


def _whole(sign: str, line: str, beneath: Tree, depth: int) -> Iterator[str]:
    yield _line(sign, line, depth)
    yield from _each(sign, beneath, depth + 1)


def _each(sign: str, tree: Tree, depth: int) -> Iterator[str]:
    for line, beneath in tree.items():
        yield from _whole(sign, line, beneath, depth)


def _line(sign: str, line: str, depth: int) -> str:
    return f"{sign} {' ' * depth}{printable(line)}"


def printable(line: str) -> str:
    """Return a line with escapes in place of control characters and other characters without a shape."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line)
