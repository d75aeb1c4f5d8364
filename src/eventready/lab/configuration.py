"""A device's configuration as a tree of lines: running, startup and, where the platform has one, candidate.

A tree is a dict from a line to the tree of the lines beneath it; order is the order on the device.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Tree: TypeAlias = "dict[str, Tree]"


@dataclass(frozen=True)
class Section:
    r"""A configuration line (full match) that opens a mode beneath `parent`.

    `label` becomes `{section}` in prompts; it may use groups of `line` (`\1`), as in Huawei's `[R1-ospf-1]`.
    """

    line: str
    mode: str
    parent: str = "config"
    label: str = ""


@dataclass(frozen=True)
class Grammar:
    """What a configuration line does to the tree.

    sections: the lines that open a sub-mode.
    accepts: per mode, what a line (without its negation) may look like, matched from its start; a mode that is not
        named takes any line. Lines that match nothing get the dialect's `unknown` sentence and change nothing.
    top_level: lines known in `config` only: typed in a sub-mode they leave it first, as on IOS.
    single: a new line replaces an old one with the same match (`description`, `ip address`, `standby \\d+ priority`).
    defaults: lines (full match) that are never shown, because the device would not show them either.
    negation: the word that takes a line back. It removes the line itself and those that only say more
        (`no ip address` takes `ip address 10.0.0.1 255.255.255.0`).
    """

    sections: tuple[Section, ...] = ()
    accepts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    top_level: tuple[str, ...] = ()
    single: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()
    negation: str = "no"

    def opened_by(self, line: str, parent: str) -> tuple[Section, str] | None:
        """The section that `line` opens beneath mode `parent`, and its label."""
        for section in self.sections:
            match = re.fullmatch(section.line, line) if section.parent == parent else None
            if match:
                return section, match.expand(section.label)
        return None

    def bare(self, line: str) -> tuple[str, bool]:
        """The line without its negation, and whether it had one."""
        word, _, rest = line.partition(" ")
        return (rest.strip(), True) if word == self.negation and rest else (line, False)

    def known(self, line: str, mode: str) -> bool:
        """True when a device in `mode` would take the line."""
        patterns = self.accepts.get(mode)
        bare, _ = self.bare(line)
        return patterns is None or any(re.match(pattern, bare) for pattern in patterns)


@dataclass(frozen=True)
class Layout:
    """How a tree is printed. `section_end` closes a section (FRR's `exit`), `separator` stands between sections."""

    separator: str = "!"
    indent: str = " "
    section_end: str = ""
    end: str = "end"
    head: str = ""

    def text(self, tree: Tree) -> str:
        """The whole configuration, one line per line, without a newline at the end."""
        lines = [self.head] if self.head else []
        for line, children in tree.items():
            lines.append(line)
            if children:
                lines += self._beneath(children, 1)
                lines += [self.section_end] if self.section_end else []
                lines += [self.separator] if self.separator else []
        return "\n".join([*lines, self.end] if self.end else lines)

    def _beneath(self, tree: Tree, depth: int) -> list[str]:
        lines: list[str] = []
        for line, children in tree.items():
            lines.append(self.indent * depth + line)
            if children:
                lines += self._beneath(children, depth + 1)
                lines += [self.indent * depth + self.section_end] if self.section_end else []
        return lines


def parse_tree(text: str) -> Tree:
    """The tree of an indented configuration text; blank lines and lines of `!` or `#` only are separators."""
    root: Tree = {}
    stack: list[tuple[int, Tree]] = [(-1, root)]
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line in ("!", "#", "end", "return"):
            continue
        depth = len(raw) - len(raw.lstrip(" "))
        while stack[-1][0] >= depth:
            stack.pop()
        stack.append((depth, stack[-1][1].setdefault(line, {})))
    return root


def edit(tree: Tree, path: Sequence[str], line: str, grammar: Grammar) -> None:
    """Carry out one configuration line beneath the section `path`, which is made where it is missing."""
    bare, negated = grammar.bare(line)
    if negated:
        _remove(tree, path, bare)
        return
    here = tree
    for step in path:
        here = here.setdefault(step, {})
    for pattern in grammar.single:
        match = re.match(pattern, line)
        if match:
            for old in [known for known in here if known != line and _same(pattern, known, match[0])]:
                del here[old]
    if any(re.fullmatch(pattern, line) for pattern in grammar.defaults):
        here.pop(line, None)
    else:
        here.setdefault(line, {})


def _same(pattern: str, known: str, start: str) -> bool:
    match = re.match(pattern, known)
    return bool(match) and match is not None and match[0] == start


def _remove(tree: Tree, path: Sequence[str], bare: str) -> None:
    here = tree
    for step in path:
        if step not in here:
            return
        here = here[step]
    for known in [known for known in here if known == bare or known.startswith(bare + " ")]:
        del here[known]


class ConfigStore:
    """The configurations of one device. `changed` is called after every change of the running one."""

    def __init__(self, initial: Tree, grammar: Grammar, *, candidate: bool, changed: Callable[[ConfigStore], None]):
        self.grammar = grammar
        self.running = initial
        self.startup = copy.deepcopy(initial)
        self._has_candidate = candidate
        self._candidate: Tree | None = None
        self._changed = changed

    @property
    def pending(self) -> bool:
        """True when the candidate differs from what runs."""
        return self._candidate is not None and self._candidate != self.running

    @property
    def candidate(self) -> Tree:
        """What would run after a commit."""
        return self.running if self._candidate is None else self._candidate

    @property
    def saved(self) -> bool:
        """True when a restart would bring back what runs."""
        return self.running == self.startup

    def edit(self, path: Sequence[str], line: str) -> None:
        """Carry out one line, on the candidate where the platform has one, else at once."""
        if self._has_candidate:
            if self._candidate is None:
                self._candidate = copy.deepcopy(self.running)
            edit(self._candidate, path, line, self.grammar)
            return
        edit(self.running, path, line, self.grammar)
        self._changed(self)

    def commit(self) -> bool:
        """Make the candidate what runs; False when there was nothing to commit."""
        if not self.pending or self._candidate is None:
            self._candidate = None
            return False
        self.running, self._candidate = self._candidate, None
        self._changed(self)
        return True

    def discard(self) -> None:
        """Forget the candidate."""
        self._candidate = None

    def save(self) -> None:
        """Make what runs what a restart brings back."""
        self.startup = copy.deepcopy(self.running)
        self._changed(self)

    def outdate(self) -> None:
        """Make the startup configuration one line older than what runs."""
        self.startup = copy.deepcopy(self.running)
        if self.startup:
            self.startup.popitem()

    def replace(self, tree: Tree) -> None:
        """Run `tree` from now on, as a restore or a restart does."""
        self.running, self._candidate = copy.deepcopy(tree), None
        self._changed(self)
