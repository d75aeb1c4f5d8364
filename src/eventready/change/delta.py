"""Two configurations compared: what a fragment makes of one, the lines from one to the other, and what people see."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from eventready.change import indented, keyed, mml
from eventready.change.fragment import Fragment
from eventready.change.rules import Rules
from eventready.change.tree import Path, Tree
from eventready.platforms.model import ChangeSpec


def merge(spec: ChangeSpec, running: Tree, fragment: Fragment) -> Tree:
    """What runs once the device has taken the fragment; `running` is left as it is.

    Raises FragmentError where the device has not what the fragment changes, UnreadableConfiguration where an old value
    that the way back needs is not known.
    """
    origin = next(iter(fragment.origins.values()), "")
    if spec.form == "mml":
        return mml.merge(running, fragment.tree, origin)
    if spec.form == "keyed":
        return keyed.merge(running, fragment.tree, origin)
    return indented.merge(spec, running, fragment)


def way(spec: ChangeSpec, now: Tree, then: Tree) -> tuple[str, ...]:
    """The lines that lead from one configuration to another, sent between `enter` and `leave`; none where both are one.

    What is new comes in `then`'s order, what goes comes afterwards, last first.
    """
    if spec.form == "mml":
        return tuple(mml.way(now, then))
    if spec.form == "keyed":
        return tuple(keyed.way(now, then))
    return indented.way(spec, now, then)


def remade(spec: ChangeSpec, now: Tree, then: Tree) -> tuple[Path, ...]:
    """What is there before and after, and is taken down for a moment on the way, with the sections above it."""
    return tuple(indented.remade(Rules(spec), now, then)) if spec.form == "indented" else ()


def same(spec: ChangeSpec, one: Tree, other: Tree) -> bool:
    """True when two configurations mean the same: the order of lines counts in ordered sections only."""
    return indented.same(Rules(spec), one, other)


def fingerprint(spec: ChangeSpec, tree: Tree) -> str:
    """SHA-256 of what a configuration means: equal for two that are `same`."""
    rules = Rules(spec)

    def told(tree: Tree, section: str) -> list[object]:
        level = rules.meaning(section, tree)
        kept = [line for line, beneath in level.items() if beneath or not rules.is_fleeting(line)]
        lines = kept if section and rules.is_ordered(section) else sorted(kept)
        return [[line, told(level[line], line)] for line in lines]

    return hashlib.sha256(json.dumps(told(tree, ""), ensure_ascii=False).encode()).hexdigest()


def shown(spec: ChangeSpec, now: Tree, then: Tree) -> tuple[str, ...]:
    """The difference as people read differences: `-` and `+` before old and new lines, blanks before their sections.

    A terminal shows what stands in a line of the device's, and does nothing else: `\\x1b`.
    """
    return tuple(_shown(Rules(spec), now, then, ()))


def _shown(rules: Rules, now: Tree, then: Tree, path: Path) -> Iterator[str]:
    depth = len(path)
    rivals = {line: rules.rival_of((*path, line), now) for line in then if line not in now}
    replaced = {old: line for line, old in rivals.items() if old is not None and old not in then}
    for line, beneath in now.items():
        if line not in then:
            yield from _whole("-", line, beneath, depth)
            if line in replaced:
                yield from _whole("+", replaced[line], then[replaced[line]], depth)
            continue
        inner = list(_shown(rules, beneath, then[line], (*path, line)))
        moved = list(rules.meaning(line, beneath)) != list(rules.meaning(line, then[line]))
        if rules.is_ordered(line) and not inner and moved:
            inner = [*_each("-", beneath, depth + 1), *_each("+", then[line], depth + 1)]
        if inner:
            yield _line(" ", line, depth)
            yield from inner
    for line, beneath in then.items():
        if line not in now and line not in replaced.values():
            yield from _whole("+", line, beneath, depth)


def _whole(sign: str, line: str, beneath: Tree, depth: int) -> Iterator[str]:
    yield _line(sign, line, depth)
    yield from _each(sign, beneath, depth + 1)


def _each(sign: str, tree: Tree, depth: int) -> Iterator[str]:
    for line, beneath in tree.items():
        yield from _whole(sign, line, beneath, depth)


def _line(sign: str, line: str, depth: int) -> str:
    visible = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line)
    return f"{sign} {' ' * depth}{visible}"
