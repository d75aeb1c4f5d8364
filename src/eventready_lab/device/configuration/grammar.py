"""The grammar of a platform's configuration: accepted lines, and the effect of a line on the tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from eventready_lab.device.configuration.tree import Tree

_Position: TypeAlias = "tuple[int, tuple[int, ...], tuple[tuple[int, str], ...]]"
_MOST_POSITIONS = 50_000


@dataclass(frozen=True)
class Section:
    r"""Configuration line (full match) with its own mode beneath `parent`.

    `label` becomes `{section}` in prompts; it may use groups of `line` (`\1`), as in Huawei's `[R1-ospf-1]`.
    """

    line: str
    mode: str
    parent: str = "config"
    label: str = ""


@dataclass(frozen=True)
class AcceptedLine:
    """Effect of a typed line: the new content of its section, or another line to execute instead.

    `answer` is the device's answer; with neither section nor line the line changes nothing.
    """

    section: Tree | None = None
    answer: str = ""
    line: str = ""


@dataclass(frozen=True)
class Grammar:
    """The effect of configuration lines on the tree.

    sections: the lines that open a sub-mode.
    accepts: per mode, patterns of the accepted lines without their negation, matched from the start; a mode that is not
        named accepts any line. Any other line gets the dialect's `unknown` error and changes nothing.
    accepts_negated: per mode, lines accepted behind the negation only: `no tx-power min`.
    top_level: lines of mode `config` only: in a sub-mode they leave the sub-mode first, as on IOS.
    single: a new line replaces an old one with the same match (`description`, `ip address`, `standby \\d+ priority`).
    defaults: lines (full match) that the device does not show.
    negation: the word that removes a line, and every line that extends the line (`no ip address` removes
        `ip address 10.0.0.1 255.255.255.0`).
    order: per mode (`config` at the top), patterns matched from a line's start in the order in which the device prints
        the lines; lines of one pattern stand in the order of their names and numbers, or of the pattern's key in
        `keys`. A mode that is not named keeps the order of entry.
    negatives: lines (full match, without the negation) whose negation is shown: `ip address`, `ip redirects`.
    permanent: lines (full match) that are never removed: the section of a port.
    absent_messages: negated lines (pattern from the start) and the device's answer when there is nothing to remove.
    requires: lines (full match) that refer to another line, that line at the top of the tree (full match), and the
        error without it; both may use groups of the first pattern.
    leaves_sections: a line of an outer section leaves the inner ones, as on IOS; else the line is unknown.
    interpret: the effect of a line with a second spelling, with dependent lines or with a refusal, from mode, section
        and line. None: the line is stored as typed.
    """

    sections: tuple[Section, ...] = ()
    accepts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    accepts_negated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    top_level: tuple[str, ...] = ()
    single: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()
    negation: str = "no"
    order: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keys: Mapping[str, Callable[[str], tuple[int, ...]]] = field(default_factory=dict)
    _positions: dict[tuple[str, str], _Position] = field(default_factory=dict, init=False, compare=False, repr=False)
    negatives: tuple[str, ...] = ()
    permanent: tuple[str, ...] = ()
    absent_messages: Mapping[str, str] = field(default_factory=dict)
    requires: tuple[tuple[str, str, str], ...] = ()
    leaves_sections: bool = True
    interpret: Callable[[str, Tree, str], AcceptedLine | None] | None = None

    def opened_by(self, line: str, parent: str) -> tuple[Section, str] | None:
        """Return the section opened by `line` beneath mode `parent`, and its label."""
        for section in self.sections:
            match = re.fullmatch(section.line, line) if section.parent == parent else None
            if match:
                return section, match.expand(section.label)
        return None

    def bare(self, line: str) -> tuple[str, bool]:
        """Return the line without its negation, and True for a negated line."""
        word, _, rest = line.partition(" ")
        return (rest.strip(), True) if word == self.negation and rest else (line, False)

    def known(self, line: str, mode: str) -> bool:
        """True when a device in `mode` accepts the line."""
        patterns = self.accepts.get(mode)
        bare, negated = self.bare(line)
        more = self.accepts_negated.get(mode, ()) if negated else ()
        return patterns is None or any(re.match(pattern, bare) for pattern in (*patterns, *more))

    def ordered(self, tree: Tree, mode: str) -> Tree:
        """The lines of a section in the order in which the device prints them."""
        if mode not in self.order:
            return tree
        return dict(sorted(tree.items(), key=lambda item: self._position(item[0], mode)))

    def _position(self, line: str, mode: str) -> _Position:
        """The position of a line in its section, cached."""
        if (mode, line) not in self._positions:
            if len(self._positions) > _MOST_POSITIONS:
                self._positions.clear()
            patterns = self.order[mode]
            rank = next((at for at, pattern in enumerate(patterns) if re.match(pattern, line)), len(patterns))
            key = self.keys.get(patterns[rank]) if rank < len(patterns) else None
            natural = () if key is as_entered else _natural(line)
            self._positions[mode, line] = (rank, key(line) if key else (), natural)
        return self._positions[mode, line]

    def canonical(self, tree: Tree, mode: str = "config") -> Tree:
        """Return a whole configuration in the device's print order."""
        within: Tree = {}
        for line, children in tree.items():
            opened = self.opened_by(line, mode) if children else None
            within[line] = self.canonical(children, opened[0].mode) if opened else children
        return self.ordered(within, mode)

    def denies(self, known: str, line: str) -> bool:
        """Return True when `known` is the shown negation of the setting of `line`."""
        bare, negated = self.bare(known)
        return negated and (line == bare or line.startswith(bare + " "))

    def is_permanent(self, line: str) -> bool:
        """Return True for a line without removal."""
        return any(re.fullmatch(pattern, line) for pattern in self.permanent)

    def unmet_requirement(self, line: str, tree: Tree) -> str:
        """Return the error for a line with a reference to an absent line; empty otherwise."""
        for pattern, wanted, error in self.requires:
            if match := re.fullmatch(pattern, line):
                required = re.sub(r"\\(\d)", lambda number: re.escape(match[int(number[1])]), wanted)
                if not any(re.fullmatch(required, line) for line in tree):
                    return match.expand(error)
        return ""

    def absent_message(self, bare: str) -> str:
        """The device's answer to the negation of an absent line; empty for none."""
        return next((message for pattern, message in self.absent_messages.items() if re.match(pattern, bare)), "")


def as_entered(_line: str) -> tuple[int, ...]:
    """Return a sort key for lines in the order of entry."""
    return ()


def numbers(text: str) -> tuple[int, ...]:
    """The numbers in a text, for a key."""
    return tuple(int(number) for number in re.findall(r"\d+", text)[:12])


def _natural(line: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in re.findall(r"\d+|\D+", line))


def edit(tree: Tree, path: Sequence[str], line: str, grammar: Grammar, mode: str = "config") -> bool:
    """Execute a configuration line in the section `path` of mode `mode`, which is made when absent.

    False for the negation of an absent line.
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
    removed = [
        known for known in here if (known == bare or known.startswith(bare + " ")) and not grammar.is_permanent(known)
    ]
    for known in removed:
        del here[known]
    return bool(removed)
