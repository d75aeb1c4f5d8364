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
_Place: TypeAlias = "tuple[int, tuple[int, ...], tuple[tuple[int, str], ...]]"
_MOST_PLACES = 50_000


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
class Taken:
    """What a device makes of a typed line: what its section holds then, or another line (carried out in its place).

    `says` is what it answers; with neither section nor line nothing has changed.
    """

    section: Tree | None = None
    says: str = ""
    line: str = ""


@dataclass(frozen=True)
class Grammar:
    """What a configuration line does to the tree.

    sections: the lines that open a sub-mode.
    accepts: per mode, what a line (without its negation) may look like, matched from its start; a mode that is not
        named takes any line. Lines that match nothing get the dialect's `unknown` sentence and change nothing.
    takes_back: per mode, what may follow the negation beside what may be set: `no tx-power min`.
    top_level: lines known in `config` only: typed in a sub-mode they leave it first, as on IOS.
    single: a new line replaces an old one with the same match (`description`, `ip address`, `standby \\d+ priority`).
    defaults: lines (full match) that are never shown, because the device would not show them either.
    negation: the word that takes a line back. It removes the line itself and those that only say more
        (`no ip address` takes `ip address 10.0.0.1 255.255.255.0`).
    order: per mode (`config` at the top), patterns matched from a line's start in the order in which the device prints
        what matches them; lines of one pattern stand in the order of their names and numbers, or of what `keys` makes
        of them for that pattern. A mode that is not named keeps the order in which lines were entered.
    negatives: what is shown when it is negated (full match, without the negation): `ip address`, `ip redirects`.
    lasting: lines (full match) that are never removed: the section of a port.
    missing: negated lines (pattern from the start) and what the device says when that removes nothing.
    needs: lines (full match) that name something, what must then be at the top (full match), and what the device says
        where it is not; groups of the line's pattern may stand in both.
    climbs: a line that only an outer section knows leaves the inner ones, as on IOS; else it is not known.
    means: what becomes of a line that is more than itself, from the mode, the section and the line: one with a second
        spelling, with other lines that come and go with it, or that is refused. None: it is what it is.
    """

    sections: tuple[Section, ...] = ()
    accepts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    takes_back: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    top_level: tuple[str, ...] = ()
    single: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()
    negation: str = "no"
    order: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keys: Mapping[str, Callable[[str], tuple[int, ...]]] = field(default_factory=dict)
    _places: dict[tuple[str, str], _Place] = field(default_factory=dict, init=False, compare=False, repr=False)
    negatives: tuple[str, ...] = ()
    lasting: tuple[str, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[tuple[str, str, str], ...] = ()
    climbs: bool = True
    means: Callable[[str, Tree, str], Taken | None] | None = None

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
        bare, negated = self.bare(line)
        more = self.takes_back.get(mode, ()) if negated else ()
        return patterns is None or any(re.match(pattern, bare) for pattern in (*patterns, *more))

    def ordered(self, tree: Tree, mode: str) -> Tree:
        """The lines of a section in the order in which the device prints them."""
        if mode not in self.order:
            return tree
        return dict(sorted(tree.items(), key=lambda item: self._place(item[0], mode)))

    def _place(self, line: str, mode: str) -> _Place:
        """Where a line stands in its section; known lines are looked up."""
        if (mode, line) not in self._places:
            if len(self._places) > _MOST_PLACES:
                self._places.clear()
            patterns = self.order[mode]
            rank = next((at for at, pattern in enumerate(patterns) if re.match(pattern, line)), len(patterns))
            key = self.keys.get(patterns[rank]) if rank < len(patterns) else None
            natural = () if key is as_entered else _natural(line)
            self._places[mode, line] = (rank, key(line) if key else (), natural)
        return self._places[mode, line]

    def canonical(self, tree: Tree, mode: str = "config") -> Tree:
        """A whole configuration in the order in which the device prints it."""
        within: Tree = {}
        for line, children in tree.items():
            opened = self.opened_by(line, mode) if children else None
            within[line] = self.canonical(children, opened[0].mode) if opened else children
        return self.ordered(within, mode)

    def denies(self, known: str, line: str) -> bool:
        """True when `known` is the shown negation of what `line` sets."""
        bare, negated = self.bare(known)
        return negated and (line == bare or line.startswith(bare + " "))

    def lasts(self, line: str) -> bool:
        """True for a section that nobody can remove."""
        return any(re.fullmatch(pattern, line) for pattern in self.lasting)

    def lacks(self, line: str, tree: Tree) -> str:
        """What the device says to a line that names what is not there; empty where nothing is amiss."""
        for pattern, wanted, says in self.needs:
            if match := re.fullmatch(pattern, line):
                there = re.sub(r"\\(\d)", lambda number: re.escape(match[int(number[1])]), wanted)
                if not any(re.fullmatch(there, one) for one in tree):
                    return match.expand(says)
        return ""

    def why_missing(self, bare: str) -> str:
        """What the device says to the negation of a line that it does not have; empty when it says nothing."""
        return next((said for pattern, said in self.missing.items() if re.match(pattern, bare)), "")


def as_entered(_line: str) -> tuple[int, ...]:
    """A key for lines that keep the order in which they were entered."""
    return ()


def numbers(text: str) -> tuple[int, ...]:
    """The numbers in a text, for a key."""
    return tuple(int(number) for number in re.findall(r"\d+", text)[:12])


def _natural(line: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in re.findall(r"\d+|\D+", line))


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


def edit(tree: Tree, path: Sequence[str], line: str, grammar: Grammar, mode: str = "config") -> bool:
    """Carry out one configuration line beneath the section `path`, which is made where it is missing.

    `mode` is that of the section. False when the line takes back what is not there.
    """
    bare, negated = grammar.bare(line)
    removed = _remove(tree, path, bare, grammar) if negated else True
    if negated and not any(re.fullmatch(pattern, bare) for pattern in grammar.negatives):
        return removed
    here = tree
    for step in path:
        here = here.setdefault(step, {})
    for known in [known for known in here if grammar.denies(known, line)]:
        del here[known]
    lines: Tree = {}
    starts = [(pattern, match[0]) for pattern in grammar.single if (match := re.match(pattern, line))]
    default = any(re.fullmatch(pattern, line) for pattern in grammar.defaults)
    for known, children in here.items():
        if known == line or any(_same(pattern, known, start) for pattern, start in starts):
            if not default:  # a line that replaces another one stands where that stood
                lines.setdefault(line, here.get(line, {}))
        else:
            lines[known] = children
    if not default:
        lines.setdefault(line, {})
    here.clear()
    here.update(grammar.ordered(lines, mode))
    return True


def _same(pattern: str, known: str, start: str) -> bool:
    match = re.match(pattern, known)
    return bool(match) and match is not None and match[0] == start


def _remove(tree: Tree, path: Sequence[str], bare: str, grammar: Grammar) -> bool:
    here = tree
    for step in path:
        if step not in here:
            return False
        here = here[step]
    gone = [known for known in here if (known == bare or known.startswith(bare + " ")) and not grammar.lasts(known)]
    for known in gone:
        del here[known]
    return bool(gone)


class ConfigStore:
    """The configurations of one device. `changed` is called after every change of the running one."""

    def __init__(self, initial: Tree, grammar: Grammar, *, candidate: bool, changed: Callable[[ConfigStore], None]):
        self.grammar = grammar
        self.running = grammar.canonical(initial)
        self.startup = copy.deepcopy(self.running)
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

    @property
    def has_candidate(self) -> bool:
        """True when changes wait for a commit."""
        return self._has_candidate

    def section(self, path: Sequence[str]) -> Tree:
        """What stands in a section of what is being edited; nothing where there is no such section."""
        here = self.candidate
        for step in path:
            here = here.get(step, {})
        return here

    def put(self, path: Sequence[str], section: Tree, mode: str) -> None:
        """Let a section hold this."""
        if self._has_candidate and self._candidate is None:
            self._candidate = copy.deepcopy(self.running)
        here = self.candidate
        for step in path:
            here = here.setdefault(step, {})
        kept = self.grammar.ordered(dict(section), mode)
        here.clear()
        here.update(kept)
        if not self._has_candidate:
            self._changed(self)

    def edit(self, path: Sequence[str], line: str, mode: str = "config") -> bool:
        """Carry out one line, on the candidate where the platform has one, else at once; False when the line takes
        back what is not there."""
        if self._has_candidate:
            if self._candidate is None:
                self._candidate = copy.deepcopy(self.running)
            return edit(self._candidate, path, line, self.grammar, mode)
        done = edit(self.running, path, line, self.grammar, mode)
        self._changed(self)
        return done

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
        self.running, self._candidate = self.grammar.canonical(copy.deepcopy(tree)), None
        self._changed(self)

    def rewrite(self, running: Tree, startup: Tree) -> None:
        """Be configured as if it had always been so."""
        self.startup = self.grammar.canonical(startup)
        self.replace(running)

    def restart(self) -> None:
        """Run what was saved."""
        self.replace(self.startup)
